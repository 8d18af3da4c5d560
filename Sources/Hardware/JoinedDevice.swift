public import Core

/// The clock of one device and the tokens of another: a large model's time on a modelled GPU, a small model's words.
///
/// Where a text ends, and which drafts would stand, is real for the small model; when each token comes is modelled for the
/// large one. Nothing is said about the words of the large one.
public struct JoinedDevice: Device {
  /// Says how long a step takes.
  public private(set) var clock: any Device
  /// Says what comes out of it.
  public private(set) var tokens: any Device

  public init(clock: any Device, tokens: any Device) {
    self.clock = clock
    self.tokens = tokens
  }

  public var name: String { "\(clock.name), tokens of \(tokens.name)" }
  public var isModelled: Bool { clock.isModelled }
  public var language: (any Language)? { tokens.language }
  public var layers: Int { clock.layers }
  public var nanoBatches: Int { clock.nanoBatches }
  public func nanoBatched(_ most: Int) -> (any Device)? {
    clock.nanoBatched(most).map { JoinedDevice(clock: $0, tokens: tokens) }
  }
  public var modelledGPU: ModelledGPU? { clock.modelledGPU }
  public var remembered: any Device { JoinedDevice(clock: clock.remembered, tokens: tokens.remembered) }
  public func kernels(of batch: Batch) -> [KernelRun] { clock.kernels(of: batch) }
  public var sharesSMs: Bool { clock.sharesSMs }
  public func sharedLanes() -> (any BatchLanes)? { clock.sharedLanes() }
  public func stageLanes() -> (any BatchLanes)? { clock.stageLanes() }

  public mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    let given = try tokens.execute(batch.reachingEnd)
    let timed = try clock.execute(batch)
    var outcome = BatchOutcome(
      slots: given.slots, tokens: given.tokens, duration: timed.duration, cost: timed.cost, measurement: timed.measurement)
    (outcome.deviations, outcome.shadowing) = (given.deviations, given.shadowing)
    return outcome
  }

  public var shadowRate: Int? {
    get { tokens.shadowRate }
    set { tokens.shadowRate = newValue }
  }
  public func wantsHistory(of request: RequestID) -> Bool { tokens.wantsHistory(of: request) }

  public func fault(of means: DraftMeans) -> String? {
    tokens.fault(of: means)
      ?? (means == .smallModel ? clock.modelledGPU?.draftModelFault : means == .ownCache ? clock.modelledGPU?.ownCacheFault : nil)
  }

  /// Drafts of the small models, in the time that the large ones would take.
  public mutating func draft(_ task: DraftTask) throws(DeviceError) -> DraftOutcome? {
    guard var outcome = try tokens.draft(task) else { return nil }
    (outcome.duration, outcome.cost) = clock.modelledGPU?.drafting(task, giving: outcome.drafts) ?? (.zero, StepCost())
    return outcome
  }

  public func kept(of request: RequestID, computed: Int) -> KeptTokens? { tokens.kept(of: request, computed: computed) }
  public func kept(_ fold: HeadFold, computed: Int, tokensPerBlock: Int) -> KeptTokens? {
    tokens.kept(fold, computed: computed, tokensPerBlock: tokensPerBlock)
  }

  public var kvFormat: KVFormat { tokens.kvFormat }
  public func obstacle(toKVFormat format: KVFormat, tokensPerBlock: Int) -> String? {
    clock.obstacle(toKVFormat: format, tokensPerBlock: tokensPerBlock) ?? tokens.obstacle(toKVFormat: format, tokensPerBlock: tokensPerBlock)
  }

  /// The small model's are converted, in the time that the large one's would take.
  public mutating func convert(to format: KVFormat, held: Int, tokensPerBlock: Int, filling: [BlockID]) throws(DeviceError) -> KVConversion {
    _ = try tokens.convert(to: format, held: held, tokensPerBlock: tokensPerBlock, filling: filling)
    return try clock.convert(to: format, held: held, tokensPerBlock: tokensPerBlock, filling: filling)
  }

  public var weights: WeightFormat { tokens.weights }
  public func obstacle(toWeights format: WeightFormat) -> String? { clock.obstacle(toWeights: format) ?? tokens.obstacle(toWeights: format) }
  public func weightBytes(in format: WeightFormat) -> Int? { clock.weightBytes(in: format) }

  /// The small model's are packed anew, in the time that the large one's would take.
  public mutating func reload(_ format: WeightFormat) throws(DeviceError) -> WeightReload {
    _ = try tokens.reload(format)
    return try clock.reload(format)
  }

  public mutating func rebuild(_ sequences: [Batch.Content], _ retaining: Retaining) throws(DeviceError) {
    try tokens.rebuild(sequences, retaining)
  }
}

extension Batch {
  /// The batch as a device of whole passes takes it: a prompt that goes through the layers in parts is computed in the step of
  /// its last part, from the first layer on, and nobody is there before.
  fileprivate var reachingEnd: Batch {
    guard !passages.isEmpty else { return self }
    var batch = self
    for passage in passages where passage.to != .end { batch.contents?[Int(passage.slot)].tokens = [] }
    batch.passages = []
    return batch
  }
}
