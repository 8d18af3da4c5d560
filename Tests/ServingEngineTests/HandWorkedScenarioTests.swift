import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Speculation
import Testing

/// Small scenarios worked by hand from the rules of vLLM's scheduler, block ids and free list included.
///
/// A line is a step: each request with the tokens computed before it, `+` those computed in it, its
/// verdict on drafts (`accepted/drafted`), the blocks it took over `{…}` and took anew `[…]`; then who
/// was preempted, who finished, and the free list after the step.
@Suite("Scenarios worked by hand")
struct HandWorkedScenarioTests {
  @Test("chunks, growth by blocks, preemption of the newest, return to the head of the queue")
  func growth() throws {
    // Blocks of 4 tokens, ids 1–5, 8 tokens a step. A: 6 + 4 outputs. B: 7 + 4. C: 3 + 1.
    // Step 0: A reads 6 of 8, B the 2 that are left. A fills block 1 and half of 2; B begins block 3.
    // Step 1: A decodes token 7 (block 2). B reads its 5 others: blocks 3 and 4. C would fit the budget (2 of 3).
    // Step 2: A token 8 (block 2 full); B token 8 (block 4 full); C reads its last token and ends: 5 is free again.
    // Step 3: A token 9 takes 5 and that was the last block. B's token 9 finds none: B, the newest, gives way.
    //         A has its four outputs and ends. B's blocks come back tail first (4, 3), then A's (5, 2, 1) before them.
    // Step 4: B returns with 7 + 2 known tokens, 8 of them in this step: blocks 5 and 2.
    // Step 5: the ninth token takes 1; its third output comes out. Step 6: the fourth.
    try expect(
      bench(tokensPerStep: 8, blocks: 6, prompts: [6, 7, 3], outputs: [4, 4, 1], reuses: false),
      """
      0  A0+6[1,2] B0+2[3] | free 4,5
      1  A6+1 B2+5[4] C0+2[5] | free
      2  A7+1 B7+1 C2+1 | C ends | free 5
      3  A8+1[5] | B preempted | A ends | free 5,2,1,4,3
      4  B0+8[5,2] | free 1,4,3
      5  B8+1[1] | free 4,3
      6  B9+1 | B ends | free 1,2,5,4,3
      """)
  }

  @Test("a prefix is hit within the step that computes it, and from the free list; content is evicted tail first")
  func prefixes() throws {
    // Blocks of 4, ids 1–6. A and B begin with the same 8 tokens; C is alone; D begins like A, too.
    let shared = TokenRun(.shared(1), count: 8)
    let contents = [
      Prompt([shared, TokenRun(.own(0), count: 1)]), Prompt([shared, TokenRun(.own(1), count: 3)]),
      Prompt(TokenRun(.own(2), count: 16)), Prompt([shared, TokenRun(.own(3), count: 1)]),
    ]
    // Step 0: A takes 1, 2, 3 and the two full ones are findable at once: B takes them over and adds 4.
    //         Both end. A gives back 3 (nothing in it: to the front); B gives back 4 (to the front), then 2 and 1
    //         (content: to the back, the tail before the head).
    // Step 1: C needs 4 blocks: 4, 3, 5, 6, the empty ones. It ends; only full blocks hold content, and all four are.
    //         The free list is then 2, 1 (older content), 6, 5, 3, 4 (C's, tail first).
    // Step 2: D hits 1 and 2 in the free list and takes 6, which forgets C's tail.
    try expect(
      bench(
        tokensPerStep: 32, blocks: 7, arrivals: [0, 0, 1, 2], prompts: [9, 11, 16, 9], outputs: [1, 1, 1, 1], reuses: true,
        contents: contents),
      """
      0  A0+9[1,2,3] B8+3{1,2}[4] | A,B end | free 4,3,5,6,2,1
      1  C0+16[4,3,5,6] | C ends | free 2,1,6,5,3,4
      2  D8+1{1,2}[6] | D ends | free 6,5,3,4,2,1
      """)
  }

  @Test("drafts take slots before they are judged; blocks taken for rejected ones are kept")
  func drafts() throws {
    // Blocks of 4, ids 1–5. A: 3 tokens of prompt, 7 outputs; three drafts a step; verdicts 3, 0, 2 of 3 in turn.
    // Step 0: reads 3 (block 1), samples output 1.
    // Step 1: output 1 and three drafts: positions 3…6, so block 2. All stand, and one more: outputs 5.
    // Step 2: output 5 and three drafts: positions 7…10, so block 3. None stands: outputs 6, computed 8.
    // Step 3: output 6 and three drafts: positions 8…11, all in block 3. Two stand, but the request
    //         wanted one token more only: it keeps that one and ends.
    try expect(
      bench(
        tokensPerStep: 8, blocks: 6, prompts: [3], outputs: [7], reuses: false, drafts: 3, verdicts: [3, 0, 2]),
      """
      0  A0+3[1] | free 2,3,4,5
      1  A3+4(3/3)[2] | free 3,4,5
      2  A7+4(0/3)[3] | free 4,5
      3  A8+4(2/3) | A ends | free 3,2,1,4,5
      """)
  }

  // MARK: The bench

  private func bench(
    tokensPerStep: Int, blocks: Int, arrivals: [Int] = [], prompts: [Int], outputs: [Int], reuses: Bool,
    contents: [Prompt]? = nil, drafts: Int = 0, verdicts: [Int] = []
  ) -> Engine {
    let tiny = TinyBench(
      tokensPerStep: tokensPerStep, blocks: blocks, reuses: reuses, arrivals: arrivals, prompts: prompts, outputs: outputs,
      contents: contents)
    var planner = tiny.engine.planner
    planner.limits.speculation.maxDrafts = drafts
    // The whole-prompt test would hold requests back that these scenarios want to see admitted.
    planner.limits.reservesFullPrompt = false
    return Engine(
      trace: tiny.engine.trace, planner: planner, memory: tiny.engine.state.memory, device: JudgingDevice(verdicts: verdicts),
      drafter: ZeroDrafter())
  }

  private func expect(_ engine: Engine, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var engine = engine
    var lines: [String] = []
    while lines.count < 50, let report = try engine.step() { lines.append(Self.line(report, after: engine)) }
    let actual = lines.joined(separator: "\n")
    #expect(actual == expected, "\n\(actual)", sourceLocation: sourceLocation)
  }

  private static func line(_ report: StepReport, after engine: Engine) -> String {
    func letter(_ id: RequestID) -> String { String(Character(Unicode.Scalar(UInt8(65 + id.index)))) }
    func list(_ blocks: some Collection<BlockID>) -> String { blocks.map(String.init).joined(separator: ",") }
    let plan = report.plan
    let work = zip(plan.slots, report.outcome.slots).map { slot, result in
      let start = Int(slot.blocksStart)
      let fresh = start + Int(slot.hitBlocks)
      var text = "\(letter(slot.request))\(slot.first)+\(slot.count)"
      if slot.drafts > 0 { text += "(\(result.accepted)/\(slot.drafts))" }
      if slot.hitBlocks > 0 { text += "{\(list(plan.blocks[start..<fresh]))}" }
      if slot.newBlocks > 0 { text += "[\(list(plan.blocks[fresh..<fresh + Int(slot.newBlocks)]))]" }
      return text
    }
    var parts = ["\(report.record.step)  " + work.joined(separator: " ")]
    if !plan.preempted.isEmpty { parts.append(plan.preempted.map { letter($0.request) }.joined(separator: ",") + " preempted") }
    let ended = report.events.compactMap { event in if case .finished(let id, _) = event { letter(id) } else { nil } }
    if !ended.isEmpty { parts.append(ended.joined(separator: ",") + (ended.count > 1 ? " end" : " ends")) }
    let free = list(engine.state.memory.pool.freeList)
    parts.append(free.isEmpty ? "free" : "free \(free)")
    return parts.joined(separator: " | ")
  }
}

/// A millisecond a step; says in turn how many drafts stand.
private struct JudgingDevice: Device {
  var verdicts: [Int]
  var judged = 0

  var name: String { "judge" }
  var isModelled: Bool { true }
  func kernels(of batch: Batch) -> [KernelRun] { [] }

  mutating func execute(_ batch: Batch) -> BatchOutcome {
    var outcome = BatchOutcome(slots: [], tokens: [], duration: .milliseconds(1))
    for slot in batch.slots {
      var accepted = 0
      if slot.drafts > 0 {
        accepted = verdicts[judged % verdicts.count]
        judged += 1
      }
      outcome.slots.append(BatchOutcome.Slot(accepted: accepted, emitted: slot.samples ? accepted + 1 : 0))
      if slot.samples {
        for offset in 0...accepted { outcome.tokens.append(TokenStream.output(of: slot.request).token(at: Int(slot.outputs) + offset)) }
      }
    }
    return outcome
  }
}

/// Proposes as many drafts as it may; what they say does not matter here.
private struct ZeroDrafter: Drafter {
  static let descriptor = Descriptor(name: "zeros", summary: "nothing but zeros", source: "a test")
  mutating func propose(after request: Request, limit: Int) -> [TokenID] { Array(repeating: 0, count: limit) }
}
