import Analysis
import Core
import Foundation
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Speculation
import TestSupport
import Testing
import Transformer

@Suite("Speculation")
struct SpeculationTests {
  /// The tiny model's text hardly repeats itself, so a single token must do as a match.
  static let drafters = DrafterCatalogue.members.map(\.descriptor).filter { $0.name != "none" }.map { descriptor in
    switch descriptor.name {
    case "prompt-lookup": "prompt-lookup:2:1"
    case "suffix": "suffix:1"
    default: descriptor.name
    }
  }

  /// The tiny model with other weights guesses badly; with the same it is always right.
  static let companions: [LocalModel] = {
    do { return try [TinyModel.model(seed: 2), TinyModel.model(seed: 1)] } catch { fatalError("\(error)") }
  }()

  @Test(
    "whatever drafts, however memory and batches are cut, every request gets the tokens that it gets alone without drafts",
    arguments: drafters)
  func lossless(drafter: String) throws {
    var (verified, accepted, ragged, preempted) = (0, 0, 0, 0)
    for seed in 0..<12 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "speculation")
      // Beginnings in common and repetition make drafts that stand.
      let arrivals = RealBench.arrivals(seed: seed, count: 7).map { arrival in
        var arrival = arrival
        if seed % 2 == 0 { arrival.time = .zero }
        return arrival
      }
      var bench = RealBench(arrivals: arrivals)
      let alone = try bench.alone()
      bench.speculate = drafter
      bench.companion = Self.companions[Int(seed % 2)]
      bench.draftTokens = ["1", "4", "7", "adaptive", "batch:6:9", "batch:16:20"][random.below(6)]
      bench.blockSize = [4, 8, 16][random.below(3)]
      bench.blocks = (172 + random.below(50)) / bench.blockSize
      bench.tokensPerStep = 20 + random.below(60)
      bench.sequences = [1, 4, 16][random.below(3)]
      bench.reuses = random.below(3) > 0
      if seed % 6 == 5 { (bench.reservation, bench.blocks) = (["worst-case", "power-of-two", "predicted"][Int(seed / 6) % 3], 600 / bench.blockSize) }
      bench.policy = PolicyCatalogue.members[random.below(PolicyCatalogue.members.count)].descriptor.name
      if seed % 4 == 3 {
        // Any token will do as the end of a text; it may come in the middle of what a step gives.
        let longest = try #require(alone.tokens.indices.max { alone.tokens[$0].count < alone.tokens[$1].count })
        bench.endsOfText = [alone.tokens[longest][alone.tokens[longest].count / 2]]
      }
      var expected = alone
      for number in expected.tokens.indices where !bench.endsOfText.isEmpty {
        guard let end = expected.tokens[number].firstIndex(where: bench.endsOfText.contains) else { continue }
        expected.tokens[number] = Array(expected.tokens[number][...end])
        expected.finishes[number] = .endOfText
      }
      let found = try bench.answers { report in
        preempted += report.plan.preempted.count
        var standing: Set<Int32> = []
        for (slot, result) in zip(report.batch.slots, report.outcome.slots) where slot.drafts > 0 && !slot.draftsArePadding {
          verified += Int(slot.drafts)
          accepted += Int(result.accepted)
          standing.insert(result.accepted)
        }
        if standing.count > 1 { ragged += 1 }
      }
      #expect(found == expected, "seed \(seed): \(bench.draftTokens), \(bench.sequences) sequences, \(bench.policy)")
    }
    // Otherwise nothing was shown.
    let computes = ["draft-model", "early-exit", "quantised-self", "tree"].contains(drafter)
    #expect(verified > 100 && accepted > (computes ? 10 : 0) && ragged >= (computes ? 5 : 0) && preempted > 3, "\(verified) \(accepted) \(ragged) \(preempted)")
  }

  @Test("under sampling, what drawn drafts leave is distributed as without them: chi-square of the third token", arguments: ["draft-model", "early-exit:1", "quantised-self", "tree", "tree:1"])
  func distribution(drafter: String) throws {
    // Requests differ by their number, so each is a draw of its own.
    let requests = 1_000
    func counts(_ speculate: String) throws -> (counts: [TokenID: Int], accepted: Int) {
      var bench = RealBench(arrivals: (0..<requests).map { _ in Arrival(time: .zero, prompt: Prompt([70, 71, 72, 73]), outputLimit: 3) })
      bench.blocks = 1_000
      bench.sequences = 64
      bench.speculate = speculate
      bench.draftTokens = drafter.hasPrefix("tree") ? "5" : "2"
      bench.companion = Self.companions[0]
      bench.sampler.temperature = 1.5
      bench.sampler.topK = 4
      // Other draws than those of the run that this is compared with.
      bench.sampler.seed = speculate == "none" ? 1 : 2
      var accepted = 0
      let answers = try bench.answers { accepted += Int($0.record.acceptedTokens) }
      var counts: [TokenID: Int] = [:]
      for tokens in answers.tokens { counts[tokens[2], default: 0] += 1 }
      return (counts, accepted)
    }
    let plain = try counts("none").counts
    let (drafted, accepted) = try counts(drafter)
    #expect(accepted > 10)
    var (statistic, cells) = (0.0, 0)
    var rest = (0, 0)
    func add(_ left: Int, _ right: Int) {
      guard left + right > 0 else { return }
      statistic += Double((left - right) * (left - right)) / Double(left + right)
      cells += 1
    }
    for token in 0..<260 as Range<TokenID> {
      let (left, right) = (plain[token] ?? 0, drafted[token] ?? 0)
      if left + right >= 10 { add(left, right) } else { rest = (rest.0 + left, rest.1 + right) }
    }
    add(rest.0, rest.1)
    // Wilson and Hilferty's approximation of the 99.99 % quantile.
    let freedom = Double(cells - 1)
    let limit = freedom * pow(1 - 2 / (9 * freedom) + 3.719 * (2 / (9 * freedom)).squareRoot(), 3)
    #expect(cells > 5 && statistic < limit, "chi-square \(statistic) with \(cells - 1) degrees of freedom, \(limit) is the limit")
  }

  @Test("switched on and off with requests in flight, drafters change no text; nothing leaks", arguments: 0..<4 as Range<UInt64>)
  func switching(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "switching drafters")
    var bench = RealBench(blocks: 24, tokensPerStep: 40, arrivals: RealBench.arrivals(seed: seed, count: 8))
    let expected = try bench.alone()
    bench.companion = Self.companions[1]
    var engine = try bench.engine()
    var answers = Answers(count: bench.arrivals.count)
    while let report = try engine.step() {
      answers.fold(report)
      if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { Issue.record("seed \(seed): \(sentence)") }
      guard random.below(3) == 0 else { continue }
      let names = DrafterCatalogue.members.map(\.descriptor.name)
      try engine.apply(Command(axis: "speculate", choice: names[random.below(names.count)]))
      try engine.apply(Command(axis: "draft-tokens", choice: ["1", "3", "16", "adaptive", "batch:4:5"][random.below(5)]))
    }
    #expect(answers == expected, "seed \(seed)")
    #expect(engine.state.memory.pool.usedCount == 0)
  }

  @Test("with speculation goes asynchronous scheduling, by itself and with a word; it cannot come back while drafts are made")
  func asynchronous() throws {
    var bench = RealBench(plansAhead: true, arrivals: RealBench.arrivals(seed: 5))
    let expected = try bench.alone()
    bench.plansAhead = true
    var engine = try bench.engine()
    var answers = Answers(count: bench.arrivals.count)
    var events: [EngineEvent] = []
    for _ in 0..<3 { if let report = try engine.step() { answers.fold(report) } }
    try engine.apply(Command(axis: "speculate", choice: "trigram"))
    #expect(!engine.plansAhead)
    #expect(throws: CommandError.self) { try engine.apply(Command(axis: "async-scheduling", choice: "on")) }
    while let report = try engine.step() {
      answers.fold(report)
      events += report.events
    }
    #expect(answers == expected)
    #expect(events.contains(.settled(axis: "speculate", .synchronous)) && events.contains(.switched(axis: "async-scheduling", to: "off")))
  }

  // MARK: The modelled GPU

  static func modelled(_ choose: (inout Configuration) -> Void) throws -> Engine {
    var configuration = Configuration()
    configuration.asyncScheduling = "off"
    choose(&configuration)
    let arrivals = (0..<40).map { Arrival(time: .milliseconds($0 * 5), prompt: Prompt(TokenRun(.own($0), count: 100)), outputLimit: 200, label: UInt16($0 % 3)) }
    return try configuration.engine(for: Trace(name: "modelled", arrivals: arrivals, labels: ["", "code", "prose"]))
  }

  static func fault(_ choose: (inout Configuration) -> Void) -> String? {
    do {
      _ = try modelled(choose)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("where nobody says which drafts stand, a modelled GPU does not speculate, and says in one line who could say it")
  func refusal() throws {
    let sentence = try #require(Self.fault { $0.speculate = "prompt-lookup" })
    #expect(sentence.contains("--acceptance") && sentence.contains("--tokens-from") && !sentence.contains("\n"))
    #expect(Self.fault { ($0.speculate, $0.acceptance) = ("draft-model", "0.8,0.6,0.5,0.4") }?.contains("--draft-model") == true)
    #expect(Self.fault { ($0.speculate, $0.acceptance) = ("suffix", "0.8,0.6") }?.contains("2 positions") == true)
    #expect(Self.fault { ($0.speculate, $0.acceptance, $0.asyncScheduling) = ("suffix", "0.8,0.6,0.5,0.4", "on") }?.contains("--async-scheduling") == true)
    for rates in ["0.8,0.9", "1.2", "x", "", "0.5,,0.4"] { #expect(Self.fault { $0.acceptance = rates }?.contains("--acceptance") == true, "\(rates)") }
    var engine = try Self.modelled { _ in }
    #expect(throws: CommandError.self) { try engine.apply(Command(axis: "speculate", choice: "suffix")) }
  }

  @Test("drafts stand as often as the typed rates say, at each position; the same run draws the same")
  func rates() throws {
    func tally() throws -> (SpeculationTally, Digest) {
      var engine = try Self.modelled { ($0.speculate, $0.acceptance, $0.draftTokens) = ("prompt-lookup", "0.8,0.6,0.6,0.1", "4") }
      var scoreboard = Scoreboard()
      while let report = try engine.step() { scoreboard.fold(report.events, report.record, arrivals: engine.trace.arrivals) }
      #expect(scoreboard.outputTokens == 40 * 200)
      return (scoreboard.speculation, engine.state.history)
    }
    let (first, digest) = try tally()
    #expect(first.verifications > 2_000)
    for (found, rate) in zip(first.acceptanceByPosition, [0.8, 0.6, 0.6, 0.1]) { #expect(abs(found - rate) < 0.035, "\(first.acceptanceByPosition)") }
    #expect(try tally() == (first, digest))
  }

  @Test("a profile gives its classes their own lengths and acceptance, and the others the sum")
  func profile() throws {
    let profile = """
      {"schema":"workbench.acceptance/1","model":"m","drafter":"suffix","classes":[
       {"class":"code","counts":[[50],[0,0],[0,0,50]]},{"class":"other","counts":[[0],[100,0],[0,0,0]]}]}
      """
    var engine = try Self.modelled { ($0.speculate, $0.acceptance, $0.draftTokens) = ("suffix", profile, "2") }
    var (drafted, accepted) = ([0, 0, 0], [0, 0, 0])
    while let report = try engine.step() {
      for (slot, result) in zip(report.batch.slots, report.outcome.slots) where !slot.draftsArePadding {
        drafted[Int(slot.label)] += Int(slot.drafts)
        accepted[Int(slot.label)] += Int(result.accepted)
      }
    }
    #expect(drafted[1] == accepted[1] && drafted[1] > 500, "drafts of code stand, all of them")
    for label in [0, 2] {
      // Of four verifications one has two drafts that stand, two have one that falls, one has none.
      let rate = Double(accepted[label]) / Double(drafted[label])
      #expect(abs(rate - 0.5) < 0.06, "\(label): \(rate)")
    }
    #expect(Self.fault { $0.acceptance = "{\"schema\":\"x\"}" }?.contains("profile-acceptance") == true)
  }

  @Test("trees stand only by a source that speaks of trees: ranks that are typed, or a profile of so many tokens; each refusal is one line")
  func treeSources() throws {
    let chain = try #require(Self.fault { ($0.speculate, $0.draftModel, $0.acceptance) = ("tree", "llama-3.2-1b", "0.8,0.6,0.5,0.4") })
    #expect(chain.contains("0.6+0.2+0.1") && !chain.contains("\n"))
    #expect(Self.fault { ($0.speculate, $0.acceptance) = ("suffix", "0.8+0.1,0.6,0.5,0.4") }?.contains("--speculate tree") == true)
    for ranks in ["0.8+0.9", "0.5+", "0.2+0.4", "+"] { #expect(Self.fault { $0.acceptance = ranks }?.contains("--acceptance") == true, "\(ranks)") }
    let profile = """
      {"schema":"workbench.acceptance/1","model":"m","drafter":"tree","classes":[{"class":"code","counts":[[0],[0,0],[1,2,1]],"levels":[1.5,0.5]}]}
      """
    func fault(_ tokens: String) -> String? {
      Self.fault { ($0.speculate, $0.draftModel, $0.acceptance, $0.draftTokens) = ("tree", "llama-3.2-1b", profile, tokens) }
    }
    #expect(fault("2") == nil && fault("1")?.contains("--draft-tokens 2") == true && fault("adaptive:2")?.contains("--draft-tokens 2") == true)
  }

  @Test("of typed ranks the likeliest tree is drafted and stands as often as they say; it beats the chain of as many tokens")
  func treeRates() throws {
    func accepted(_ speculate: String, _ acceptance: String) throws -> (perVerify: Double, drafting: EngineTime) {
      var engine = try Self.modelled {
        ($0.speculate, $0.draftModel, $0.acceptance, $0.draftTokens) = (speculate, "llama-3.2-1b", acceptance, "4")
      }
      var scoreboard = Scoreboard()
      var drafting = EngineTime.zero
      while let report = try engine.step() {
        scoreboard.fold(report.events, report.record, arrivals: engine.trace.arrivals)
        drafting += report.record.drafting
      }
      return (scoreboard.speculation.acceptedPerVerify ?? 0, drafting)
    }
    // Four tokens: 0.6, 0.36, 0.2 and 0.216; a chain's are 0.6, 0.36, 0.216 and 0.13.
    let ranks = Array(repeating: "0.6+0.2", count: 4).joined(separator: ",")
    let tree = try accepted("tree", ranks)
    let chain = try accepted("draft-model", "0.6,0.36,0.216,0.1296")
    #expect(abs(tree.perVerify - (0.6 + 0.2 + 0.36 + 0.216)) < 0.05, "\(tree)")
    #expect(abs(chain.perVerify - (0.6 + 0.36 + 0.216 + 0.1296)) < 0.05, "\(chain)")
    #expect(tree.drafting < chain.drafting, "three levels are three passes, not four")
  }

  @Test("drafts made meanwhile: a step takes as long as the longer of both, and gives as many tokens as the chain of steps with and without drafts does")
  func overlap() throws {
    let rates = [0.9, 0.8, 0.7, 0.6]
    func run(_ overlap: String) throws -> (tokensPerStep: Double, exposed: Double, blocks: Int, duration: EngineTime) {
      var engine = try Self.modelled {
        ($0.speculate, $0.draftModel, $0.draftTokens, $0.draftOverlap) = ("draft-model", "llama-3.2-1b", "4", overlap)
        $0.acceptance = rates.map { "\($0)" }.joined(separator: ",")
      }
      var (steps, tokens, exposed, total) = (0, 0, EngineTime.zero, EngineTime.zero)
      while let report = try engine.step() {
        for (slot, result) in zip(report.batch.slots, report.outcome.slots) where slot.isDecode && slot.outputs < 190 {
          steps += 1
          tokens += Int(result.emitted)
        }
        exposed += report.record.drafting
        total += report.record.duration
      }
      return (Double(tokens) / Double(steps), exposed.seconds / total.seconds, engine.state.memory.pool.blockCount, total)
    }
    let turns = try run("off")
    let pearl = try run("pearl")
    #expect(abs(turns.tokensPerStep - 4.0) < 0.05, "\(turns)")
    // Drafts follow drafts that all stood with 0.6, and a step without any with 0.9.
    let expected = (1 - 0.6 + rates.reduce(0, +)) / (1 + 0.9 - 0.6)
    #expect(abs(pearl.tokensPerStep - expected) < 0.08, "\(pearl), \(expected) expected")
    #expect(pearl.exposed < turns.exposed && pearl.blocks > turns.blocks, "the draft model is elsewhere: \(pearl) \(turns)")
    // Cores that are fast enough give what a GPU gives, and nobody waits; slow ones draft less.
    let fast = try run("duodecoding:10000000:10000000")
    let slow = try run("duodecoding:1500:100000")
    #expect(fast.tokensPerStep == pearl.tokensPerStep && fast.exposed == 0)
    #expect(slow.tokensPerStep < fast.tokensPerStep && slow.tokensPerStep > 1 && slow.exposed == 0, "\(slow)")

    #expect(Self.fault { ($0.speculate, $0.draftOverlap, $0.acceptance) = ("suffix", "pearl", "0.5,0.4,0.3,0.2") }?.contains("draft-model") == true)
    #expect(Self.fault { ($0.speculate, $0.draftModel, $0.draftOverlap, $0.acceptance) = ("draft-model", "llama-3.2-1b", "duodecoding", "0.5,0.4,0.3,0.2") }?.contains("duodecoding:DRAFTING:READING") == true)
  }

  @Test("drafts with the upper half of an eight-bit cache cost less than a step where keys and values are what it reads, and want such a cache")
  func quantised() throws {
    func run(_ context: Int, _ choose: (inout Configuration) -> Void) throws -> (draft: Double, step: Double) {
      var configuration = Configuration()
      (configuration.asyncScheduling, configuration.speculate, configuration.draftTokens) = ("off", "quantised-self", "1")
      (configuration.kvFormat, configuration.acceptance) = ("int8", "0.9")
      // Keys and values of every head, and little bandwidth: with few heads making numbers of codes takes what their bytes save.
      (configuration.device, configuration.model, configuration.maxModelLength) = ("rtx-a6000", "llama-2-7b", 70_000)
      choose(&configuration)
      let arrivals = (0..<1).map { Arrival(time: .zero, prompt: Prompt(TokenRun(.own($0), count: context)), outputLimit: 20) }
      var engine = try configuration.engine(for: Trace(name: "long", arrivals: arrivals))
      var last = (draft: 0.0, step: 0.0)
      while let report = try engine.step() {
        if report.record.prefillTokens == 0, report.record.drafting > .zero {
          last = (report.record.drafting.milliseconds, (report.record.duration - report.record.drafting).milliseconds)
        }
      }
      return last
    }
    let (short, long) = (try run(500) { _ in }, try run(60_000) { _ in })
    #expect(long.draft / long.step < short.draft / short.step - 0.03, "\(short) \(long)")
    #expect(Self.fault { ($0.speculate, $0.acceptance, $0.draftTokens) = ("quantised-self", "0.9", "1") }?.contains("--kv-format int8") == true)
    var engine = try Self.modelled { ($0.speculate, $0.acceptance, $0.draftTokens, $0.kvFormat) = ("quantised-self", "0.9", "1", "int8") }
    #expect(throws: CommandError.self) { try engine.apply(Command(axis: "kv-format", choice: "f16")) }
  }

  @Test("a draft model costs its passes, its weights and its keys and values")
  func draftModel() throws {
    func run(_ choose: (inout Configuration) -> Void) throws -> (drafting: EngineTime, blocks: Int) {
      var engine = try Self.modelled {
        ($0.acceptance, $0.draftTokens) = ("0.8,0.7,0.6,0.5,0.4,0.3,0.2,0.1", "4")
        choose(&$0)
      }
      var drafting = EngineTime.zero
      while let report = try engine.step() { drafting += report.record.drafting }
      return (drafting, engine.state.memory.pool.blockCount)
    }
    let none = try run { _ in }
    let text = try run { $0.speculate = "suffix" }
    let model = try run { ($0.speculate, $0.draftModel) = ("draft-model", "llama-3.2-1b") }
    let long = try run { ($0.speculate, $0.draftModel, $0.draftTokens) = ("draft-model", "llama-3.2-1b", "8") }
    let own = try run { $0.speculate = "early-exit" }
    #expect(none.drafting == .zero && text.drafting == .zero && none.blocks == text.blocks && own.blocks == none.blocks)
    #expect(model.drafting > .zero && long.drafting > model.drafting && own.drafting > model.drafting)
    #expect(Double(model.blocks) < 0.85 * Double(none.blocks), "32 layers of keys and values become 32 and 16: \(model.blocks) of \(none.blocks)")
  }
}
