/// Attention of chunks of prompts: many query rows over the context before and inside the chunk.
///
/// A unit is a tile of query rows of one head; it walks the context in steps of 64 tokens, where the
/// tensor cores score while the exponentials of the step before are taken. With more work than SMs
/// the units queue; `queued` says how long that takes.
public struct PrefillAttention: Equatable, Sendable {
  /// What a batch asks of it, gathered in one pass with `add`.
  public struct Load: Equatable, Sendable {
    public var units = 0
    /// µs of one SM: all units together, and the longest one.
    public var work = 0.0
    public var longest = 0.0
    public var operations = 0.0
    /// Queries, keys, values and results.
    public var bytes = 0.0

    public init() {}

    @inline(__always)
    public static func + (left: Self, right: Self) -> Self {
      var sum = left
      sum.units += right.units
      sum.work += right.work
      sum.longest = max(left.longest, right.longest)
      sum.operations += right.operations
      sum.bytes += right.bytes
      return sum
    }
  }

  struct Constants: Equatable, Sendable {
    /// How decodes in the same batch are carried out.
    enum Mixing: Equatable, Sendable {
      /// Every sequence goes through this kernel, so a decode is a tile of one row.
      case asPrefill
      /// Decodes are packed as ever, in the same launch.
      case oneLaunch
      /// Two kernels, one after the other.
      case apart
    }
    var mixing: Mixing
    /// Query rows of a tile.
    var tileRows: Int
    /// µs around the work.
    var launch: Double
    /// Parts of the tensor peak and of the exponential rate.
    var arithmeticEfficiency: Double
    var exponentialEfficiency: Double
    /// µs each unit costs its SM.
    var unit: Double
    /// Part of the memory bandwidth.
    var memoryEfficiency: Double
    /// Of the queue of units with the traffic, and of scores with exponentials.
    var trafficOverlap: Double
    var exponentialOverlap: Double
  }

  let constants: Constants
  private let chip: Chip
  private let heads: Int
  private let tileRows: Int
  /// µs one tile needs for 64 tokens of context.
  private let step: Double
  private let operationsPerPair: Double
  private let rowBytes: Double
  private let contextBytes: Double

  public init(heads: Int, kvHeads: Int, headDimension: Int, on chip: Chip) {
    constants = chip.prefillAttention
    self.chip = chip
    self.heads = heads
    tileRows = constants.tileRows
    let rows = Double(tileRows)
    let rate = constants.arithmeticEfficiency * chip.tensorRate / Double(chip.multiprocessors)
    step =
      64
      * together(
        4 * rows * Double(headDimension) / rate, rows / (chip.exponentialRate * constants.exponentialEfficiency),
        overlap: constants.exponentialOverlap)
    operationsPerPair = Double(4 * heads * headDimension)
    rowBytes = Double(4 * heads * headDimension + 4 * kvHeads * headDimension)
    contextBytes = Double(2 * kvHeads * headDimension * 2)
  }

  /// Adds a sequence that computes `rows` tokens after `history` computed ones.
  @inline(__always)
  public func add(rows: Int, history: Int, to load: inout Load) {
    let tiles = (rows + tileRows - 1) / tileRows
    let all = history + rows
    let last = step * Double((all + 63) >> 6) + constants.unit
    // A causal tile walks up to its own diagonal: on average to the middle of the chunk.
    let mean = tiles > 1 ? step * Double((history + (rows + tileRows) / 2 + 63) >> 6) + constants.unit : last
    load.units += heads * tiles
    load.work += Double(heads * tiles) * mean
    load.longest = max(load.longest, last)
    load.operations += operationsPerPair * (Double(rows) * Double(history) + Double(rows) * Double(rows + 1) * 0.5)
    load.bytes += rowBytes * Double(rows) + contextBytes * Double(all)
  }

  public func estimate(_ load: Load) -> KernelEstimate {
    let queue = Self.queued(work: load.work / Double(chip.multiprocessors), longest: load.longest)
    let traffic = load.bytes / (constants.memoryEfficiency * chip.bandwidth)
    let time = constants.launch + together(queue, traffic, overlap: constants.trafficOverlap)
    return KernelEstimate(
      microseconds: time, launch: constants.launch, operations: load.operations, bytes: load.bytes, units: load.units,
      on: chip, tensorRate: chip.tensorRate,
      bound: KernelEstimate.bound(compute: queue, memory: traffic, latency: max(constants.launch, constants.unit)))
  }

  /// Time until all units are done, from the work of one SM when it is shared evenly.
  ///
  /// While there is little work the longest unit decides. With more, the SMs are evenly full except for
  /// the last units, whose cost shrinks as their number grows: work + longest² / (4 · work). The two meet
  /// smoothly at work = longest / 2, where a causal triangle has just one tile for each SM.
  static func queued(work: Double, longest: Double) -> Double {
    work > longest / 2 ? work + longest * longest / (4 * work) : longest
  }
}

extension PrefillAttention.Constants {
  init(_ accelerator: Accelerator) {
    if accelerator.tensorIssue == .warpGroup {
      // FlashAttention-3.
      self.init(
        mixing: .oneLaunch, tileRows: 64, launch: 12.5, arithmeticEfficiency: 1.1, exponentialEfficiency: 0.83, unit: 0.05,
        memoryEfficiency: 0.49, trafficOverlap: 1.06, exponentialOverlap: 1.09)
    } else if accelerator.isDataCentreBlackwell {
      // TensorRT-LLM's kernels through FlashInfer.
      self.init(
        mixing: .apart, tileRows: 256, launch: 8.8, arithmeticEfficiency: 1.1, exponentialEfficiency: 0.70, unit: 1.97,
        memoryEfficiency: 0.45, trafficOverlap: 1.17, exponentialOverlap: 1.9)
    } else if accelerator.isWorkstation {
      // FlashAttention-2, pages of 16 tokens.
      self.init(
        mixing: .asPrefill, tileRows: 64, launch: 1.0, arithmeticEfficiency: 0.89, exponentialEfficiency: 0.13, unit: 6.0,
        memoryEfficiency: 0.51, trafficOverlap: 6, exponentialOverlap: 1.35)
    } else {
      // FlashAttention-2 on A100; also stands for AMD, where nothing is measured.
      self.init(
        mixing: .asPrefill, tileRows: 128, launch: 8.3, arithmeticEfficiency: 0.61, exponentialEfficiency: 0.54, unit: 0.33,
        memoryEfficiency: 0.54, trafficOverlap: 1.05, exponentialOverlap: 1.9)
    }
  }
}
