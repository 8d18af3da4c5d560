import Core
import KVMemory
import Scheduling
import ServingEngine
import Testing

@Suite("Engine")
struct EngineTests {
  @Test("the newest request gives way, loses its tokens and comes back at the head of the queue")
  func preemption() throws {
    // Five blocks of 4 tokens: A and B take two each, A's ninth token the fifth, and B's finds none.
    // B comes back with nine known tokens, before C, who has waited since step 1.
    try expectLanes(
      TinyBench(tokensPerStep: 16, blocks: 6, arrivals: [0, 0, 1], prompts: [7, 7, 7], outputs: [4, 4, 1]),
      """
      A  7 1 1 1 . .
      B  7 1 x . 9 1
      C  . . . . 7 .
      """)
  }

  @Test("a shared prefix is computed once, also within the step that computes it first")
  func prefix() throws {
    let shared = TokenRun(.shared(1), count: 8)
    let contents = [
      Prompt([shared, TokenRun(.own(0), count: 2)]), Prompt([shared, TokenRun(.own(1), count: 3)]),
      Prompt([shared]),
    ]
    var bench = TinyBench(
      tokensPerStep: 32, reuses: true, arrivals: [0, 0, 1], prompts: [10, 11, 8], outputs: [1, 1, 1], contents: contents)
    let first = try #require(try bench.engine.step())
    #expect(first.plan.slots.map(\.hitBlocks) == [0, 2])
    #expect(first.plan.blocks == [1, 2, 3, 1, 2, 4])
    let second = try #require(try bench.engine.step())
    #expect(second.plan.slots.map(\.first) == [4], "of two full blocks one is hit: the last token is always computed")
  }

  @Test("a request that can never fit is turned away when it arrives, and blocks nobody")
  func rejection() throws {
    var bench = TinyBench(tokensPerStep: 64, blocks: 5, prompts: [990, 30, 4, 17], outputs: [20, 1, 2, 1])
    let report = try #require(try bench.engine.step())
    let rejections = report.events.compactMap { event in
      if case .rejected(let id, let reason) = event { "\(id): \(reason.sentence)" } else { nil }
    }
    #expect(
      rejections == [
        "r0: 1010 tokens exceed the model's context of 1000", "r1: needs 8 KV blocks, the pool has 4",
        "r3: needs 5 KV blocks, the pool has 4",
      ])
    #expect(report.plan.slots.map(\.request.index) == [2])
  }

  @Test("a client that hangs up leaves at once, running or waiting")
  func hangingUp() throws {
    var bench = TinyBench(tokensPerStep: 8, sequences: 1, prompts: [4, 4], outputs: [50, 50])
    var trace = bench.engine.trace
    trace.arrivals[0].abortTime = .milliseconds(3)
    trace.arrivals[1].abortTime = .milliseconds(2)
    bench.engine = Engine(
      trace: trace, planner: bench.engine.planner, memory: bench.engine.state.memory, device: MillisecondDevice())
    var ends: [String] = []
    while let report = try bench.engine.step() {
      for case .finished(let id, let reason) in report.events { ends.append("\(report.record.step): \(id) \(reason)") }
    }
    #expect(ends == ["2: r1 aborted", "3: r0 aborted"])
    #expect(bench.engine.state.memory.pool.usedCount == 0)
  }

  @Test("two runs give the same history; another policy gives another")
  func histories() throws {
    func digest(_ policy: any SchedulingPolicy) throws -> Digest {
      var engine = TinyBench(policy: policy, tokensPerStep: 4, prompts: [9, 3, 5], outputs: [4, 9, 2]).engine
      while try engine.step() != nil {}
      return engine.state.history
    }
    #expect(try digest(FirstComeFirstServed()) == digest(FirstComeFirstServed()))
    #expect(try digest(FirstComeFirstServed()) != digest(PrefillFirst()))
  }
}

extension TinyBench {
  init(
    policy: any SchedulingPolicy, tokensPerStep: Int, prompts: [Int], outputs: [Int]
  ) {
    self.init(tokensPerStep: tokensPerStep, prompts: prompts, outputs: outputs)
    engine = Engine(
      trace: engine.trace, planner: Planner(limits: engine.planner.limits, policy: policy), memory: engine.state.memory,
      device: MillisecondDevice())
  }
}
