import Core
import Hardware
import KVMemory
import Scheduling
import Speculation
import Transformer

/// Every choice that a run begins with, by the names of the command line.
public struct Configuration: Equatable, Sendable {
  public var device = "h100"
  /// A card's name; or the name of a model whose `config.json` is in `modelConfiguration`.
  public var model = "llama-3.1-8b"
  /// The text of a Hugging Face `config.json`; nil for a card of the catalogue.
  public var modelConfiguration: String?
  /// In place of the device's compiled-in efficiencies; from a file of `workbench calibrate`.
  public var calibration: Accelerator.Efficiency?
  /// GPUs that share every layer.
  public var tensorParallel = 1
  /// Stages of a pipeline that share out the layers, each of `tensorParallel` GPUs.
  public var pipelineParallel = 1
  /// GB/s of each GPU from a stage to the next; nil takes the node's links, and beyond eight GPUs the network's.
  public var stageLink: Double?
  /// Engines of their own GPUs that serve the trace together, where each does all of it.
  public var replicas = 1
  /// Who sends requests to them.
  public var router = "least-loaded"
  /// What joins them, how keys and values are cut into copies on it, and whether they change sides; where requests move.
  public var kvLink = "node"
  public var kvTransfer = "per-block"
  public var roles = "fixed"
  /// GPUs of an instance that decodes, where it is not one of the others' kind; nil: they are alike.
  public var decodeDevice: String?
  public var decodeTensorParallel: Int?
  /// Tables of measured kernels that go before the equations; nil for none.
  public var profile: ProfileFiles?
  public var policy = "fcfs"
  public var prefill = "chunked"
  public var placement = "colocated"
  public var reservation = "paged"
  public var preemption = "recompute"
  public var batching = "continuous"
  /// `on` plans a step while the one before it runs, as vLLM does unless something forbids it.
  public var asyncScheduling = "on"
  public var prefixCache = "lru"
  public var hostCache = "off"
  /// Per cent of a quoted chunk's tokens that are computed again; 100 for all.
  public var recomputedShare = 100
  public var attention = "dense"
  /// Keys and values that a request keeps, and the tokens that it keeps in any case.
  public var retain = "all"
  public var protect = "none"
  public var kvFormat = KVFormat.f16.rawValue
  /// One request in so many is computed with an exact cache too, where tokens are real and the cache is lossy; 0: none.
  public var shadow = 8
  public var weights = "as-loaded"
  public var speculate = "none"
  /// Drafts of a request: a number, or how it adapts.
  public var draftTokens = DraftLength.standard.description
  /// Whether drafts are made while others are verified, and where.
  public var draftOverlap = "off"
  /// Which drafts stand where no model can say it: rates, or the text of a profile; nil: nobody says.
  public var acceptance: String?
  /// The card of a smaller model that drafts on a modelled GPU; its memory is taken whether it drafts or not. (A real one is
  /// `tokens.draft`.)
  public var draftModel: String?
  /// Tokens computed in a step.
  public var maxBatchedTokens = 2_048
  /// Requests in the batch.
  public var maxSequences = 256
  /// Tokens of a prompt and its output; nil takes the model's context.
  public var maxModelLength: Int?
  /// Tokens in a KV block.
  public var blockSize = 16
  /// KV blocks, the reserved one included; nil computes them from the device's memory.
  public var kvBlocks: Int?
  /// Part of the device's memory that the engine may use.
  public var memoryUtilization = MemoryPlan.defaultUtilization
  /// Targets in milliseconds.
  public var sloTTFT: Double?
  public var sloTPOT: Double?
  public var seed: UInt64 = 0
  /// The model whose tokens are real; nil where tokens stand for nothing.
  public var tokens: RealModel?

  public init() {}

  /// What is run on this machine when nothing else is said: small steps, for each one is waited for.
  public static var cpu: Configuration {
    var configuration = Configuration()
    configuration.device = "cpu"
    configuration.asyncScheduling = "off"
    configuration.maxBatchedTokens = 512
    configuration.maxSequences = 32
    return configuration
  }

  /// The number of `draftTokens` where it is one.
  public var fixedDraftTokens: Int? {
    guard case .fixed(let number)? = (try? AxisCatalogue.draftTokens.choice(draftTokens)).flatMap({ DraftLength($0) }) else { return nil }
    return number
  }

  /// Time is measured, not modelled.
  public var isMeasured: Bool { device == "cpu" }

  /// A choice's value as people and files write it.
  public enum Value: Equatable, Sendable {
    case text(String)
    case whole(Int)
    case number(Double)
    case none
  }

  /// Who serves, where they are several.
  private var several: [(name: String, value: Value)] {
    let isDisaggregated = placement.hasPrefix("disaggregated")
    guard replicas > 1 || isDisaggregated else { return [] }
    let moving: [(name: String, value: Value)] = [
      ("kv-link", .text(kvLink)), ("kv-transfer", .text(kvTransfer)), ("roles", .text(roles)),
      ("decode-device", decodeDevice.map(Value.text) ?? .none), ("decode-tp", decodeTensorParallel.map(Value.whole) ?? .none),
    ]
    return [("replicas", .whole(replicas)), ("router", .text(router))] + (isDisaggregated ? moving : [])
  }

  /// All choices by name, in the order of the help.
  public var choices: [(name: String, value: Value)] {
    let number = { (value: Double?) in value.map(Value.number) ?? Value.none }
    let own: [(name: String, value: Value)] = [
      ("device", .text(device)), ("model", .text(model)), ("tp", .whole(tensorParallel)), ("pp", .whole(pipelineParallel)),
      ("pp-link", number(stageLink)), ("policy", .text(policy)),
      ("prefill", .text(prefill)), ("placement", .text(placement)), ("reservation", .text(reservation)), ("preemption", .text(preemption)),
      ("batching", .text(batching)), ("async-scheduling", .text(asyncScheduling)), ("prefix-cache", .text(prefixCache)), ("host-cache", .text(hostCache)),
      ("cacheblend", .whole(recomputedShare)),
      ("kv-format", .text(kvFormat)), ("attention", .text(attention)), ("retain", .text(retain)), ("protect", .text(protect)), ("weights", .text(weights)),
      ("speculate", .text(speculate)), ("draft-tokens", fixedDraftTokens.map(Value.whole) ?? .text(draftTokens)),
      ("draft-overlap", .text(draftOverlap)),
      ("acceptance", acceptance.map { .text($0.contains("{") ? "profile" : $0) } ?? .none),
      ("draft-model", (draftModel ?? tokens?.draft?.name).map(Value.text) ?? .none),
      ("max-batched-tokens", .whole(maxBatchedTokens)), ("max-seqs", .whole(maxSequences)),
      ("max-model-len", maxModelLength.map(Value.whole) ?? .none), ("block-size", .whole(blockSize)), ("kv-blocks", kvBlocks.map(Value.whole) ?? .none),
      ("memory-utilization", isMeasured ? .none : .number(memoryUtilization)), ("slo-ttft-ms", number(sloTTFT)),
      ("slo-tpot-ms", number(sloTPOT)), ("seed", .whole(Int(truncatingIfNeeded: seed))),
    ]
    let real: [(name: String, value: Value)] = [
      ("tokens-from", isMeasured ? .none : tokens.map { .text($0.name) } ?? .none),
      ("temperature", number(tokens?.sampler.temperature)), ("top-k", tokens.map { .whole($0.sampler.topK) } ?? .none),
      ("top-p", number(tokens?.sampler.topP)), ("min-p", number(tokens?.sampler.minP)),
      ("ignore-eos", tokens.map { .text($0.ignoresEndOfText ? "on" : "off") } ?? .none),
      ("exact-activations", tokens.map { .text($0.activationsAreExact ? "on" : "off") } ?? .none),
      ("shadow", tokens == nil ? .none : .whole(shadow)),
      ("threads", tokens?.machine.map { .whole($0.threads) } ?? .none),
    ]
    return own + real + several
  }
}

/// A configuration that makes no engine: which choice, what is wrong, and the way out.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

extension Configuration {
  public func modelCard() throws(ConfigurationError) -> ModelCard {
    do {
      if let modelConfiguration { return try ModelCard(configJSON: modelConfiguration, name: model) }
      return try ModelCatalogue.model(named: model)
    } catch {
      throw ConfigurationError("--model: \(error)")
    }
  }

  /// The same choices with only those rows of the profile that its GPU, model and tp look at. The run they make is the
  /// same; what cannot be read stays as it is, for `engine` to complain of.
  public var withoutForeignProfileRows: Configuration {
    var configuration = self
    if let profile, let card = try? modelCard(), let accelerator = try? AcceleratorCatalogue.accelerator(named: device),
      let rows = try? profile.rows(of: accelerator, model: card, tensorParallel: tensorParallel)
    {
      configuration.profile = rows
    }
    return configuration
  }

  /// The engine, before its first step.
  ///
  /// - Parameter recorded: What is known of the device when its steps are told from a recording; then no model is opened.
  public func engine(for trace: Trace, recorded: RecordedDevice.Facts? = nil) throws(ConfigurationError) -> Engine {
    if isMeasured { return try measuredEngine(for: trace, recorded: recorded) }
    guard draftModel == nil || pipelineParallel == 1 else {
      throw ConfigurationError("--draft-model: nobody drafts for the stages of a pipeline — leave it or --pp out")
    }
    var card = try modelCard()
    card.kvFormat = try chosenKVFormat()
    let format = try weightFormat()
    var accelerator: Accelerator
    let gpus: any Device
    let kvBudget: KVBudget
    let sparse = try chosenSparse()
    do {
      accelerator = try AcceleratorCatalogue.accelerator(named: device)
      if let calibration { accelerator.calibrated = calibration }
      card = try card.storing(format, on: accelerator)
      let profile = try profile.map { files throws(ProfileError) in
        try OperatorProfile(files, accelerator: accelerator, model: card, tensorParallel: tensorParallel)
      }
      let draftCard = try draftCard()
      let overlap = try overlap()
      let stage = try ModelledGPU(accelerator: accelerator, model: card, tensorParallel: tensorParallel, profile: profile)
        .speculating(draftModel: draftCard, acceptance: acceptance(labels: trace.labels))
        .drafting(overlap)
      gpus = pipelineParallel > 1 ? try PipelinedGPU(stage, stages: pipelineParallel, network: stageLink) : stage
      let planned = try kvBlocks ?? MemoryPlan(
        accelerator: accelerator, model: card, tensorParallel: tensorParallel, stages: pipelineParallel, tokensPerBlock: blockSize,
        maxBatchedTokens: maxBatchedTokens, maxSequences: maxSequences, utilization: memoryUtilization,
        // One that drafts meanwhile lies elsewhere.
        draftModel: overlap == .off ? draftCard : nil
      ).blocks
      // Blocks that somebody counted have what is kept beside them already.
      kvBudget = try budget(of: card, on: accelerator, blocks: planned, beside: kvBlocks == nil ? nil : sparse)
    } catch {
      throw ConfigurationError("\(error)")
    }
    let blocks = kvBlocks ?? kvBudget.blocks(card.kvFormat, beside: sparse)
    guard tokens != nil else {
      return try engine(
        for: trace, device: gpus, blocks: blocks, contextLength: maxModelLength ?? card.contextLength,
        hostLink: HostLink(
          accelerator: accelerator, model: card, tensorParallel: tensorParallel, stages: pipelineParallel, tokensPerBlock: blockSize),
        budget: kvBudget)
    }
    guard acceptance == nil else { throw ConfigurationError("--acceptance: the model of --tokens-from says which drafts stand — leave it out") }
    let real = try realDevice(blocks: blocks, recorded: recorded)
    // No host memory: the keys and values of the small model are really there, and nobody copies them.
    return try engine(
      for: trace, device: JoinedDevice(clock: gpus, tokens: real.device), blocks: real.blocks,
      contextLength: min(maxModelLength ?? card.contextLength, real.facts.contextLength), endsOfText: real.endsOfText)
  }

  func chosenKVFormat() throws(ConfigurationError) -> KVFormat {
    guard let format = KVFormat(rawValue: try read(AxisCatalogue.kvFormat, kvFormat).name),
      let retention = RetentionCatalogue.retention(try read(AxisCatalogue.retain, retain))
    else { fatalError("a choice that was read a moment ago is in no catalogue") }
    guard let pruned = retention.format else { return format }
    guard format == .f16 else {
      throw ConfigurationError("--retain \(retain): elements that are kept are in half precision — leave --kv-format \(kvFormat) out")
    }
    return pruned
  }

  private func chosenSparse() throws(ConfigurationError) -> SparseAttention? {
    AttentionForm(try read(AxisCatalogue.attention, attention))?.sparse(tokensPerBlock: blockSize)
  }

  /// The option that a format was chosen with, as it was written.
  private func option(for format: KVFormat) -> String { format == format.stored ? "--kv-format \(kvFormat)" : "--retain \(retain)" }

  private func weightFormat() throws(ConfigurationError) -> WeightFormat {
    guard let format = WeightFormat(try read(AxisCatalogue.weights, weights)) else { fatalError("a choice that was read a moment ago is in no catalogue") }
    if format != .asLoaded, profile != nil {
      throw ConfigurationError("--weights \(weights): --profile has times of the weights as they were measured — leave one of them out")
    }
    return format
  }

  /// What other formats would make of the same bytes.
  ///
  /// - Parameter sparse: What is kept beside them.
  private func budget(
    of card: ModelCard, on accelerator: Accelerator, blocks: Int, beside sparse: SparseAttention?
  ) throws(ConfigurationError) -> KVBudget {
    let draft = try overlap() == .off ? draftCard() : nil
    let most = PipelineStages.layers(card.layers, stages: min(max(1, pipelineParallel), card.layers)).map(\.count).max() ?? card.layers
    let notes = KVBudget.Notes(
      keyNumbers: most * card.kvHeads(ranks: tensorParallel) * card.headDimension, headWidth: card.headDimension, tokensPerBlock: blockSize)
    return KVBudget(blocks: blocks, in: card.kvFormat, beside: sparse, notes: notes) { format in
      var card = card
      card.kvFormat = format
      let link = HostLink(
        accelerator: accelerator, model: card, tensorParallel: tensorParallel, stages: pipelineParallel, tokensPerBlock: blockSize)
      let layers = PipelineStages.layers(card.layers, stages: pipelineParallel).map(\.count).max() ?? card.layers
      return KVBudget.Cost(
        block: card.kvBlockBytes(layers: layers, tokensPerBlock: blockSize, ranks: tensorParallel, draft: draft),
        hostBlock: link.bytesPerBlock,
        windows: card.kvWindowBytes(sequences: maxSequences, tokensPerBlock: blockSize, layers: layers, ranks: tensorParallel))
    }
  }

  private func draftCard() throws(ConfigurationError) -> ModelCard? {
    guard let draftModel else { return nil }
    do { return try ModelCatalogue.model(named: draftModel) } catch { throw ConfigurationError("--draft-model: \(error)") }
  }

  private func acceptance(labels: [String]) throws(AcceptanceFault) -> Acceptance? {
    guard let acceptance else { return nil }
    var read = try Acceptance(text: acceptance, name: "--acceptance", seed: seed)
    read.match(labels: labels)
    return read
  }

  private func measuredEngine(for trace: Trace, recorded: RecordedDevice.Facts?) throws(ConfigurationError) -> Engine {
    for (option, count) in [("tp", tensorParallel), ("pp", pipelineParallel)] where count != 1 {
      throw ConfigurationError("--\(option) \(count): the cpu device is one machine — leave it out")
    }
    guard profile == nil, calibration == nil else {
      throw ConfigurationError("--device cpu: its times are measured as they happen — leave --profile and --calibration out")
    }
    guard acceptance == nil else { throw ConfigurationError("--acceptance: on the cpu the model says which drafts stand — leave it out") }
    guard asyncScheduling != "on" else {
      throw ConfigurationError("--async-scheduling on: with --device cpu a plan takes microseconds beside a step, which never waits for it — leave it off")
    }
    let real = try realDevice(blocks: kvBlocks, recorded: recorded)
    return try engine(
      for: trace, device: real.device, blocks: real.blocks, contextLength: min(maxModelLength ?? .max, real.facts.contextLength), endsOfText: real.endsOfText)
  }

  /// The device whose tokens are real; of a recording what it says of it.
  private func realDevice(
    blocks: Int?, recorded: RecordedDevice.Facts?
  ) throws(ConfigurationError) -> (device: any Device, facts: RecordedDevice.Facts, blocks: Int, endsOfText: [TokenID]) {
    guard let tokens else { throw ConfigurationError("--device cpu: it runs a GGUF file — give --model FILE") }
    let weightFormat = try weightFormat()
    if let obstacle = weightFormat.obstacleOnCPU { throw ConfigurationError("--weights \(weights): \(obstacle)") }
    if let fault = tokens.sampler.fault { throw ConfigurationError(fault) }
    guard preemption == "recompute" else {
      throw ConfigurationError("--preemption \(preemption): real keys and values are computed again and not copied to host memory — leave it at recompute")
    }
    guard KVStore.canHold(tokensPerBlock: blockSize, headWidth: 16) else {
      throw ConfigurationError("--block-size \(blockSize): on the cpu blocks hold 1, 2, 4, 8 or a multiple of 16 tokens")
    }
    let model = recorded == nil ? try tokens.open(storing: weightFormat) : nil
    let companion = try model.flatMap { model throws(ConfigurationError) in try tokens.openDraft(beside: model) }
    guard let facts = recorded ?? model.map({ CPUDevice.facts(of: $0, companion: companion, machine: tokens.machine) }) else {
      fatalError("a model is neither recorded nor opened")
    }
    let format = try chosenKVFormat()
    if let obstacle = format.obstacle(tokensPerBlock: blockSize) { throw ConfigurationError("\(option(for: format)): \(obstacle)") }
    if let model, !KVStore.canHold(format, tokensPerBlock: blockSize, headWidth: model.shape.headWidth) {
      throw ConfigurationError("\(option(for: format)): heads of \(model.shape.headWidth) channels are wider than its kernels encode — leave it at \(format.exactChoice)")
    }
    let noteBytes = try facts.noteBytesPerBlock(chosenSparse(), tokensPerBlock: blockSize)
    let blocks = blocks ?? facts.blocks(tokensPerBlock: blockSize, sequences: maxSequences, format: format, noteBytes: noteBytes)
    let ends = tokens.ignoresEndOfText ? [] : facts.endsOfText
    guard let model else { return (RecordedDevice(facts, language: tokens.language(facts), kvFormat: format, weights: weightFormat), facts, blocks, ends) }
    // Blocks are taken from the system when they are first written, so a pool may be large; but one day it is full.
    let bytes = blocks * (blockSize * facts.kvBytesPerToken(format) + noteBytes)
    guard bytes <= RealModel.physicalMemory / 4 * 3 else {
      throw ConfigurationError("--kv-blocks \(blocks): \(model.name) would fill \(bytes >> 30) GiB, more than three quarters of this machine's memory — give a smaller number")
    }
    if try read(AxisCatalogue.retain, retain).name == RetrievalHeads.descriptor.name { model.findHeads() }
    var sampler = tokens.sampler
    sampler.seed = seed
    return (
      CPUDevice(
        model, companion: companion, blockCount: blocks, tokensPerBlock: blockSize, kvFormat: format, sampler: sampler, machine: tokens.machine), facts, blocks, ends
    )
  }

  private func engine(
    for trace: Trace, device: any Device, blocks: Int, contextLength: Int, endsOfText: [TokenID] = [], hostLink: HostLink? = nil, budget: KVBudget? = nil
  ) throws(ConfigurationError) -> Engine {
    guard blocks >= 2 else { throw ConfigurationError("--kv-blocks \(blocks): at least 2 are needed, for one is reserved") }
    if hostLink == nil, preemption.hasPrefix("swap") {
      throw ConfigurationError("--preemption \(preemption): \(device.name) has no host memory behind it — leave it at recompute")
    }
    var limits = Limits()
    limits.maxBatchedTokens = maxBatchedTokens
    limits.maxSequences = maxSequences
    limits.maxModelLength = contextLength
    let planner = try planner(limits)
    let place = try read(AxisCatalogue.placement, placement)
    let cache = try read(AxisCatalogue.prefixCache, prefixCache)
    guard let host = HostCache(try read(AxisCatalogue.hostCache, hostCache)), let form = AttentionForm(try read(AxisCatalogue.attention, attention)) else {
      fatalError("a choice that was read a moment ago is in no catalogue")
    }
    if host != .off, hostLink == nil {
      throw ConfigurationError("--host-cache \(hostCache): \(device.name) has no host memory behind it — leave it off")
    }
    _ = try read(AxisCatalogue.cacheBlend, String(recomputedShare))
    if recomputedShare < 100, let obstacle = device.obstacleToChunks(hasHost: hostLink != nil) {
      throw ConfigurationError("--cacheblend \(recomputedShare): \(obstacle) — leave it at 100")
    }
    let format = try chosenKVFormat()
    if let obstacle = device.obstacle(toKVFormat: format, tokensPerBlock: blockSize) {
      throw ConfigurationError("\(option(for: format)): \(obstacle)")
    }
    if let obstacle = form.obstacle(on: device, speculates: speculate != "none") { throw ConfigurationError("--attention \(attention): \(obstacle)") }
    if speculate != "none", asyncScheduling == "on" {
      throw ConfigurationError("--async-scheduling on: a plan made ahead knows no drafts — leave it off with --speculate, or choose --speculate none")
    }
    var engine = Engine(
      trace: trace, planner: planner,
      memory: KVCache(blockCount: blocks, tokensPerBlock: blockSize, reusesPrefixes: cache.name != "off"), device: device,
      plansAhead: asyncScheduling == "on", endsOfText: endsOfText, hostLink: hostLink,
      outlook: Outlook(
        ttft: sloTTFT.map { .seconds($0 / 1e3) }, tpot: sloTPOT.map { .seconds($0 / 1e3) }, seed: seed))
    engine.attention = form
    for (axis, text) in [(AxisCatalogue.prefill, prefill), (AxisCatalogue.placement, placement), (AxisCatalogue.retain, retain)] {
      if let fault = axis.fault(of: text, in: engine) { throw ConfigurationError(fault) }
    }
    _ = engine.setPlacement(place)
    engine.kvBudget = budget
    engine.weights = try weightFormat()
    _ = engine.setPrefixCache(cache)
    _ = engine.setHostCache(host)
    _ = engine.setRecomputedShare(recomputedShare)
    engine.planner.protected = Protection.tokens(try read(AxisCatalogue.protect, protect))
    if let retention = RetentionCatalogue.retention(try read(AxisCatalogue.retain, retain)) { _ = engine.setRetention(retention) }
    if engine.device.shadowRate != nil { engine.device.shadowRate = shadow }
    try engine.begin(speculating: speculate, draftTokens)
    return engine
  }

  func read(_ axis: Axis, _ text: String) throws(ConfigurationError) -> Choice {
    do { return try axis.choice(text) } catch { throw ConfigurationError(error.description) }
  }

  private func planner(_ limits: Limits) throws(ConfigurationError) -> Planner {
    for (axis, text) in [
      (AxisCatalogue.maxBatchedTokens, String(maxBatchedTokens)),
      (AxisCatalogue.maxSequences, String(maxSequences)), (AxisCatalogue.asyncScheduling, asyncScheduling),
    ] { _ = try read(axis, text) }
    guard let policy = PolicyCatalogue.policy(try read(AxisCatalogue.policy, policy)),
      let batching = Batching(rawValue: try read(AxisCatalogue.batching, batching).name),
      let prefill = PrefillShape(try read(AxisCatalogue.prefill, prefill)),
      let reservation = ReservationCatalogue.reservation(try read(AxisCatalogue.reservation, reservation)),
      let preemption = Preemption(try read(AxisCatalogue.preemption, preemption))
    else { fatalError("a choice that was read a moment ago is in no catalogue") }
    var planner = Planner(limits: limits, batching: batching, policy: policy)
    planner.prefill = prefill
    planner.reservation = reservation
    planner.preemption = preemption
    return planner
  }
}
