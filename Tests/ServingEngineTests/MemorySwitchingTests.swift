import Core
import KVMemory
import Scheduling
import ServingEngine
import Testing
import Transformer

/// Everything that says how keys, values and weights are kept, switched against everything else, with requests in flight.
@Suite("Switching how memory is used")
struct MemorySwitchingTests {
  /// Choices that bite on requests of a few hundred tokens.
  private static let choices: [(axis: String, choices: [String])] = [
    ("kv-format", ["f16", "f8", "int8", "int4", "int4-hadamard", "kivi2", "bfp8"]),
    (
      "retain",
      [
        "all", "all", "sink-window:4:32", "heavy-hitters:40%", "snapshot:50%", "morph:40:8", "lazy:40%", "heads:50:4:32", "heads:25:2:16",
        "magnitude-sparse:50%", "magnitude-sparse:25%",
      ]
    ),
    ("attention", ["dense", "shared-prefix", "top-pages:2", "double-sparse:16:8", "pattern-prefill:2"]),
    ("weights", ["as-loaded", "f8", "int8", "int4", "sparse:60"]),
    ("protect", ["none", "prompt-prefix:16"]),
    ("prefix-cache", ["off", "lru"]), ("preemption", ["recompute", "swap"]), ("async-scheduling", ["on", "off"]),
    ("policy", ["fcfs", "chunked", "shortest-prompt"]), ("max-batched-tokens", ["64", "512", "2048"]),
  ]

  /// Drives an engine to its end while it is switched at random.
  private struct Storm {
    var random: SplitMix
    var switches = 0
    var refused = 0
    /// Switches of each axis, in the order of `choices`.
    var counts = [Int](repeating: 0, count: MemorySwitchingTests.choices.count)

    init(seed: UInt64) { random = SplitMix(seed: seed, purpose: "memory storm") }

    /// - Returns: What broke, and where; nil when all went well.
    mutating func drive(_ engine: inout Engine, switchesForEachStep: Int) throws -> String? {
      let arrivals = engine.trace.arrivals
      var emitted = [Int](repeating: 0, count: arrivals.count)
      var left: Set<Int> = []
      var last = "nothing"
      while true {
        for _ in 0..<switchesForEachStep {
          let place = random.below(choices.count)
          let (name, members) = choices[place]
          let choice = members[random.below(members.count)]
          guard let axis = AxisCatalogue.axis(named: name), axis.current(engine) != choice else { continue }
          if axis.fault(of: choice, in: engine) != nil {
            refused += 1
            continue
          }
          try engine.apply(Command(axis: name, choice: choice))
          switches += 1
          counts[place] += 1
          last = "\(name) \(choice)"
          if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { return "step \(engine.state.step), after \(last): \(sentence)" }
        }
        guard let report = try engine.step() else { break }
        for event in report.events {
          switch event {
          case .computed(let id, _, _, _, _, let tokens): emitted[id.index] += Int(tokens)
          case .finished(let id, .aborted), .rejected(let id, _): left.insert(id.index)
          default: break
          }
        }
        if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { return "step \(report.record.step), after \(last): \(sentence)" }
        guard engine.state.step < 50_000 else { return "no end" }
      }
      let memory = engine.state.memory
      if memory.pool.usedCount > 0 || memory.host?.parkedCount ?? 0 > 0 { return "\(memory.pool.usedCount) blocks leaked" }
      if engine.state.scheduler.filledSlots != 0 || engine.state.scheduler.droppedTokens != 0 { return "counts of tokens do not come back to nothing" }
      for (number, arrival) in arrivals.enumerated() where !left.contains(number) && emitted[number] != arrival.outputLimit {
        return "request \(number) has \(emitted[number]) tokens of \(arrival.outputLimit)"
      }
      return nil
    }
  }

  @Test("on a modelled GPU 10,000 random switches of formats, retention, sparse attention and weights leak no block and lose no token")
  func modelled() throws {
    var storm = Storm(seed: 11)
    var run: UInt64 = 0
    while storm.switches < 10_000 {
      run += 1
      var arrivals = KVFormatSwitchingTests.load(60, seed: 100 + run, gap: 12)
      for number in arrivals.indices where number % 9 == 4 { arrivals[number].abortTime = arrivals[number].time + .milliseconds(40) }
      var engine = try KVFormatSwitchingTests.modelled(arrivals, blocks: 40 + storm.random.below(60)) { configuration in
        configuration.preemption = "swap"
        configuration.maxSequences = 2 + storm.random.below(20)
      }
      if let fault = try storm.drive(&engine, switchesForEachStep: 6) {
        Issue.record("seed 11, run \(run), switch \(storm.switches): \(fault)")
        return
      }
    }
    #expect(storm.counts[..<5].allSatisfy { $0 > 300 } && storm.refused > 100, "\(storm.counts), \(storm.refused) refused")
  }

  @Test("on the cpu 200 random switches leave tokens flowing and no block behind", .enabled(if: BuiltInModel.small.file != nil), arguments: 0..<2 as Range<UInt64>)
  func cpu(seed: UInt64) throws {
    var storm = Storm(seed: seed)
    var run = 0
    let text = Array(String(repeating: "The ferry leaves at nine and the bus at ten; whoever misses both walks. ", count: 4).utf8)
    while storm.switches < 200 {
      run += 1
      var configuration = Configuration.cpu
      configuration.tokens = RealModel(name: BuiltInModel.small.rawValue, source: .builtIn(.small))
      configuration.tokens?.ignoresEndOfText = true
      configuration.kvBlocks = 60 + storm.random.below(40)
      let arrivals = (0..<8).map { number in
        let start = storm.random.below(60)
        return Arrival(
          time: .milliseconds(number * 3), prompt: Prompt(text[start..<start + 20 + storm.random.below(200)].map { TokenID($0) }),
          outputLimit: 10 + storm.random.below(30))
      }
      var engine = try configuration.engine(for: Trace(name: "cpu", arrivals: arrivals))
      if let fault = try storm.drive(&engine, switchesForEachStep: 2) {
        Issue.record("seed \(seed), run \(run), switch \(storm.switches): \(fault)")
        return
      }
    }
    #expect(storm.counts[..<4].allSatisfy { $0 > 5 }, "\(storm.counts)")
  }
}
