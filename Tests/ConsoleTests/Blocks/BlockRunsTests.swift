import Core
import KVMemory
import Screen
import Testing

@testable import Console

@Suite("BlocksPage: runs of a table")
struct BlockRunsTests {
  let memory = KVCache(blockCount: 64, tokensPerBlock: 16, reusesPrefixes: true)

  func lines(_ blocks: [BlockID], tokens: Int) -> [String] {
    BlockRuns(blocks, tokens: tokens, memory: memory).runs.map {
      "\($0.logicalText) → \($0.physicalText) \($0.tokens) \($0.stateText(tokensPerBlock: 16).text)"
    }
  }

  @Test("neighbours are one line, upwards and downwards")
  func neighbours() {
    #expect(lines([12, 13, 14, 40, 39, 38, 7], tokens: 112) == ["0-2 → 12-14 48 full", "3-5 → 40-38 48 full", "6 → 7 16 full"])
    #expect(lines([1, 2, 1], tokens: 48) == ["0-1 → 1-2 32 full", "2 → 1 16 full"])
  }

  @Test("the block that is written stands alone, and so do those taken ahead")
  func writing() {
    #expect(lines([1, 2, 3, 4], tokens: 37) == ["0-1 → 1-2 32 full", "2 → 3 5 5/16 ◀ write", "3 → 4 0 ahead"])
    #expect(lines([], tokens: 0) == [])
  }

  @Test("slack is what no token fills; a stretch may cross states")
  func totals() {
    let runs = BlockRuns([1, 2, 3, 4, 9], tokens: 37, memory: memory)
    #expect(runs.slack == 5 * 16 - 37)
    #expect(runs.longest == 4)
    #expect(runs.findableTokens == 0)
  }
}
