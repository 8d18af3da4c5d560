import Core
import Screen
import Testing

@testable import Console

@Suite("BlocksPage: block map")
struct BlockMapTests {
  let inside = Rect(1, 1, 72, 34)

  @Test("blocks that fit have a cell each; otherwise a cell stands for the next power of two")
  func scale() {
    func shift(_ blocks: Int) -> Int {
      BlockMap(in: inside, blockCount: blocks, isWindow: false, cursor: 0, firstRow: 0).shift
    }
    #expect(shift(1_024) == 0)
    #expect(shift(33 * 64) == 0)
    #expect(shift(33 * 64 + 1) == 1)
    #expect(shift(30_000) == 4)
  }

  @Test("every block has a place, and the place leads back to its cell")
  func places() throws {
    for blocks in [2, 64, 65, 2_048, 30_000] {
      let map = BlockMap(in: inside, blockCount: blocks, isWindow: false, cursor: 0, firstRow: 0)
      for block in stride(from: 0, to: blocks, by: max(1, blocks / 97)) {
        let place = try #require(map.place(of: BlockID(block)))
        let first = try #require(map.block(at: place))
        #expect(first <= block && block < Int(first) + map.cellStep)
      }
    }
  }

  @Test("a window of one cell a block moves just far enough to show the cursor")
  func window() {
    func first(_ cursor: BlockID, from row: Int) -> Int {
      BlockMap(in: inside, blockCount: 30_000, isWindow: true, cursor: cursor, firstRow: row).firstRow
    }
    #expect(first(0, from: 0) == 0)
    #expect(first(33 * 64, from: 0) == 1)
    #expect(first(33 * 64, from: 20) == 20)
    #expect(first(29_999, from: 0) == 469 - 33)
    let map = BlockMap(in: inside, blockCount: 30_000, isWindow: true, cursor: 0, firstRow: 0)
    #expect(map.position == "0-2,111 of 30,000")
    #expect(map.badge(tokensPerBlock: 16) == "30,000 blk · 64 × 469 · 1 cell = 16 tok")
  }
}
