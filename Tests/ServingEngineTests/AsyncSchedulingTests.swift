import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing

@Suite("Asynchronous scheduling")
struct AsyncSchedulingTests {
  @Test("alone, a request takes the same steps: its last token is known to come and not asked for twice")
  func alone() throws {
    try expectLanes(TinyBench(tokensPerStep: 4, prompts: [6], outputs: [3], plansAhead: true), "A  4 2 1 1")
  }

  @Test("who arrives while a step runs waits for the rest of it and for the whole next one")
  func arrival() throws {
    // B arrives when step 1 begins and is planned then, for step 2. Synchronously it would be in step 1.
    try expectLanes(
      TinyBench(tokensPerStep: 8, arrivals: [0, 1], prompts: [4, 3], outputs: [5, 2], plansAhead: true),
      """
      A  4 1 1 1 1
      B  . . 3 1 .
      """)
  }

  @Test("a place in the batch is free only when its last token has come, so the next one may enter a step later")
  func places() throws {
    try expectLanes(
      TinyBench(tokensPerStep: 8, sequences: 1, prompts: [3, 3], outputs: [2, 2], plansAhead: true),
      """
      A  3 1 . .
      B  . . 3 1
      """)
    // Nothing was planned ahead there, so nothing was lost. Where another keeps the device busy, a step is.
    try expectLanes(
      TinyBench(tokensPerStep: 8, sequences: 2, prompts: [3, 3, 3], outputs: [6, 2, 2], plansAhead: true),
      """
      A  3 1 1 1 1 1
      B  3 1 . . . .
      C  . . . 3 1 .
      """)
  }

  @Test("a token in flight takes its place in memory before it is known")
  func preemption() throws {
    // As in the synchronous picture, five blocks of 4 tokens; B's decision falls a step earlier and shows in the
    // step it was made for. B's token of step 1 was in flight when it lost its blocks, and it has it: nine known
    // tokens when it comes back.
    try expectLanes(
      TinyBench(tokensPerStep: 16, blocks: 6, arrivals: [0, 0, 1], prompts: [7, 7, 7], outputs: [4, 4, 1], plansAhead: true),
      """
      A  7 1 1 1 . .
      B  7 1 x . 9 1
      C  . . . . 7 .
      """)
  }

  @Test("a request preempted while its last token is in flight finishes, and was never preempted")
  func preemptedAtTheEnd() throws {
    // Four blocks of 4: step 2 of A needs a third one for its ninth token, when B waits only for its last token.
    var bench = TinyBench(tokensPerStep: 16, blocks: 5, prompts: [7, 7], outputs: [4, 2], plansAhead: true)
    try expectLanes(
      bench,
      """
      A  7 1 1 1
      B  7 1 . .
      """)
    var events: [EngineEvent] = []
    while let report = try bench.engine.step() { events += report.events }
    #expect(!events.contains { if case .preempted = $0 { true } else { false } })
    #expect(events.filter { if case .finished(_, .outputLimit) = $0 { true } else { false } }.count == 2)
  }

  @Test("who hangs up has its planned share computed for nothing, and its row can be taken at once")
  func hangUp() throws {
    var bench = TinyBench(
      tokensPerStep: 8, arrivals: [0, 0, 2], prompts: [3, 2, 2], outputs: [6, 6, 2], plansAhead: true, aborts: [1: 2])
    try expectLanes(
      bench,
      """
      A  3 1 1 1 1 1
      B  2 1 . . . .
      C  . . . 2 1 .
      """)
    var computed: [Int] = []
    while let report = try bench.engine.step() { computed.append(report.batch.slots.count) }
    #expect(computed == [2, 2, 2, 2, 2, 1], "B is still in the batch of step 2, which was decided in step 1")
  }

  @Test("switched off, the step planned ahead is taken first; switched on, the next step plans two")
  func switching() throws {
    let bench = TinyBench(tokensPerStep: 8, arrivals: [0, 2, 4], prompts: [4, 3, 2], outputs: [8, 3, 1], plansAhead: true)
    try expectLanes(
      bench, switching: [1: Command(axis: "async-scheduling", choice: "off")],
      """
      A  4 1 1 1 1 1 1 1
      B  . . 3 1 1 . . .
      C  . . . . 2 . . .
      """)
    try expectLanes(
      bench, switching: [1: Command(axis: "async-scheduling", choice: "off"), 3: Command(axis: "async-scheduling", choice: "on")],
      """
      A  4 1 1 1 1 1 1 1
      B  . . 3 1 1 . . .
      C  . . . . . 2 . .
      """)
  }

  @Test("on random loads every request gets all its tokens, memory stays sound, and a copy goes the same way", arguments: 0..<12)
  func storm(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "asynchronous storm")
    let count = 40
    let policies = PolicyCatalogue.members
    let prompts = (0..<count).map { _ in 1 + random.below(40) }
    let outputs = (0..<count).map { _ in 1 + random.below(12) }
    var arrivals: [Int] = []
    for _ in 0..<count { arrivals.append((arrivals.last ?? 0) + random.below(3)) }
    var bench = TinyBench(
      policy: FirstComeFirstServed(), batching: random.below(4) == 0 ? .static : .continuous,
      tokensPerStep: 4 + random.below(30), sequences: 1 + random.below(8), blocks: 15 + random.below(20),
      reuses: random.below(2) == 0, arrivals: arrivals, prompts: prompts, outputs: outputs, plansAhead: true,
      aborts: seed % 3 == 0 ? [5: 30, 11: 31, 17: 60] : [:])
    try bench.engine.apply(Command(axis: "policy", choice: policies[random.below(policies.count)].descriptor.name))
    var emitted = [Int](repeating: 0, count: count)
    var aborted: Set<Int> = []
    var fork: Engine?
    while let report = try bench.engine.step() {
      if bench.engine.state.step == 20 { fork = bench.engine }
      for event in report.events {
        if case .computed(let id, _, _, _, _, let tokens) = event { emitted[id.index] += Int(tokens) }
        if case .finished(let id, .aborted) = event { aborted.insert(id.index) }
      }
      if let sentence = KVCache.invariants.firstViolation(of: bench.engine.state.memory) {
        Issue.record("seed \(seed), step \(report.record.step): \(sentence)")
        return
      }
      try #require(bench.engine.state.step < 5_000, "seed \(seed): the engine does not come to an end")
    }
    for number in 0..<count where !aborted.contains(number) {
      #expect(emitted[number] == outputs[number], "seed \(seed), request \(number)")
    }
    #expect(bench.engine.state.memory.pool.usedCount == 0)
    #expect(bench.engine.state.ahead == nil)
    if var fork {
      while try fork.step() != nil {}
      #expect(fork.state.history == bench.engine.state.history)
    }
  }
}
