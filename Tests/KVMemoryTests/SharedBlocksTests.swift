import Core
import KVMemory
import Testing

@Suite("Blocks that tables begin with")
struct SharedBlocksTests {
  private func parts(_ tables: [[BlockID]], blocks: Int = 1, tables least: Int = 2) -> [String] {
    SharedBlocks.parts(of: tables.map { $0[...] }, leastBlocks: blocks, leastTables: least).map {
      String(repeating: "  ", count: $0.depth) + "\($0.blocks) of " + $0.tables.map(String.init).joined(separator: " ")
    }
  }

  @Test("tables that begin alike and then go apart are a tree")
  func tree() {
    let tables: [[BlockID]] = [[1, 2, 3, 4, 7], [1, 2, 3, 4, 8], [1, 2, 5, 6], [1, 2, 5, 6, 9], [3, 4]]
    #expect(parts(tables) == ["0..<2 of 0 1 2 3", "  2..<4 of 0 1", "  2..<4 of 2 3"])
    #expect(parts(tables, blocks: 3) == ["0..<4 of 0 1", "0..<4 of 2 3"], "what is too short counts to what goes on from it")
    #expect(parts(tables, tables: 3) == ["0..<2 of 0 1 2 3"])
    #expect(parts([[], [1], [2]]) == [])
  }

  @Test("a block is in a part for just those tables that have it in common with another, up to it", arguments: 0..<20)
  func naive(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "shared blocks")
    for _ in 0..<40 {
      var tables: [[BlockID]] = []
      for _ in 0..<random.below(12) {
        var table = tables.isEmpty ? [] : Array(tables[random.below(tables.count)].prefix(random.below(10)))
        for _ in 0..<random.below(5) { table.append(BlockID(random.below(6))) }
        tables.append(table)
      }
      var covered = tables.map { [Int](repeating: 0, count: $0.count) }
      let parts = SharedBlocks.parts(of: tables.map { $0[...] }, leastBlocks: 1)
      for part in parts {
        #expect(Set(part.tables.map { tables[$0].prefix(part.blocks.upperBound) }).count == 1, "seed \(seed): \(tables) \(part)")
        for table in part.tables { for block in part.blocks { covered[table][block] += 1 } }
      }
      for (number, table) in tables.enumerated() {
        for block in table.indices {
          let sharers = tables.count { $0.prefix(block + 1).elementsEqual(table.prefix(block + 1)) }
          #expect(covered[number][block] == (sharers > 1 ? 1 : 0), "seed \(seed): block \(block) of table \(number) in \(tables)")
        }
      }
    }
  }
}
