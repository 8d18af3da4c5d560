import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing

/// Every axis at random while requests are in flight.
@Suite("Switching")
struct SwitchingTests {
  /// A member with numbers of its range, small ones as they matter here.
  static func randomChoice(of axis: Axis, _ random: inout SplitMix) -> String {
    if axis.name == "max-batched-tokens" { return String(1 + random.below(40)) }
    if axis.name == "cacheblend" { return String(random.below(101)) }
    if axis.name == "max-seqs" { return String(1 + random.below(10)) }
    if let range = axis.range { return String(range.lowerBound + random.below(min(60, range.count))) }
    let member = axis.members[random.below(axis.members.count)]
    let values = member.parameters.map { parameter in
      let span = min(parameter.range.upperBound - parameter.range.lowerBound, 60)
      return parameter.range.lowerBound + random.below(span + 1)
    }
    return Choice(member, values).description
  }

  @Test("200 random switches lose no token and leak no block, and a copy goes the same way", arguments: 0..<8)
  func storm(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "switching storm")
    let count = 160
    let load = RandomLoad(count, gap: 4, &random)
    let outputs = load.outputs
    var bench = TinyBench(
      tokensPerStep: 4 + random.below(30), sequences: 1 + random.below(8), blocks: 16 + random.below(30), reuses: true,
      arrivals: load.arrivals, prompts: load.prompts, outputs: outputs, contents: load.contents, plansAhead: random.below(2) == 0,
      aborts: seed % 3 == 0 ? [5: 30, 11: 31, 17: 60, 80: 300] : [:], labels: (0..<count).map { _ in random.below(4) },
      hostBlocks: 1 + random.below(60),
      outlook: Outlook(ttft: .milliseconds(20), tpot: .milliseconds(2), seed: seed),
      device: seed % 2 == 0 ? MillisecondDevice() : LayeredDevice())
    var emitted = [Int](repeating: 0, count: count)
    var aborted: Set<Int> = []
    var switches = 0
    var script: [(step: Int, command: Command)] = []
    let first = bench.engine
    // What only several engines have, FleetTests switches.
    let axes = AxisCatalogue.all.filter { $0.name != "replicas" && $0.fault(of: $0.current(first), in: first) == nil }
    while true {
      if switches < 200 {
        let axis = axes[random.below(axes.count)]
        let command = Command(axis: axis.name, choice: Self.randomChoice(of: axis, &random))
        // What excludes another choice, or the device cannot do, is refused and no switch.
        guard axis.fault(of: command.choice, in: bench.engine) == nil else { continue }
        try bench.engine.apply(command)
        script.append((bench.engine.state.step, command))
        #expect(axis.current(bench.engine) == (try axis.choice(command.choice).description), "seed \(seed): \(axis.name)")
        switches += 1
      }
      guard let report = try bench.engine.step() else { break }
      for event in report.events {
        if case .computed(let id, _, _, _, _, let tokens) = event { emitted[id.index] += Int(tokens) }
        if case .finished(let id, .aborted) = event { aborted.insert(id.index) }
      }
      let state = bench.engine.state
      if let sentence = KVCache.invariants.firstViolation(of: state.memory) {
        Issue.record("seed \(seed), step \(report.record.step): \(sentence)")
        return
      }
      let dropped = state.scheduler.running.reduce(0) { $0 + Int(state.memory.tables[Int($1)].dropped) }
      let filled = state.scheduler.running.reduce(0) { $0 + state.requests[Int($1)].computed } - dropped
      #expect(filled == Int(report.record.filledSlots) && dropped == Int(report.record.droppedTokens), "seed \(seed), step \(report.record.step)")
      try #require(state.step < 20_000, "seed \(seed): the engine does not come to an end")
    }
    #expect(switches == 200, "seed \(seed): the load was too small")
    for number in 0..<count where !aborted.contains(number) {
      #expect(emitted[number] == outputs[number], "seed \(seed), request \(number)")
    }
    #expect(bench.engine.state.memory.pool.usedCount == 0)
    #expect(bench.engine.state.memory.host?.parkedCount ?? 0 == 0)

    var again = first
    for (step, command) in script {
      while again.state.step < step { _ = try again.step() }
      try again.apply(command)
    }
    while try again.step() != nil {}
    #expect(again.state.history == bench.engine.state.history, "seed \(seed)")
  }

  @Test("a choice has one spelling: numbers that are the standard ones are left out")
  func spelling() throws {
    var bench = TinyBench(prompts: [3], outputs: [3])
    let axis = try #require(AxisCatalogue.axis(named: "policy"))
    try bench.engine.apply(Command(axis: "policy", choice: "length-aware:512"))
    #expect(axis.current(bench.engine) == "length-aware")
    try bench.engine.apply(Command(axis: "policy", choice: "length-aware:64:20"))
    #expect(axis.current(bench.engine) == "length-aware:64")
    for (text, fault) in [
      ("length-aware:0", "tokens is a whole number from 1 to 1048576 (unread tokens of a short prompt at most); write length-aware[:tokens:window]"),
      ("length-aware:1:2:3", "length-aware[:tokens:window] is how it is written: 2 at most"),
      ("fcfs:3", "fcfs takes no number"),
    ] {
      #expect(axis.fault(of: text) == "--policy \(text): \(fault)")
    }
  }
}
