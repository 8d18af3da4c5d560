import Core

/// Which block tables begin with the same blocks, as a tree.
///
/// ```
/// A  1 2 3 4 7          1 2 ┬ 3 4 ┬ 7
/// B  1 2 3 4 8              │     └ 8          parts   blocks 0 ..< 2 of A, B, C, D
/// C  1 2 5 6                └ 5 6 ┬                    blocks 2 ..< 4 of A, B
/// D  1 2 5 6 9                    └ 9                  blocks 2 ..< 4 of C, D
/// ```
public enum SharedBlocks {
  /// A run of blocks that the same tables name, at least two of them.
  public struct Part: Equatable, Sendable {
    /// Places in the tables.
    public var blocks: Range<Int>
    /// Numbers of the tables, ascending.
    public var tables: [Int]
    /// Parts that it lies in.
    public var depth: Int
  }

  /// The parts of the tree; each before those inside it.
  ///
  /// - Parameters:
  ///   - leastBlocks: A shorter run is no part of its own: it counts to the longer one that goes on from it, if there is one.
  ///   - leastTables: Fewer tables do not make a part.
  /// - Complexity: O(blocks looked at): those of the parts, and one more of each table.
  public static func parts(of tables: [ArraySlice<BlockID>], leastBlocks: Int, leastTables: Int = 2) -> [Part] {
    var parts: [Part] = []
    divide(Array(tables.indices), of: tables, at: 0, from: 0, depth: 0, (max(1, leastBlocks), max(2, leastTables)), &parts)
    return parts
  }

  /// - Parameters:
  ///   - place: All members have the same blocks before it.
  ///   - start: The first block that is in no part yet.
  private static func divide(
    _ members: [Int], of tables: [ArraySlice<BlockID>], at place: Int, from start: Int, depth: Int,
    _ least: (blocks: Int, tables: Int), _ parts: inout [Part]
  ) {
    // Groups by the next block, in the order of their first member.
    var groups: [[Int]] = []
    var groupOfBlock: [BlockID: Int] = [:]
    for member in members where tables[member].count > place {
      let block = tables[member][tables[member].startIndex + place]
      if let group = groupOfBlock[block] {
        groups[group].append(member)
      } else {
        groupOfBlock[block] = groups.count
        groups.append([member])
      }
    }
    for group in groups where group.count >= least.tables {
      let first = tables[group[0]]
      var end = first.count
      for member in group.dropFirst() {
        let table = tables[member]
        end = min(end, table.count)
        var same = place
        while same < end, table[table.startIndex + same] == first[first.startIndex + same] { same += 1 }
        end = same
      }
      let isPart = end - start >= least.blocks
      if isPart { parts.append(Part(blocks: start..<end, tables: group, depth: depth)) }
      divide(group, of: tables, at: end, from: isPart ? end : start, depth: isPart ? depth + 1 : depth, least, &parts)
    }
  }
}
