import Core
import KVMemory
import Scheduling
import ServingEngine
import Testing

/// Prompts that go through the layers in parts: four layers of a millisecond, half a millisecond an operator.
@Suite("Prefill by layers, drawn")
struct LayerPictureTests {
  @Test("layered:2 takes a prompt through half of the layers a step, beside decodes, and lets no other begin meanwhile")
  func layered() throws {
    try expectLanes(
      TinyBench(
        tokensPerStep: 8, arrivals: [0, 4, 4], prompts: [1, 6, 3], outputs: [6, 2, 2], prefill: .layered(2), device: LayeredDevice()),
      """
      A  1  1 1  1 1 1
      B  . ~6 6  1 . .
      C  .  . . ~3 3 1
      """)
  }

  @Test("prompts that begin together go together, and one that has no room for them waits")
  func together() throws {
    try expectLanes(
      TinyBench(tokensPerStep: 8, prompts: [3, 4, 5], outputs: [2, 1, 1], prefill: .layered(4), device: LayeredDevice()),
      """
      A  ~3 ~3 ~3 3  1  .  . .
      B  ~4 ~4 ~4 4  .  .  . .
      C   .  .  . . ~5 ~5 ~5 5
      """)
  }

  @Test("a prompt longer than the budget is cut by tokens too")
  func giant() throws {
    try expectLanes(
      TinyBench(tokensPerStep: 8, prompts: [13], outputs: [2], prefill: .layered(2), device: LayeredDevice()),
      """
      A  ~8 8 ~5 5 1
      """)
  }

  @Test("layered, planned ahead, takes the same steps")
  func ahead() throws {
    try expectLanes(
      TinyBench(tokensPerStep: 8, prompts: [6, 3], outputs: [3, 2], plansAhead: true, prefill: .layered(2), device: LayeredDevice()),
      """
      A  ~6 6  1 1 .
      B   . . ~3 3 1
      """)
  }

  @Test("operator: whoever ranks before a prompt stops it after the operator that runs, and it goes on from there")
  func interrupted() throws {
    // A begins at 0 and would take 4 ms. B, shorter, comes at 1 ms: A stops there with a quarter of the layers behind it.
    try expectLanes(
      TinyBench(
        policy: ShortestPromptFirst(), tokensPerStep: 8, arrivals: [0, 1, 2], prompts: [7, 2, 5], outputs: [2, 2, 1],
        prefill: .interruptible, device: LayeredDevice()),
      """
      A  ~7 . . 7 1
      B   . 2 . . 1
      C   . . 5 . .
      """)
  }

  @Test("operator: nobody is interrupted for one who ranks behind")
  func uninterrupted() throws {
    try expectLanes(
      TinyBench(tokensPerStep: 8, arrivals: [0, 1], prompts: [7, 2], outputs: [2, 2], prefill: .interruptible, device: LayeredDevice()),
      """
      A  7 . 1
      B  . 2 1
      """)
  }

  @Test("an interrupted prompt takes as long as an uninterrupted one, and its tokens are counted once")
  func accounts() throws {
    var bench = TinyBench(
      policy: ShortestPromptFirst(), tokensPerStep: 8, arrivals: [0, 1], prompts: [7, 2], outputs: [1, 1], prefill: .interruptible,
      device: LayeredDevice())
    var (milliseconds, tokens): ([Double], Int32) = ([], 0)
    while let report = try bench.engine.step() {
      milliseconds.append(report.record.duration.milliseconds)
      tokens += report.record.prefillTokens
    }
    #expect(milliseconds == [1, 4, 3])
    #expect(tokens == 9)
  }

  @Test("a preempted prompt loses the layers it has passed, and the event says how many")
  func turnedBack() throws {
    // Five blocks of 4: A's second decode needs one of the three that B, the younger, holds.
    var bench = TinyBench(
      tokensPerStep: 16, blocks: 6, arrivals: [0, 4], prompts: [7, 9], outputs: [4, 1], prefill: .layered(4), device: LayeredDevice())
    try expectLanes(
      bench,
      """
      A  ~7 ~7 ~7 7  1 1 1  .  .  . .
      B   .  .  . . ~9 x . ~9 ~9 ~9 9
      """)
    var said: [String] = []
    while let report = try bench.engine.step() {
      for case .turnedBack(let request, let count, let depth) in report.events { said.append("\(report.record.step) \(request) \(count) \(depth)") }
    }
    #expect(said == ["5 r1 9 layer 1"])
  }

  @Test("another shape takes effect at the next step: what is on its way goes through the layers it has left at once")
  func switching() throws {
    let bench = TinyBench(tokensPerStep: 8, prompts: [6, 3], outputs: [2, 2], prefill: .layered(4), device: LayeredDevice())
    try expectLanes(
      bench, switching: [1: Command(axis: "prefill", choice: "chunked:2")],
      """
      A  ~6 6 1 .
      B   . 2 1 1
      """)
    var engine = bench.engine
    _ = try engine.step()
    try engine.apply(Command(axis: "prefill", choice: "whole"))
    #expect(try engine.step()?.events.contains(.settled(axis: "prefill", .completes(requests: 1))) == true)
  }

  @Test("a budget too small for the tokens on their way turns them back, and says so")
  func budget() throws {
    var engine = TinyBench(tokensPerStep: 8, prompts: [6], outputs: [1], prefill: .layered(4), device: LayeredDevice()).engine
    _ = try engine.step()
    try engine.apply(Command(axis: "max-batched-tokens", choice: "4"))
    let report = try #require(try engine.step())
    #expect(report.events.contains(.turnedBack(RequestID(0), count: 6, at: Depth(layers: 1))))
    #expect(report.plan.slots.map(\.count) == [4])
    while try engine.step() != nil {}
    #expect(engine.state.memory.pool.usedCount == 0)
  }
}
