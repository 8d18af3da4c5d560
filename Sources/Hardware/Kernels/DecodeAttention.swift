/// Attention of sequences that compute one new token each (and its drafts) over their contexts.
///
/// One SM walks one KV head of one sequence; long contexts are split when SMs would stay idle. Three
/// things happen together: keys and values stream from memory, each unit costs its SM a fixed time
/// (without that term short contexts come out 15 % too fast), and the tensor cores score.
///
/// Lengths differ: traffic goes by their sum, an SM's walk by the longest one or by the mean share of
/// all, whichever is longer. So a longer context or one more sequence never makes it faster.
public struct DecodeAttention: Equatable, Sendable {
  /// What a batch asks of it, gathered in one pass.
  public struct Load: Equatable, Sendable {
    public var sequences = 0
    /// Tokens of all contexts, and of the longest.
    public var contexts = 0
    public var longest = 0
    /// Sum over sequences of context × query rows of one KV head, rounded up to 16 rows.
    public var packedContexts = 0

    public init() {}
  }

  struct Constants: Equatable, Sendable {
    /// µs around the work, writing the new keys and values included.
    var launch: Double
    /// Part of the memory bandwidth.
    var memoryEfficiency: Double
    /// Least tokens of a split.
    var splitTokens: Double
    /// µs each unit costs its SM, and µs for each 128 tokens it walks.
    var unit: Double
    var walk: Double
    /// Part of the tensor peak.
    var arithmeticEfficiency: Double
    var overlap: Double
    /// µs for merging the parts when contexts are split.
    var merge: Double
  }

  let kvHeads: Int
  /// Query heads that share a KV head.
  public let group: Int
  private let constants: Constants
  private let chip: Chip
  /// µs for one token of context.
  private let traffic: Double
  private let scoring: Double
  private let bytesPerToken: Double
  private let operationsPerRow: Double

  public init(heads: Int, kvHeads: Int, headDimension: Int, on chip: Chip) {
    self.kvHeads = kvHeads
    group = (heads + kvHeads - 1) / kvHeads
    self.chip = chip
    constants = chip.decodeAttention
    bytesPerToken = Double(2 * headDimension * kvHeads * 2)
    traffic = bytesPerToken / (constants.memoryEfficiency * chip.bandwidth)
    operationsPerRow = Double(4 * kvHeads * headDimension)
    scoring = operationsPerRow / (constants.arithmeticEfficiency * chip.tensorRate)
  }

  /// Rows a KV head's queries fill when `tokens` new tokens are packed.
  @inline(__always)
  public func packedRows(tokens: Int) -> Int { (group * tokens + 15) & ~15 }

  /// - Parameter sharesLaunch: True when it rides in the launch of another attention kernel.
  public func estimate(_ load: Load, sharesLaunch: Bool = false) -> KernelEstimate {
    let processors = Double(chip.multiprocessors)
    let units = load.sequences * kvHeads
    let memory = traffic * Double(load.contexts)
    let compute = scoring * Double(load.packedContexts)
    let longest = Double(load.longest)
    let share = Double(load.contexts * kvHeads) / processors

    let rounds = (Double(units) / processors).rounded(.up)
    var serial = constants.unit * rounds + constants.walk / 128 * max(longest, share)
    var time = together(memory, serial, compute, overlap: constants.overlap)
    var parts = 1
    let room = chip.multiprocessors / units
    if room > 1, longest > constants.splitTokens {
      let walked = max(constants.splitTokens, longest / Double(room), share)
      let splitSerial = constants.unit + constants.walk / 128 * walked
      let splitTime = constants.merge + together(memory, splitSerial, compute, overlap: constants.overlap)
      if splitTime < time {
        time = splitTime
        serial = splitSerial
        parts = min(room, Int(longest / constants.splitTokens))
      }
    }
    let launch = sharesLaunch ? 0 : constants.launch
    return KernelEstimate(
      microseconds: launch + time, launch: launch, operations: operationsPerRow * Double(load.packedContexts),
      bytes: bytesPerToken * Double(load.contexts), units: units * parts, on: chip, tensorRate: chip.tensorRate,
      bound: KernelEstimate.bound(compute: compute, memory: memory, latency: max(serial, launch)))
  }
}

extension DecodeAttention.Constants {
  init(_ accelerator: Accelerator) {
    if accelerator.tensorIssue == .warpGroup {
      // FlashAttention-3.
      self.init(
        launch: 8.7, memoryEfficiency: 1.0, splitTokens: 128, unit: 3.16, walk: 0.01, arithmeticEfficiency: 0.27,
        overlap: 1.18, merge: 1.5)
    } else if accelerator.isDataCentreBlackwell {
      // TensorRT-LLM's kernels through FlashInfer.
      self.init(
        launch: 8.0, memoryEfficiency: 0.91, splitTokens: 256, unit: 1.56, walk: 0, arithmeticEfficiency: 0.095,
        overlap: 3.4, merge: 1.7)
    } else if accelerator.isWorkstation {
      // FlashAttention-2, pages of 16 tokens.
      self.init(
        launch: 9.3, memoryEfficiency: 0.956, splitTokens: 64, unit: 3.07, walk: 0.31, arithmeticEfficiency: 1.2,
        overlap: 1.1, merge: 1.6)
    } else {
      // FlashAttention-2 on A100; also stands for AMD, where nothing is measured.
      self.init(
        launch: 9.0, memoryEfficiency: 1.0, splitTokens: 64, unit: 4.1, walk: 1.37, arithmeticEfficiency: 0.123,
        overlap: 2.1, merge: 11.8)
    }
  }
}
