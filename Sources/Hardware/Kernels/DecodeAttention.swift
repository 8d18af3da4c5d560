public import Core

/// Attention of sequences that compute one new token each (and its drafts) over their contexts.
///
/// One SM walks one KV head of one sequence; long contexts are split when SMs would stay idle. Three
/// things happen together: keys and values stream from memory, each unit costs its SM a fixed time
/// (without that term short contexts come out 15 % too fast), and the tensor cores score.
///
/// Lengths differ: traffic goes by their sum, an SM's walk by the longest one or by the mean share of
/// all, whichever is longer. So a longer context or one more sequence never makes it faster.
///
/// FlashAttention-2 is modelled closer, by the blocks that it walks: see `FlashAttention2Decode`.
public struct DecodeAttention: Equatable, Sendable {
  /// What a batch asks of it, gathered in one pass.
  public struct Load: Equatable, Sendable {
    public var sequences = 0
    /// Tokens of all contexts, and of the longest.
    public var contexts = 0
    public var longest = 0
    /// Sum over sequences of context × query rows of one KV head, rounded up to 16 rows.
    public var packedContexts = 0
    /// Blocks that FlashAttention-2 walks in one KV head of all contexts.
    public var blocks = 0

    public init() {}
  }

  struct Constants: Equatable, Sendable {
    /// µs around the work.
    var launch: Double
    /// Part of the memory bandwidth.
    var memoryEfficiency: Double
    /// Least tokens of a split.
    var splitTokens: Double
    /// µs each unit costs its SM, and µs for each 128 tokens it walks at a row of 256 bytes.
    var unit: Double
    var walk: Double
    /// How the walk grows with the bytes of a row: 0 not at all, 1 in proportion.
    var walkWidth: Double
    /// Part of the tensor peak.
    var arithmeticEfficiency: Double
    var overlap: Double
    /// µs for merging the parts when contexts are split.
    var merge: Double
    /// Part of the SMs whose loads fill the memory bandwidth.
    var fillingPart: Double
    /// Clock cycles of one SM for writing a token's new keys and values: for the token, and for each KV head.
    var cyclesPerToken: Double
    var cyclesPerHead: Double
    /// µs for the copies that packing needs: it swaps heads and sequences before and after, which is free
    /// for one sequence or one KV head.
    var regroup: Double
    /// Where repeated KV stays in the cache, and part of the cache's bandwidth.
    var residentFrom: Double
    var residentOver: Double
    var residentEfficiency: Double
  }

  let kvHeads: Int
  /// Query heads that share a KV head.
  public let group: Int
  /// Tokens that each query sees; nil for all.
  public let window: Int?
  private let constants: Constants
  private let chip: Chip
  /// Nil for other backends.
  private let flash: FlashAttention2Decode?
  /// µs for one token of context, from memory and from the cache.
  private let traffic: Double
  private let fetching: Double
  private let scoring: Double
  private let bytesPerToken: Double
  private let operationsPerRow: Double
  /// µs for each token an SM walks, and for each token written.
  private let step: Double
  private let writing: Double
  /// log₂ of the tokens of a block.
  private let blockShift: Int

  /// - Parameter pageTokens: Tokens in a KV block.
  public init(
    heads: Int, kvHeads: Int, headDimension: Int, kvFormat: KVFormat = .f16, window: Int? = nil,
    pageTokens: Int = 16, on chip: Chip
  ) {
    self.kvHeads = kvHeads
    self.window = window
    group = (heads + kvHeads - 1) / kvHeads
    self.chip = chip
    let reading = KVReading(kvFormat, headDimension: headDimension)
    constants = kvFormat == .f8 ? chip.narrowDecodeAttention : chip.decodeAttention
    bytesPerToken = Double(2 * headDimension * kvHeads) * reading.bytesPerElement
    traffic = bytesPerToken / (constants.memoryEfficiency * chip.bandwidth)
    fetching = bytesPerToken / (constants.residentEfficiency * chip.cacheBandwidth)
    operationsPerRow = Double(4 * kvHeads * headDimension)
    scoring = operationsPerRow / (constants.arithmeticEfficiency * chip.tensorRate)
    step = constants.walk / 128 * power(Double(headDimension) * reading.bytesPerElement / 256, constants.walkWidth)
      + reading.microseconds(tokens: 1, headDimension: headDimension, on: chip)
    writing =
      (constants.cyclesPerToken + constants.cyclesPerHead * Double(kvHeads))
      / (Double(chip.multiprocessors) * chip.clock)
    flash = chip.flashDecodeAttention.flatMap { constants in
      guard kvFormat == .f16 else { return nil }
      return FlashAttention2Decode(
        constants, heads: heads, kvHeads: kvHeads, headDimension: headDimension, hasWindow: window != nil, pageTokens: pageTokens,
        on: chip)
    }
    blockShift = flash?.blockShift ?? 7
  }

  /// Rows a KV head's queries fill when `tokens` new tokens are packed.
  @inline(__always)
  public func packedRows(tokens: Int) -> Int { (group * tokens + 15) & ~15 }

  /// Adds a sequence that computes `tokens` new tokens and then holds `context`.
  @inline(__always)
  public func add(context: Int, tokens: Int = 1, to load: inout Load) {
    let seen = window.map { min($0, context) } ?? context
    load.sequences += 1
    load.contexts += seen
    load.longest = max(load.longest, seen)
    load.packedContexts += seen * packedRows(tokens: tokens)
    load.blocks += blocks(seen)
  }

  @inline(__always)
  func blocks(_ context: Int) -> Int { (context + (1 << blockShift) - 1) >> blockShift }

  /// - Parameters:
  ///   - sharesLaunch: True when it rides in the launch of another attention kernel.
  ///   - residency: `.repeated` lets KV stay in the cache from call to call, as in a benchmark.
  public func estimate(_ load: Load, sharesLaunch: Bool = false, residency: Residency = .cold) -> KernelEstimate {
    if let flash { return flash.estimate(load, operationsPerRow: operationsPerRow, residency: residency, on: chip) }
    let processors = Double(chip.multiprocessors)
    let contexts = Double(load.contexts)
    let count = load.sequences * kvHeads
    let resident =
      residency == .cold
      ? 0
      : Residency.part(
        of: bytesPerToken * contexts, in: chip.cacheBytes, from: constants.residentFrom, over: constants.residentOver)
    let streaming = (1 - resident) * traffic * contexts + resident * fetching * contexts
    let compute = scoring * Double(load.packedContexts)
    let longest = Double(load.longest)
    let share = contexts * Double(kvHeads) / processors

    let rounds = (Double(count) / processors).rounded(.up)
    // Few units draw only their part of the bandwidth, so the longest one takes its own time at least, unless
    // it is split.
    let room = max(1, chip.multiprocessors / count)
    let perUnit = constants.fillingPart * processors * streaming / max(1, contexts) / Double(kvHeads)
    var memory = max(streaming, perUnit * longest)
    var serial = constants.unit * rounds + step * max(longest, share)
    var time = together(memory, serial, compute, overlap: constants.overlap)
    var parts = 1
    if longest > constants.splitTokens {
      let walked = max(constants.splitTokens, longest / Double(room), share)
      let splitSerial = constants.unit * rounds + step * walked
      let splitMemory = max(streaming, perUnit * constants.splitTokens)
      let splitTime = constants.merge + together(splitMemory, splitSerial, compute, overlap: constants.overlap)
      if splitTime < time {
        time = splitTime
        serial = splitSerial
        memory = splitMemory
        parts = max(1, min(room, Int(longest / constants.splitTokens)))
      }
    }
    var around = writing * Double(load.sequences)
    if load.sequences > 1, kvHeads > 1, group > 1 { around += constants.regroup }
    let launch = (sharesLaunch ? 0 : constants.launch) + around
    return KernelEstimate(
      microseconds: launch + time, launch: launch, operations: operationsPerRow * Double(load.packedContexts),
      bytes: (1 - resident) * bytesPerToken * contexts, units: count * parts, on: chip, tensorRate: chip.tensorRate,
      bound: KernelEstimate.bound(compute: compute, memory: memory, latency: max(serial, launch)))
  }
}
