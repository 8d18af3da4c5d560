import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing

/// A millisecond in each stage. A column is what left the pipeline in a step.
@Suite("Pipelines, drawn")
struct PipelinePictureTests {
  @Test("a batch is put together when one has left; chunks of a prompt follow each other, a decode waits for its token")
  func microBatches() throws {
    try expectLanes(
      TinyBench(tokensPerStep: 4, prompts: [4, 9], outputs: [3, 2], device: MillisecondDevice(stages: 2)),
      """
      A  4 . 1 . 1 .
      B  . 4 3 2 . 1
      """)
  }

  @Test("nothing is lost or leaked over random loads, and a copy goes the same way", arguments: 0..<12)
  func storm(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "pipeline storm")
    let count = 80
    let load = RandomLoad(count, gap: 4, &random)
    let outputs = load.outputs
    var bench = TinyBench(
      tokensPerStep: 4 + random.below(30), sequences: 1 + random.below(12), blocks: 16 + random.below(30), reuses: true,
      arrivals: load.arrivals, prompts: load.prompts, outputs: outputs, contents: load.contents, plansAhead: random.below(2) == 0,
      aborts: seed % 3 == 0 ? [5: 30, 11: 31, 17: 60] : [:], hostBlocks: 1 + random.below(60),
      outlook: Outlook(ttft: .milliseconds(20), tpot: .milliseconds(2), seed: seed), device: MillisecondDevice(stages: 2 + random.below(4)))
    let axes = AxisCatalogue.all.filter { $0.name != "placement" && $0.name != "replicas" }
    var emitted = [Int](repeating: 0, count: count)
    var aborted: Set<Int> = []
    var fork: Engine?
    while true {
      if fork == nil {
        let axis = axes[random.below(axes.count)]
        let choice = SwitchingTests.randomChoice(of: axis, &random)
        if axis.fault(of: choice, in: bench.engine) == nil { try bench.engine.apply(Command(axis: axis.name, choice: choice)) }
        if bench.engine.state.step == 60 { fork = bench.engine }
      }
      guard let report = try bench.engine.step() else { break }
      for event in report.events {
        if case .computed(let id, _, _, _, _, let tokens) = event { emitted[id.index] += Int(tokens) }
        if case .finished(let id, .aborted) = event { aborted.insert(id.index) }
      }
      if let sentence = KVCache.invariants.firstViolation(of: bench.engine.state.memory) {
        Issue.record("seed \(seed), step \(report.record.step): \(sentence)")
        return
      }
      try #require(bench.engine.state.step < 20_000, "seed \(seed): the engine does not come to an end")
    }
    for number in 0..<count where !aborted.contains(number) {
      #expect(emitted[number] == outputs[number], "seed \(seed), request \(number)")
    }
    #expect(bench.engine.state.memory.pool.usedCount == 0 && bench.engine.state.memory.host?.parkedCount ?? 0 == 0)
    while try fork?.step() != nil {}
    #expect(fork.map { $0.state.history == bench.engine.state.history } ?? true, "seed \(seed)")
  }
}
