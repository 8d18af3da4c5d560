import CKernels
import Core

/// The columns that a matrix is multiplied with: one for each token, rounded to eight bits for each 32 elements, or as they
/// are.
///
/// Scratch: one is made for the largest batch and loaded again for each product. Both forms are prepared on first need, so
/// that matrices of quantised and of float weights can follow each other.
public struct Activations: ~Copyable {
  public enum Precision: Sendable {
    /// Eight bits for each element and a scale for each 32.
    case eightBits
    /// Floats. Slower; what the weights alone cost in accuracy.
    case exact
  }

  public let precision: Precision
  public private(set) var count = 0
  public private(set) var width = 0
  let blocks: AlignedBuffer
  let floats: AlignedBuffer
  private let capacity: Int

  /// - Parameter elements: the most that `load` is given at once: columns, rounded up to 8, times width.
  public init(columns: Int, width: Int, precision: Precision = .eightBits, holdsFloats: Bool = true) {
    self.precision = precision
    capacity = (columns + 7) / 8 * 8 * width
    blocks = AlignedBuffer(bytes: precision == .exact ? 0 : capacity / 256 * MemoryLayout<ck_block>.stride)
    floats = AlignedBuffer(bytes: precision == .exact || holdsFloats ? capacity * 4 : 0)
  }

  /// Takes `columns` columns `source` (`[columns, width]`, `stride` floats apart; `width` unless said) for matrices of type
  /// `type`.
  public mutating func load(
    _ source: UnsafePointer<Float>, columns: Int, width: Int, stride: Int? = nil, for type: TensorType = .q8_0, pool: ThreadPool,
    path: KernelPath = .best
  ) {
    let stride = stride ?? width
    let padded = (columns + 7) / 8 * 8
    require(padded * width <= capacity, "\(padded) × \(width) activations, room for \(capacity)")
    require(width % Int(CK_BLOCK) == 0, "activations of \(width) elements are not whole blocks of 32")
    count = columns
    self.width = width
    nonisolated(unsafe) let source = source
    let isExact = precision == .exact || type.elementsPerBlock == 1
    let target = isExact ? floats : blocks
    require(target.count >= (isExact ? padded * width * 4 : padded * width / 256 * MemoryLayout<ck_block>.stride), "no room for floats")
    let load = { (first: Int, last: Int) in
      if isExact {
        path.table.pointee.interleave(
          source + first * stride, stride, width, first, last - first, target.base.assumingMemoryBound(to: Float.self))
      } else {
        path.table.pointee.quantise(
          source + first * stride, stride, width, first, last - first, target.base.assumingMemoryBound(to: ck_block.self))
      }
    }
    if columns <= 8 { return load(0, columns) }
    pool.parallelFor(padded / 8) { tiles, _ in load(tiles.lowerBound * 8, min(columns, tiles.upperBound * 8)) }
  }
}
