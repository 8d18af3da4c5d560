import Core

/// For each layer and key head the order in which a key's channels are stored: those of like size beside each other, so that
/// the few large ones share an exponent among themselves and do not cost the others their bits.
///
/// Source: Trukhanov & Soloveychik 2024, "Accurate Block Quantization in LLMs with Outliers", arXiv 2403.20137, which sorts
/// the rows of the key projection. Here it is the stored key that is sorted, after its rotary angle, and the query with it.
///
/// A class because all forks of a cache read the same one, by address.
public final class KeyOrder: Sendable {
  private let buffer: AlignedBuffer
  private let count: Int

  /// - Parameter sizes: Of every channel of every key head of every layer, `[layers, kvHeads, headWidth]`. Equal ones stay
  ///   in their order.
  public init(sizes: [Double], headWidth: Int) {
    count = sizes.count
    buffer = AlignedBuffer(bytes: 2 * sizes.count)
    let places = buffer.base.assumingMemoryBound(to: UInt16.self)
    for head in stride(from: 0, to: sizes.count, by: headWidth) {
      let sorted = (0..<headWidth).sorted { (sizes[head + $0], $1) > (sizes[head + $1], $0) }
      for (place, channel) in sorted.enumerated() { places[head + place] = UInt16(channel) }
    }
  }

  /// - Parameter width: Channels of all key heads of a layer.
  func layer(_ layer: Int, _ width: Int) -> UnsafePointer<UInt16> {
    UnsafePointer(buffer.base.assumingMemoryBound(to: UInt16.self) + layer * width)
  }
}
