import Core
import KVMemory
import Scheduling
import Screen

/// Who shares which leading blocks: running requests grouped by equal beginnings of their block tables.
///
/// ```
/// ├─ 7e1a                10    3      ten blocks that three tables begin with
/// │  ├─ H r1027        +241
/// │  └─ 03bc             21    2
/// ```
///
/// It shows sharing as it is in memory. What only lies cached has no owner to
/// hang from, and no parent is stored with it, so it is counted and not drawn.
struct PrefixTree {
  struct Row: Equatable {
    enum Subject: Equatable {
      case prefix(BlockHash, references: Int)
      case request(RequestID)
    }
    var lines: String
    var subject: Subject
    /// Blocks beyond those of the row above it in the tree.
    var blocks: Int
    /// The first of them; 0 when there are none.
    var first: BlockID
  }

  private(set) var rows: [Row] = []

  init(_ tables: [(request: RequestID, blocks: [BlockID])], index: PrefixIndex) {
    grow(Array(tables.indices), from: 0, lines: "", tables, index)
  }

  private struct Branch {
    var members: [Int]
    var end: Int
  }

  private mutating func grow(
    _ members: [Int], from depth: Int, lines: String, _ tables: [(request: RequestID, blocks: [BlockID])], _ index: PrefixIndex
  ) {
    var branches: [Branch] = []
    var branchOf: [BlockID: Int] = [:]
    for member in members {
      let blocks = tables[member].blocks
      if blocks.count > depth, let known = branchOf[blocks[depth]] {
        branches[known].members.append(member)
      } else {
        if blocks.count > depth { branchOf[blocks[depth]] = branches.count }
        branches.append(Branch(members: [member], end: blocks.count))
      }
    }
    for place in branches.indices where branches[place].members.count > 1 {
      branches[place].end = commonEnd(branches[place].members, from: depth, tables)
    }
    // What saves most stands first; branches of one keep the order of admission.
    func saved(_ branch: Branch) -> Int { (branch.end - depth) * (branch.members.count - 1) }
    let order = branches.indices.sorted { left, right in
      let (one, other) = (saved(branches[left]), saved(branches[right]))
      return one != other ? one > other : left < right
    }
    for (place, position) in order.enumerated() {
      let branch = branches[position]
      let isLast = place == order.count - 1
      let member = branch.members[0]
      let first = tables[member].blocks.count > depth ? tables[member].blocks[depth] : 0
      let subject: Row.Subject =
        branch.members.count == 1
        ? .request(tables[member].request)
        : .prefix(index.content(of: tables[member].blocks[branch.end - 1]), references: branch.members.count)
      rows.append(
        Row(lines: lines + (isLast ? "└─ " : "├─ "), subject: subject, blocks: branch.end - depth, first: first))
      if branch.members.count > 1 {
        grow(branch.members, from: branch.end, lines: lines + (isLast ? "   " : "│  "), tables, index)
      }
    }
  }

  private func commonEnd(
    _ members: [Int], from depth: Int, _ tables: [(request: RequestID, blocks: [BlockID])]
  ) -> Int {
    let first = tables[members[0]].blocks
    var end = first.count
    for member in members.dropFirst() {
      let blocks = tables[member].blocks
      end = min(end, blocks.count)
      var position = depth + 1
      while position < end && blocks[position] == first[position] { position += 1 }
      end = min(end, max(position, depth + 1))
    }
    return end
  }
}

extension PrefixTree {
  init(_ scheduler: SchedulerState) {
    let memory = scheduler.memory
    let requests = scheduler.requests
    let tables = memory.tables
    self.init(
      scheduler.running.map { (requests[Int($0)].id, tables[Int($0)].blocks) }.filter { !$0.1.isEmpty }, index: memory.index)
  }
}
