import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import TestSupport
import Testing
import Transformer

/// What each request was answered, and how each left.
struct Answers: Equatable {
  var tokens: [[TokenID]]
  var finishes: [FinishReason?]

  init(count: Int) {
    tokens = Array(repeating: [], count: count)
    finishes = Array(repeating: nil, count: count)
  }

  mutating func fold(_ report: StepReport) {
    for (request, given) in report.emitted { tokens[request.index] += given }
    for case .finished(let request, let reason) in report.events { finishes[request.index] = reason }
  }
}

/// An engine over real tokens with choices of its own.
struct RealBench {
  static let model: LocalModel = {
    do { return try TinyModel.model() } catch { fatalError("\(error)") }
  }()

  var blocks = 200
  var blockSize = 16
  var tokensPerStep = 512
  var sequences = 8
  var reuses = true
  var plansAhead = false
  var policy = "fcfs"
  var sampler = Sampler()
  var endsOfText: [TokenID] = []
  var reservation = "paged"
  var speculate = "none"
  var draftTokens = "4"
  var companion: LocalModel?
  var format = KVFormat.f16
  var arrivals: [Arrival]

  func engine() throws -> Engine {
    var limits = Limits()
    limits.maxBatchedTokens = tokensPerStep
    limits.maxSequences = sequences
    limits.maxModelLength = 512
    let policy = try #require(PolicyCatalogue.member(named: policy))
    var engine = Engine(
      trace: Trace(name: "real", arrivals: arrivals), planner: Planner(limits: limits, policy: policy.init()),
      memory: KVCache(blockCount: blocks, tokensPerBlock: blockSize, reusesPrefixes: reuses),
      device: CPUDevice(Self.model, companion: companion, blockCount: blocks, tokensPerBlock: blockSize, kvFormat: format, sampler: sampler),
      plansAhead: plansAhead, endsOfText: endsOfText)
    try engine.apply(Command(axis: "reservation", choice: reservation))
    try engine.apply(Command(axis: "draft-tokens", choice: draftTokens))
    try engine.apply(Command(axis: "speculate", choice: speculate))
    return engine
  }

  func answers(_ each: (StepReport) -> Void = { _ in }) throws -> Answers {
    var engine = try engine()
    return try Self.rest(of: &engine, after: Answers(count: arrivals.count), each)
  }

  static func rest(of engine: inout Engine, after past: Answers, _ each: (StepReport) -> Void = { _ in }) throws -> Answers {
    var answers = past
    while let report = try engine.step() {
      answers.fold(report)
      each(report)
      if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { Issue.record("\(sentence)") }
    }
    return answers
  }

  /// Each request alone: nothing is batched, cut, shared or preempted.
  func alone() throws -> Answers {
    var answers = Answers(count: arrivals.count)
    for (number, arrival) in arrivals.enumerated() {
      var bench = RealBench(reuses: false, sampler: sampler, endsOfText: endsOfText, arrivals: arrivals)
      bench.format = format
      // The others come and go in no time, so that numbers stay what they are.
      bench.arrivals = arrivals.indices.map { other in
        var arrival = arrival
        if other != number { arrival.prompt = Prompt([TokenID]()) }
        return arrival
      }
      let one = try bench.answers()
      answers.tokens[number] = one.tokens[number]
      answers.finishes[number] = one.finishes[number]
    }
    return answers
  }

  /// Prompts with beginnings in common, outputs of a few tokens, all within a few milliseconds.
  static func arrivals(seed: UInt64, count: Int = 6) -> [Arrival] {
    var random = SplitMix(seed: seed, purpose: "arrivals")
    var time = 0
    return (0..<count).map { number in
      time += random.below(4)
      var runs = [TokenRun(.own(number), count: 1 + random.below(60))]
      if random.below(2) == 0 { runs.insert(TokenRun(.shared(UInt64(random.below(2))), count: 32 + random.below(40)), at: 0) }
      return Arrival(time: .milliseconds(time), prompt: Prompt(runs), outputLimit: 1 + random.below(40))
    }
  }
}

@Suite("Real tokens")
struct RealTokensTests {
  @Test("batched, chunked, preempted and prefix-cached execution gives the tokens that each request alone gives")
  func schedules() throws {
    var (preemptions, reused, chunks, mixed) = (0, 0, 0, 0)
    for seed in 0..<30 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "schedules")
      // A fast machine would be done with one before the next comes: in half of the runs all come at once.
      let arrivals = RealBench.arrivals(seed: seed).map { arrival in
        var arrival = arrival
        if seed % 2 == 0 { arrival.time = .zero }
        return arrival
      }
      var bench = RealBench(arrivals: arrivals)
      bench.sampler.temperature = seed % 3 == 2 ? 0.8 : 0
      let expected = try bench.alone()
      bench.blockSize = [4, 8, 16][random.below(3)]
      // The longest request needs 172 tokens; little more makes them take blocks from one another.
      bench.blocks = (160 + random.below(40)) / bench.blockSize
      bench.tokensPerStep = 5 + random.below(60)
      bench.sequences = 3 + random.below(6)
      bench.reuses = random.below(3) > 0
      bench.plansAhead = random.below(3) == 0
      bench.policy = PolicyCatalogue.members[random.below(PolicyCatalogue.members.count)].descriptor.name
      let found = try bench.answers { report in
        preemptions += report.plan.preempted.count
        for slot in report.plan.slots {
          reused += slot.entry == .continued ? 0 : Int(slot.first)
          if slot.isReading { chunks += 1 }
        }
        if report.plan.slots.contains(where: \.isReading), report.plan.slots.contains(where: { !$0.isReading }) { mixed += 1 }
      }
      #expect(found == expected, "seed \(seed): \(bench)")
    }
    // Otherwise nothing was shown.
    #expect(preemptions > 5 && reused > 100 && chunks > 20 && mixed > 20, "\(preemptions) \(reused) \(chunks) \(mixed)")
  }

  @Test("a copy of an engine goes its own way to the same tokens, and neither hears of the other")
  func forks() throws {
    for seed in 0..<6 as Range<UInt64> {
      let bench = RealBench(blocks: 24, tokensPerStep: 40, arrivals: RealBench.arrivals(seed: seed))
      let expected = try bench.alone()
      var engine = try bench.engine()
      var answers = Answers(count: bench.arrivals.count)
      for _ in 0..<4 + Int(seed) { if let report = try engine.step() { answers.fold(report) } }
      var fork = engine
      try fork.apply(Command(axis: "max-batched-tokens", choice: "9"))
      let theirs = try RealBench.rest(of: &fork, after: answers)
      let ours = try RealBench.rest(of: &engine, after: answers)
      #expect(theirs == expected && ours == expected, "seed \(seed)")
    }
  }

  @Test("an end of text stops a request, is the last token it keeps, and gives its reason")
  func endOfText() throws {
    var bench = RealBench(arrivals: RealBench.arrivals(seed: 3))
    let whole = try bench.alone()
    // Any token will do as the end: take one that comes in the middle of somebody's answer.
    let longest = try #require(whole.tokens.indices.max { whole.tokens[$0].count < whole.tokens[$1].count })
    let end = whole.tokens[longest][whole.tokens[longest].count / 2]
    bench.endsOfText = [end]
    for plansAhead in [false, true] {
      bench.plansAhead = plansAhead
      let cut = try bench.answers()
      for number in whole.tokens.indices {
        let kept = whole.tokens[number].firstIndex(of: end).map { Array(whole.tokens[number][...$0]) }
        #expect(cut.tokens[number] == kept ?? whole.tokens[number], "request \(number), planned ahead \(plansAhead)")
        #expect(cut.finishes[number] == (kept == nil ? .outputLimit : .endOfText))
      }
      #expect(cut.finishes.contains(.endOfText))
    }
  }

  @Test("the same seed draws the same tokens, another seed others, and request and position tell draws apart")
  func seeds() throws {
    var bench = RealBench(arrivals: (0..<3).map { _ in Arrival(time: .zero, prompt: Prompt([70, 71, 72]), outputLimit: 16) })
    bench.sampler.temperature = 1
    let first = try bench.answers()
    #expect(try bench.answers() == first)
    #expect(Set(first.tokens).count == 3, "equal prompts draw on their own: \(first.tokens)")
    bench.sampler.seed = 1
    #expect(try bench.answers().tokens != first.tokens)
  }

  @Test("a joined device has the times of the modelled GPU and the tokens of the real model, step by step")
  func joined() throws {
    for plansAhead in [false, true] {
      let bench = RealBench(plansAhead: plansAhead, arrivals: RealBench.arrivals(seed: 11))
      let gpu = try ModelledGPU(
        accelerator: AcceleratorCatalogue.accelerator(named: "h100"), model: ModelCatalogue.model(named: "llama-3.1-8b"))
      func engine(_ device: any Device) -> Engine {
        var limits = Limits()
        limits.maxModelLength = 512
        return Engine(
          trace: Trace(name: "joined", arrivals: bench.arrivals), planner: Planner(limits: limits, policy: FirstComeFirstServed()),
          memory: KVCache(blockCount: 200, tokensPerBlock: 16, reusesPrefixes: true), device: device, plansAhead: plansAhead)
      }
      var modelled = engine(gpu)
      var joined = engine(JoinedDevice(clock: gpu, tokens: CPUDevice(RealBench.model, blockCount: 200, tokensPerBlock: 16)))
      #expect(joined.device.isModelled && joined.device.modelledGPU != nil && joined.outcomesAreInputs)
      var answers = Answers(count: bench.arrivals.count)
      while let step = try joined.step() {
        let expected = try #require(try modelled.step())
        #expect(step.record == expected.record, "step \(step.record.step)")
        answers.fold(step)
      }
      #expect(try modelled.step() == nil)
      #expect(try answers == bench.alone())
    }
  }
}
