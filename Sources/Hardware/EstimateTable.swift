import Core

/// The numbers of rows at which kernels are tabulated.
///
/// Up to 512 they are the sizes for which vLLM captures CUDA graphs; a step is padded to the next of
/// them. Above, steps run at their exact size and the table is interpolated; products begin another row of tiles
/// after multiples of 64 or 128 rows, so each stretch has a rung at its start and one shortly after it.
enum RowLadder {
  /// vLLM 0.19: 1, 2, 4, then steps of 8 to 256 and of 16 to 512.
  static let largestGraph = 512

  static let rungs: [Int] =
    [1, 2, 4] + Array(stride(from: 8, through: 256, by: 8)) + Array(stride(from: 272, through: 512, by: 16))
    + stride(from: 512, to: 2048, by: 64).flatMap { [$0 + rise, $0 + 64] }
    + stride(from: 2048, to: 16384, by: 256).flatMap { [$0 + rise, $0 + 256] } + [32768]
  /// Rows from the start of a stretch to the rung after it.
  private static let rise = 16

  /// Between two rungs; `weight` counts from the lower one and passes 1 beyond the last.
  struct Position: Equatable {
    var lower: Int
    var weight: Double
  }

  @inline(__always)
  static func position(of rows: Int) -> Position {
    switch rows {
    case ...1: Position(lower: 0, weight: 0)
    case ...2: Position(lower: 1, weight: 0)
    case ...4: Position(lower: 2, weight: 0)
    case ...256: Position(lower: 2 + (rows + 7) / 8, weight: 0)
    case ...512: Position(lower: 34 + (rows - 256 + 15) / 16, weight: 0)
    case ..<2048: between(rows - 512, stretch: 64, lower: 50)
    case ..<16384: between(rows - 2048, stretch: 256, lower: 98)
    default: Position(lower: 210, weight: Double(rows - 16384) / 16384)
    }
  }

  @inline(__always)
  private static func between(_ rows: Int, stretch: Int, lower: Int) -> Position {
    let (pairs, rest) = rows.quotientAndRemainder(dividingBy: stretch)
    return rest <= rise
      ? Position(lower: lower + 2 * pairs, weight: Double(rest) / Double(rise))
      : Position(lower: lower + 2 * pairs + 1, weight: Double(rest - rise) / Double(stretch - rise))
  }
}

/// A kernel's estimates for every number of rows, so that a step only looks them up.
struct EstimateTable: Sendable {
  private let rungs: [KernelEstimate]

  /// More rows never take less time: a kernel for more rows can do the work of one for fewer, so where
  /// the candidates' formulas disagree the running maximum stands.
  init(_ estimate: (_ rows: Int) -> KernelEstimate) {
    var longest = EngineTime.zero
    rungs = RowLadder.rungs.map { rows in
      var kernel = estimate(rows)
      longest = max(longest, kernel.time)
      kernel.time = longest
      return kernel
    }
  }

  @inline(__always)
  subscript(position: RowLadder.Position) -> KernelEstimate {
    let lower = rungs[position.lower]
    if position.weight == 0 { return lower }
    var kernel = rungs[position.lower + 1]
    let gap = Double(kernel.time.nanoseconds - lower.time.nanoseconds)
    kernel.time = EngineTime(nanoseconds: lower.time.nanoseconds + Int64((gap * position.weight).rounded()))
    kernel.operations = lower.operations + (kernel.operations - lower.operations) * position.weight
    kernel.bytes = lower.bytes + (kernel.bytes - lower.bytes) * position.weight
    return kernel
  }
}
