import Core
import KVMemory
import Testing

@testable import Console

@Suite("BlocksPage: prefix tree")
struct PrefixTreeTests {
  func lines(_ tables: [[BlockID]]) -> [String] {
    let named = tables.enumerated().map { (request: RequestID($0.offset), blocks: $0.element) }
    return PrefixTree(named, index: PrefixIndex(blockCount: 100)).rows.map { row in
      switch row.subject {
      case .prefix(_, let references): "\(row.lines)\(row.blocks) × \(references)"
      case .request(let request): "\(row.lines)\(request) +\(row.blocks)"
      }
    }
  }

  @Test("equal beginnings are a branch, and branches branch")
  func branches() {
    #expect(
      lines([[1, 2, 3, 10], [1, 2, 3, 4, 11], [1, 2, 3, 4, 12], [50, 51]]) == [
        "├─ 3 × 3", "│  ├─ 1 × 2", "│  │  ├─ r1 +1", "│  │  └─ r2 +1", "│  └─ r0 +1", "└─ r3 +2",
      ])
  }

  @Test("a table that is a beginning of another ends in the branch")
  func endsInside() {
    #expect(lines([[1, 2], [1, 2, 3]]) == ["└─ 2 × 2", "   ├─ r0 +0", "   └─ r1 +1"])
  }

  @Test("what saves most blocks stands first")
  func order() {
    #expect(lines([[1, 9], [1, 8], [2, 3, 4, 7], [2, 3, 4, 6]]).filter { $0.contains("×") } == ["├─ 3 × 2", "└─ 1 × 2"])
    #expect(lines([]) == [])
  }
}
