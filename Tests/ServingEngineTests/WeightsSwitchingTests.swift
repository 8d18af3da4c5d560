import Analysis
import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing
import Transformer

/// Weights change their format while requests are in flight.
@Suite("Switching weights")
struct WeightsSwitchingTests {
  private static let axis = AxisCatalogue.weights

  @Test("what weights leave is the pool's, and a round trip brings it back; they are loaded once, before the next step, over the host link")
  func pool() throws {
    var engine = try KVFormatSwitchingTests.modelled(KVFormatSwitchingTests.load(30, seed: 1), blocks: 1_000)
    for _ in 0..<10 { _ = try engine.step() }
    let gpu = try #require(engine.device.modelledGPU)
    let kept = engine.state.requests.map(\.computed)
    var sizes: [String] = []
    for format in ["f8", "int4", "sparse:80", "as-loaded"] {
      try engine.apply(Command(axis: "weights", choice: format))
      sizes.append("\(format) \(engine.state.memory.pool.blockCount)")
    }
    // 6.98, 10.36 and 10.31 GB less than 16.06 GB, in blocks of 2 MiB.
    #expect(sizes == ["f8 4328", "int4 5940", "sparse:80 5908", "as-loaded 1000"])
    #expect(engine.state.requests.map(\.computed) == kept)
    var report = try #require(try engine.step())
    // There and back between two steps, nothing was loaded.
    #expect(!report.events.contains { if case .reloaded = $0 { true } else { false } })

    let before = report.record.duration
    try engine.apply(Command(axis: "weights", choice: "int4"))
    report = try #require(try engine.step())
    let reload = try #require(report.outcome.reload)
    #expect(report.events.contains(.reloaded(reload)))
    #expect(report.events.contains(.settled(axis: "weights", .resized(blocks: 5_940, from: 1_000, forgotten: 0))))
    let link = MemoryTier.host(of: gpu.accelerator)
    // Seven billion weights of half a byte, and their scales.
    #expect(reload.bytes == 3_598_712_832)
    #expect(abs(reload.duration.seconds / link.seconds(toMove: reload.bytes) - 1) < 0.001 && report.record.duration > reload.duration)
    #expect(reload.blocks > 0 && reload.sentence.contains("from as-loaded to int4") && reload.sentence.contains("stay as as-loaded gave them"))
    report = try #require(try engine.step())
    #expect(report.record.duration < before, "decodes wait for a quarter of the weights")

    try engine.apply(Command(axis: "weights", choice: "as-loaded"))
    _ = try engine.step()
    #expect(engine.device.modelledGPU?.model == gpu.model && engine.state.memory.pool.blockCount == 1_000)
  }

  @Test("what cannot be had in place says why, and whether a fork can have it")
  func refusal() throws {
    let arrivals = (0..<20).map { Arrival(time: .zero, prompt: Prompt(TokenRun(.own($0), count: 150)), outputLimit: 40) }
    var full = try KVFormatSwitchingTests.modelled(arrivals, blocks: 3_500) { ($0.weights, $0.prefixCache) = ("f8", "off") }
    for _ in 0..<6 { _ = try full.step() }
    #expect(Self.axis.fault(of: "as-loaded", in: full)?.contains("200 blocks are in use") == true)
    #expect(Self.axis.forkChoice("as-loaded", of: full) == nil)
    #expect(throws: CommandError.self) { try full.apply(Command(axis: "weights", choice: "as-loaded")) }
    #expect(Self.axis.current(full) == "f8")

    func fault(_ choice: String, forks: Bool, _ word: String, _ choose: @escaping (inout Configuration) -> Void) throws {
      let engine = try KVFormatSwitchingTests.modelled(arrivals, choose)
      #expect(Self.axis.fault(of: choice, in: engine)?.contains(word) == true, "\(Self.axis.fault(of: choice, in: engine) ?? "none")")
      #expect((Self.axis.forkChoice(choice, of: engine) != nil) == forks, "\(choice)")
    }
    try fault("w4a4", forks: false, "4-bit whole numbers") { $0.device = "h100" }
    try fault("int4", forks: true, "fork") { $0.pipelineParallel = 2 }
    try fault("int4", forks: true, "fork") { $0.placement = "split-static" }
    try fault("w4a4", forks: false, "choose int4") {
      $0 = .cpu
      $0.tokens = RealModel(name: BuiltInModel.small.rawValue, source: .builtIn(.small))
    }
  }

  @Test("200 random switches among requests that come, share, are preempted, swapped and hang up: no block leaks, no token is lost", arguments: 0..<2)
  func storm(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "weights storm")
    let choices = ["as-loaded", "f16", "f8", "int8", "int4", "w4a4:30", "sparse:40", "sparse:80"]
    var (switches, refused, loaded, moved) = (0, 0, 0, 0)
    var run = 0
    while switches < 200 {
      run += 1
      var arrivals = KVFormatSwitchingTests.load(60, seed: seed * 100 + UInt64(run), gap: 12)
      for number in arrivals.indices where number % 9 == 4 { arrivals[number].abortTime = arrivals[number].time + .milliseconds(40) }
      // Narrow weights leave thousands of blocks more: wide ones have hardly any.
      var engine = try KVFormatSwitchingTests.modelled(arrivals, blocks: 60 + random.below(60)) { configuration in
        (configuration.device, configuration.preemption, configuration.attention) = ("a100-80", "swap", random.below(2) == 0 ? "dense" : "top-pages:4")
        configuration.maxSequences = 2 + random.below(20)
        configuration.asyncScheduling = random.below(2) == 0 ? "on" : "off"
      }
      var emitted = [Int](repeating: 0, count: arrivals.count)
      var (aborted, rejected): (Set<Int>, Set<Int>) = ([], [])
      while true {
        // Several between two steps: only the last is loaded.
        for _ in 0..<(random.below(16) == 0 ? 12 : 0) {
          let kinds = [("kv-format", ["f16", "int8", "int4"]), ("attention", ["dense", "top-pages:4", "double-sparse", "pattern-prefill:4"]), ("weights", choices)]
          let (name, options) = kinds[random.below(4) % 3 == 0 ? random.below(2) : 2]
          let command = Command(axis: name, choice: options[random.below(options.count)])
          let tables = engine.state.memory.tables.map(\.blocks)
          do {
            let before = engine.weights
            try engine.apply(command)
            if engine.weights != before { switches += 1 }
          } catch { refused += 1 }
          if engine.state.memory.tables.map(\.blocks) != tables { moved += 1 }
        }
        guard let report = try engine.step() else { break }
        for event in report.events {
          switch event {
          case .computed(let id, _, _, _, _, let tokens): emitted[id.index] += Int(tokens)
          case .finished(let id, .aborted): aborted.insert(id.index)
          case .rejected(let id, _): rejected.insert(id.index)
          case .reloaded: loaded += 1
          default: break
          }
        }
        if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) {
          Issue.record("seed \(seed), run \(run), step \(report.record.step): \(sentence)")
          return
        }
      }
      #expect(engine.state.memory.pool.usedCount == 0, "seed \(seed), run \(run)")
      for (number, arrival) in arrivals.enumerated() where !aborted.contains(number) && !rejected.contains(number) {
        #expect(emitted[number] == arrival.outputLimit, "seed \(seed), run \(run), request \(number)")
      }
    }
    print("weights storm, seed \(seed): \(switches) switches, \(refused) refused, \(loaded) loads, tables moved \(moved) times in \(run) runs")
    #expect(loaded > 0 && moved > 0)
  }

  @Test("on the cpu weights are packed anew from the file and tokens flow on; back again, the weights are those that were", .enabled(if: BuiltInModel.small.file != nil))
  func cpu() throws {
    func run(_ path: [(step: Int, choice: String)], weights: String = "as-loaded") throws -> (tokens: [TokenID], reloads: [WeightReload], outcomes: [BatchOutcome]) {
      var configuration = Configuration.cpu
      configuration.tokens = RealModel(name: BuiltInModel.small.rawValue, source: .builtIn(.small))
      configuration.tokens?.ignoresEndOfText = true
      configuration.weights = weights
      let text = "The ferry leaves at nine and the bus at ten; whoever misses both walks.".utf8.map { TokenID($0) }
      let arrivals = [text, Array(text.reversed())].map { Arrival(time: .zero, prompt: Prompt($0), outputLimit: 30) }
      var engine = try configuration.engine(for: Trace(name: "two", arrivals: arrivals))
      var (tokens, reloads, outcomes): ([TokenID], [WeightReload], [BatchOutcome]) = ([], [], [])
      while true {
        for (_, choice) in path.filter({ $0.step == engine.state.step }) { try engine.apply(Command(axis: "weights", choice: choice)) }
        guard let report = try engine.step() else { break }
        tokens += report.outcome.tokens
        outcomes.append(report.outcome)
        for case .reloaded(let reload) in report.events {
          reloads.append(reload)
          #expect(report.record.duration >= reload.duration && reload.duration > .zero && reload.way == .file)
        }
      }
      #expect(engine.state.memory.pool.usedCount == 0)
      return (tokens, reloads, outcomes)
    }
    let plain = try run([])
    #expect(try run([(0, "int4")]).tokens == run([], weights: "int4").tokens, "before the first step or from the beginning")
    #expect(try run([(0, "sparse:90"), (0, "as-loaded")]).reloads.isEmpty)
    let there = try run([(8, "sparse:90"), (16, "int4"), (20, "as-loaded")])
    #expect(there.reloads.map(\.to) == ["sparse:90", "int4", "as-loaded"] && there.reloads.map(\.from) == ["as-loaded", "sparse:90", "int4"])
    #expect(there.reloads[0].blocks > 0 && there.reloads[1].bytes < there.reloads[2].bytes)
    #expect(there.tokens.count == plain.tokens.count && there.tokens != plain.tokens && there.tokens.prefix(16) == plain.tokens.prefix(16))
  }
}
