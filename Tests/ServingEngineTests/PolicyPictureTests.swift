import Core
import Scheduling
import ServingEngine
import Testing

@Suite("Policies, drawn")
struct PolicyPictureTests {
  @Test("fcfs reads prompts in chunks of what running requests leave of the budget")
  func chunks() throws {
    try expectLanes(
      TinyBench(tokensPerStep: 8, prompts: [5, 12, 2], outputs: [3, 2, 2]),
      """
      A  5 1 1 .
      B  3 7 2 1
      C  . . 2 1
      """)
  }

  @Test("chunked lets every decode go before a prompt that was admitted earlier")
  func decodesFirst() throws {
    let bench = TinyBench(
      policy: ChunkedPrefill(), tokensPerStep: 4, arrivals: [0, 0, 1], prompts: [2, 9, 1], outputs: [4, 1, 1])
    try expectLanes(
      bench,
      """
      A  2 1 1 1
      B  2 3 3 1
      C  . . . 1
      """)
  }

  @Test("prefill-first stalls every decode for as long as there are prompts to read")
  func promptsAlone() throws {
    try expectLanes(
      TinyBench(policy: PrefillFirst(), tokensPerStep: 8, arrivals: [0, 1, 1], prompts: [4, 6, 7], outputs: [3, 2, 2]),
      """
      A  4 . . 1 1
      B  . 6 . 1 .
      C  . . 7 1 .
      """)
  }

  @Test("prefill-first reads a prompt longer than the budget in a step of its own")
  func giant() throws {
    try expectLanes(
      TinyBench(policy: PrefillFirst(), tokensPerStep: 8, prompts: [20, 3], outputs: [1, 2]),
      """
      A  20 . .
      B  .  3 1
      """)
  }

  @Test("shortest-prompt lets a short prompt overtake a long one that arrived before it")
  func overtaking() throws {
    try expectLanes(
      TinyBench(policy: ShortestPromptFirst(), tokensPerStep: 4, sequences: 1, prompts: [8, 2], outputs: [1, 2]),
      """
      A  . . 4 4
      B  2 1 . .
      """)
  }

  @Test("priority serves the lowest number first, and preempts the highest when memory runs out")
  func priority() throws {
    // Four blocks of 4 tokens for two requests that each grow to 3 blocks.
    try expectLanes(
      TinyBench(
        policy: PriorityTiers(), tokensPerStep: 8, blocks: 5, prompts: [7, 7], outputs: [4, 4], priorities: [5, 1]),
      """
      A  1 6 x . 8 1 1
      B  7 1 1 1 . . .
      """)
  }

  @Test("static batching admits nobody until the whole batch has left")
  func staticBatch() throws {
    try expectLanes(
      TinyBench(batching: .static, tokensPerStep: 8, arrivals: [0, 0, 1], prompts: [4, 6, 2], outputs: [2, 4, 2]),
      """
      A  4 . 1 . . . .
      B  4 2 1 1 1 . .
      C  . . . . . 2 1
      """)
  }

  @Test("a switch takes effect at the next step")
  func switching() throws {
    try expectLanes(
      TinyBench(tokensPerStep: 4, sequences: 1, prompts: [6, 9, 2], outputs: [1, 1, 1]),
      switching: [1: Command(axis: "policy", choice: "shortest-prompt")],
      """
      A  4 2 . . . .
      B  . . . 4 4 1
      C  . . 2 . . .
      """)
  }
}
