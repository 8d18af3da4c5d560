public import Core
public import Hardware

/// A real transformer on the cores of this machine: computes what a batch says, where it says, and measures itself.
///
/// A value: copying it forks it, KV memory included.
///
/// ```swift
/// let model = try LocalModel(GGUFFile("model.gguf"), name: "mine")
/// var device = CPUDevice(model, blockCount: 256, tokensPerBlock: 16)
/// let outcome = try device.execute(batch)      // batch.contents says which tokens, and in which blocks
/// ```
public struct CPUDevice: Device {
  public private(set) var model: LocalModel
  public let sampler: Sampler
  /// A smaller model of the same vocabulary, which may draft; nil when none was given.
  public let companion: LocalModel?
  /// Tokens it has computed so far, those of rebuilding included.
  public private(set) var tokensComputed = 0
  var cache: KVStore
  /// Steps whose decodes left keys out.
  private var sparseSteps = 0
  private(set) var facts: RecordedDevice.Facts
  /// Of the companion; nil before its first draft.
  var draftMemory: DraftMemory?
  /// What was seen of requests' attention, and what they gave up; empty while everything is kept.
  var watched: [RequestID: WatchedRequest] = [:]
  /// Some keys and values were, or may be, given up.
  var isRetaining = false
  /// For drafts of the model itself; nil before the first.
  var quantised: QuantisedCopy?
  /// The last drafts, with the distributions they were drawn from, under sampling.
  var proposals: [Drafting] = []

  public init(
    _ model: LocalModel, companion: LocalModel? = nil, blockCount: Int, tokensPerBlock: Int, kvFormat: KVFormat = .f16, sampler: Sampler = Sampler(),
    machine: MeasuredMachine? = nil
  ) {
    self.model = model
    self.companion = companion
    self.sampler = sampler
    facts = Self.facts(of: model, companion: companion, machine: machine)
    cache = KVStore(
      model.shape, blockCount: blockCount, tokensPerBlock: tokensPerBlock, format: kvFormat, order: kvFormat == .bfp8 ? model.keyOrder() : nil)
  }

  public static func facts(
    of model: LocalModel, companion: LocalModel? = nil, machine: MeasuredMachine?
  ) -> RecordedDevice.Facts {
    RecordedDevice.Facts(
      name: "cpu, \(model.name)", contextLength: model.shape.contextLength, vocabulary: model.shape.vocabulary,
      endsOfText: model.language.endsOfText, kvBytesPerToken: model.shape.layers * 2 * model.shape.keyWidth * 2,
      weightBytes: model.weights.weightBytes, roundsActivations: model.precision == .eightBits, machine: machine,
      draftModel: companion?.name, headWidth: model.shape.headWidth)
  }

  var cacheTokensPerBlock: Int { cache.tokensPerBlock }

  public var name: String { facts.name }
  public var isModelled: Bool { false }
  public var language: (any Language)? { model.language }
  public func kernels(of batch: Batch) -> [KernelRun] { [] }
  public var remembered: any Device {
    var device = RecordedDevice(facts, language: model.language, kvFormat: kvFormat, weights: weights)
    device.shadowRate = shadowRate
    return device
  }
  public var shadowRate: Int? = 8
  /// As the last batch had it.
  var leavesKeysOut = false
  /// Keys and values of the requests that are computed exactly too; nil before the first.
  var exactMemory: DraftMemory?
  public var kvFormat: KVFormat { cache.format }

  public func obstacle(toKVFormat format: KVFormat, tokensPerBlock: Int) -> String? {
    if let obstacle = format.obstacle(tokensPerBlock: tokensPerBlock) { return obstacle }
    return KVStore.canHold(format, tokensPerBlock: tokensPerBlock, headWidth: model.shape.headWidth)
      ? nil : "heads of \(model.shape.headWidth) channels are wider than its kernels encode — leave it at \(format.exactChoice)"
  }

  /// Every block that holds something, in place.
  public mutating func convert(to format: KVFormat, held: Int, tokensPerBlock: Int, filling: [BlockID]) throws(DeviceError) -> KVConversion {
    let start = ContinuousClock.now
    let from = cache.format
    let order = format == .bfp8 ? model.keyOrder() : nil
    let (blocks, bytes) = cache.convert(to: format, order: order, filling: filling, pool: model.workspace.pool)
    return KVConversion(from: from, to: format, blocks: blocks, bytes: bytes, duration: EngineTime(.now - start))
  }

  public var weights: WeightFormat { model.format }
  public func obstacle(toWeights format: WeightFormat) -> String? { format.obstacleOnCPU }

  /// Packed anew from the file, which stays mapped. Keys and values stay, those of the shadow pass too.
  public mutating func reload(_ format: WeightFormat) throws(DeviceError) -> WeightReload {
    let start = ContinuousClock.now
    let from = weights
    do { model = try model.storing(format) } catch { throw DeviceError(device: name, problem: .failed(error.description)) }
    facts.weightBytes = model.weights.weightBytes
    return WeightReload(
      from: from.choice.description, to: format.choice.description, bytes: facts.weightBytes, blocks: 0, duration: EngineTime(.now - start), way: .file)
  }

  public mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    guard let contents = batch.contents else {
      throw DeviceError(device: name, problem: .failed("a batch came without tokens"))
    }
    var watch = StepWatch(model.workspace)
    // Before anything is read: what is given up is moved.
    let given = giveUp(batch.retaining)
    var spans: [SequenceSpan] = []
    // Numbers of the spans by slot; those who have left have none.
    var numbers: [Int?] = []
    var branching: [BranchingSlot?] = []
    for (slot, content) in zip(batch.slots, contents) {
      numbers.append(content.tokens.isEmpty ? nil : spans.count)
      branching.append(nil)
      if content.tokens.isEmpty { continue }
      let folded = batch.retaining.flatMap { foldedTable(of: slot.request, $0) }
      if let tree = content.tree, slot.drafts > 0, !slot.draftsArePadding {
        let branches = BranchingSlot(slot, content, tree, folded, in: &cache)
        spans += branches.spans
        branching[branching.count - 1] = branches
        continue
      }
      let count = content.tokens.count
      spans.append(
        SequenceSpan(
          tokens: content.tokens, first: Int(slot.first), table: content.table,
          logits: slot.samples ? count - 1 - Int(slot.drafts)..<count : count..<count, isDecode: slot.isDecode, dropped: Int(slot.dropped)))
      spans[spans.count - 1].folded = folded
    }
    leavesKeysOut = batch.sparse != nil
    isRetaining = batch.retaining != nil
    let isCompared = zip(batch.slots, contents).contains { $0.samples && !$1.tokens.isEmpty && isShadowed($0.request) }
    keepNotes(for: batch.sparse)
    let measuresKept = batch.sparse?.isOfDecodes == true && sparseSteps % Self.stepsPerKeptShare == 0
    if batch.sparse?.isOfDecodes == true, spans.contains(where: \.isDecode) { sparseSteps += 1 }
    let shared = batch.shared.map { SharedSpan(positions: $0.positions, spans: $0.slots.compactMap { numbers[$0] }, depth: $0.depth) }
    let recorder = recorder(batch.retaining, batch, spans: numbers, count: spans.count)
    let (logits, tap) = forward(
      spans, sharing: shared, leavingOut: batch.sparse, watchedBy: recorder, measuresKept: measuresKept, isTapped: isCompared, &watch)
    if recorder != nil { noteWatched(batch) }
    if let given { watch.note(given) }
    var outcome = BatchOutcome(slots: [], tokens: [], duration: .zero)
    var row = 0
    // Of each slot, its first row of logits.
    var rows: [Int?] = []
    for (number, (slot, content)) in zip(batch.slots, contents).enumerated() {
      rows.append(slot.samples && !content.tokens.isEmpty ? row : nil)
      guard slot.samples else {
        outcome.slots.append(BatchOutcome.Slot(accepted: 0, emitted: 0))
        continue
      }
      // Whoever has left gets a token that nobody reads.
      var tokens: [TokenID] = [0]
      if !content.tokens.isEmpty {
        var judged: [Int] = []
        if let branches = branching[number], let tree = content.tree {
          tokens = try verify(logits, from: row, slot, content, tree, branches, &judged)
        } else {
          tokens = try verify(logits, from: row, slot, content, &judged)
        }
        if slot.drafts > 0, !slot.draftsArePadding { outcome.judgements.append(judgement(of: slot, logits, judged)) }
        row += 1 + Int(slot.drafts)
      }
      outcome.slots.append(BatchOutcome.Slot(accepted: tokens.count - 1, emitted: tokens.count))
      outcome.tokens += tokens
    }
    cache.dropSpares()
    watch.finish(&outcome, facts: facts, sampledLogits: logits.count)
    shadow(batch, contents, logits, tap, rows: rows, &outcome)
    return outcome
  }

  /// Of how many steps that leave keys out one also measures what was kept: that costs several times its attention, and is
  /// not counted as the step's.
  static let stepsPerKeptShare = 32

  mutating func forward(
    _ spans: [SequenceSpan], sharing shared: [SharedSpan] = [], leavingOut sparse: SparseAttention? = nil,
    watchedBy watcher: (any AttentionWatcher)? = nil, measuresKept: Bool = false, isTapped: Bool = false, _ watch: inout StepWatch
  ) -> (logits: [Float], tap: AttentionTap?) {
    tokensComputed += spans.reduce(0) { $0 + $1.tokens.count }
    let (logits, runs, kept, tap) = model.workspace.use { scratch in
      scratch.kept.isWanted = measuresKept
      (scratch.tap, scratch.watcher) = (isTapped ? AttentionTap(model.shape) : nil, watcher)
      defer {
        scratch.kept.isWanted = false
        (scratch.tap, scratch.watcher) = (nil, nil)
      }
      let logits = model.weights.forward(spans, sharing: shared, leavingOut: sparse, in: &cache, scratch: &scratch)
      return (logits, scratch.runs, scratch.kept, scratch.tap)
    }
    watch.note(runs, kept)
    return (logits, tap)
  }

  /// What the cache keeps beside its blocks follows from what attention leaves out; the step in which that changes makes it,
  /// and takes the time.
  private mutating func keepNotes(for sparse: SparseAttention?) {
    let (model, pool) = (model, model.workspace.pool)
    cache.keepNotes(for: sparse, channels: model.labels(oneIn:), patterns: model.headPatterns, pool: pool)
  }

  /// The tokens that a slot gives: the drafts that stand, then the first that is sampled.
  ///
  /// A draft stands if it is the token that would be sampled there, so the text is that of no speculation, greedy or not. Only
  /// drafts that were drawn from a distribution are judged by it: then more of them stand, the text is another one, and its
  /// distribution is the same.
  ///
  /// - Parameter row: Of `logits`, `[rows, vocabulary]`, the one after the slot's last known token; those after its drafts
  ///   follow.
  /// - Parameter judged: Gets the rows that were looked at.
  private func verify(
    _ logits: [Float], from row: Int, _ slot: Batch.Slot, _ content: Batch.Content, _ judged: inout [Int]
  ) throws(DeviceError) -> [TokenID] {
    let drafts = content.tokens.suffix(Int(slot.drafts))
    let first = Int(slot.first) + Int(slot.count) - drafts.count
    let drawn = drawn(slot, drafts)
    var tokens: [TokenID] = []
    for number in 0...drafts.count {
      let token = logits.withUnsafeBufferPointer { logits in
        let logits = self.row(row + number, of: logits)
        return number < min(drafts.count, drawn.count)
          ? sampler.verdict(on: [drafts[drafts.startIndex + number]], drawn[number], logits, request: slot.request, position: first + number)
          : sampler.token(logits, request: slot.request, position: first + number)
      }
      guard let token else { throw noNumbers(of: slot) }
      tokens.append(token)
      judged.append(row + number)
      if number == drafts.count || slot.draftsArePadding || drafts[drafts.startIndex + number] != token { break }
    }
    return tokens
  }

  /// The same of drafts that branch: after each token those that follow it are asked, and the first that stands is gone on from.
  /// The request keeps the keys and values of the path that stands.
  private mutating func verify(
    _ logits: [Float], from row: Int, _ slot: Batch.Slot, _ content: Batch.Content, _ tree: TokenTree, _ branches: BranchingSlot,
    _ judged: inout [Int]
  ) throws(DeviceError) -> [TokenID] {
    let drafts = Array(content.tokens.suffix(Int(slot.drafts)))
    let first = Int(slot.first) + Int(slot.count) - drafts.count
    let drawn = drawn(slot, drafts[...])
    var tokens: [TokenID] = []
    var node = -1
    while true {
      let guesses = tree.children(of: node)
      let position = first + tokens.count
      judged.append(row + branches.row(after: node))
      let token = logits.withUnsafeBufferPointer { logits in
        let logits = self.row(row + branches.row(after: node), of: logits)
        return guesses.isEmpty || drawn.isEmpty
          ? sampler.token(logits, request: slot.request, position: position)
          : sampler.verdict(on: guesses.map { drafts[$0] }, drawn[guesses[0]], logits, request: slot.request, position: position)
      }
      guard let token else { throw noNumbers(of: slot) }
      tokens.append(token)
      guard let next = guesses.first(where: { drafts[$0] == token }) else { break }
      node = next
    }
    branches.keep(upTo: node, in: &cache)
    return tokens
  }

  private func judgement(of slot: Batch.Slot, _ logits: [Float], _ rows: [Int]) -> Judgement {
    Judgement(
      request: slot.request,
      leading: logits.withUnsafeBufferPointer { logits in rows.map { Sampler.leading(Judgement.kept, of: row($0, of: logits)) } })
  }

  private func noNumbers(of slot: Batch.Slot) -> DeviceError {
    DeviceError(device: name, problem: .failed("the logits of \(slot.request) are no numbers — is the model file whole?"))
  }
}
