import Core

/// Traffic between the ranks of a tensor-parallel group, for messages of `bytesPerRow` bytes a row.
///
///     time = start + hop · log₂ ranks + volume / (efficiency · link bandwidth)
public struct Communication: Equatable, Sendable {
  public enum Operation: Sendable {
    /// Every rank ends with the sum: 2 (ranks − 1) / ranks of the message crosses each link.
    case allReduce
    /// Every rank ends with all parts: (ranks − 1) / ranks of it.
    case allGather
  }

  public var operation: Operation
  /// Of the whole message.
  public var bytesPerRow: Double
  public var ranks: Int

  public init(_ operation: Operation, bytesPerRow: Double, ranks: Int) {
    self.operation = operation
    self.bytesPerRow = bytesPerRow
    self.ranks = ranks
  }

  /// µs to start, µs for each doubling of the ranks, part of the link's bandwidth.
  /// The middle of what was measured on A100, H100, B200 and GB200 with NVLink.
  private struct Constants {
    var start: Double
    var hop: Double
    var efficiency: Double
    static let library = Self(start: 4.5, hop: 6, efficiency: 0.60)
    static let gather = Self(start: 6, hop: 3.2, efficiency: 0.50)
    /// vLLM's own kernel inside a CUDA graph; needs direct links, and messages up to 8 MB.
    static let custom = Self(start: 4.4, hop: 0.8, efficiency: 0.59)
  }

  public func estimate(rows: Int, on chip: Chip) -> KernelEstimate {
    let message = bytesPerRow * Double(rows)
    let part = Double(ranks - 1) / Double(ranks)
    let constants: Constants
    let volume: Double
    switch operation {
    case .allReduce:
      constants = chip.hasLink && message <= 8_388_608 ? .custom : .library
      volume = 2 * part * message
    case .allGather:
      constants = .gather
      volume = part * message
    }
    let latency = constants.start + constants.hop * logarithm2(Double(ranks))
    let link = volume / (constants.efficiency * chip.linkBandwidth)
    // Few SMs copy; the others wait.
    return KernelEstimate(
      microseconds: latency + link, launch: latency, operations: 0, bytes: 2 * message, units: 16, on: chip,
      tensorRate: 0, bound: latency > link ? .latency : .link)
  }
}
