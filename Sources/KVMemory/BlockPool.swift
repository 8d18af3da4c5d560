import Core

/// The blocks of KV memory: who uses them, and in which order the free ones are handed out.
///
/// Free blocks form one list. Blocks are taken from its front; what is worth
/// keeping (cached content) is returned to its back, so the list is also the
/// order of eviction: least recently released first. A block that is hit while
/// free leaves from the middle. All operations are O(1).
///
/// Block 0 is never handed out, as in vLLM; here it is the list's sentinel.
public struct BlockPool: Equatable, Sendable {
  /// Blocks, the reserved block 0 included.
  public let blockCount: Int
  public private(set) var freeCount: Int
  /// How many block tables name each block.
  private(set) var owners: [Int32]
  private var next: [BlockID]
  private var previous: [BlockID]

  private static let sentinel: BlockID = 0
  /// The link of a block that is in use.
  private static let unlinked: BlockID = -1

  /// All blocks free, in order 1, 2, 3, ….
  public init(blockCount: Int) {
    require(blockCount >= 2 && blockCount < Int(Int32.max), "\(blockCount) blocks cannot make a pool")
    self.blockCount = blockCount
    freeCount = blockCount - 1
    owners = Array(repeating: 0, count: blockCount)
    next = (0..<blockCount).map { BlockID(($0 + 1) % blockCount) }
    previous = (0..<blockCount).map { BlockID(($0 + blockCount - 1) % blockCount) }
  }

  /// Another number of blocks.
  ///
  /// - Parameters:
  ///   - owners: How many tables name each block.
  ///   - free: Those that no table names, next to be handed out first.
  init(owners: [Int32], free: [BlockID]) {
    blockCount = owners.count
    freeCount = 0
    self.owners = owners
    next = Array(repeating: Self.unlinked, count: owners.count)
    previous = next
    (next[0], previous[0]) = (0, 0)
    for block in free { putBack(block) }
  }

  /// Blocks that can be handed out at all.
  public var usableCount: Int { blockCount - 1 }
  public var usedCount: Int { usableCount - freeCount }

  public func ownerCount(of block: BlockID) -> Int { Int(owners[Int(block)]) }
  public func isFree(_ block: BlockID) -> Bool { owners[Int(block)] == 0 }

  /// Hands out the block at the front of the free list, for one owner; nil when none is free.
  @inlinable
  public mutating func acquire() -> BlockID? {
    let block = first
    guard block != 0 else { return nil }
    retain(block)
    return block
  }

  /// The block that would be handed out next; 0 when none is free.
  public var first: BlockID { next[0] }

  /// One more owner; a free block leaves the free list wherever it stands.
  public mutating func retain(_ block: BlockID) {
    let index = Int(block)
    if owners[index] == 0 {
      let before = previous[index]
      let after = next[index]
      next[Int(before)] = after
      previous[Int(after)] = before
      next[index] = Self.unlinked
      freeCount -= 1
    }
    owners[index] += 1
  }

  /// One owner less.
  /// - Returns: True when none is left: the block is then nobody's, and must be put back with `putFront` or `putBack`.
  public mutating func release(_ block: BlockID) -> Bool {
    let index = Int(block)
    require(owners[index] > 0, "block \(block) is released, but nobody owns it")
    owners[index] -= 1
    return owners[index] == 0
  }

  /// Returns an unowned block so that it comes out right after `predecessor`; 0 means first of all.
  public mutating func put(_ block: BlockID, after predecessor: BlockID) {
    let index = Int(block)
    let successor = next[Int(predecessor)]
    next[Int(predecessor)] = block
    previous[index] = predecessor
    next[index] = successor
    previous[Int(successor)] = block
    freeCount += 1
  }

  /// Returns an unowned block so that it comes out last.
  public mutating func putBack(_ block: BlockID) { put(block, after: previous[0]) }

  /// The first of `count` free blocks side by side, or else how many there are at most. O(blocks).
  public func freeRun(of count: Int) -> FreeRun {
    guard freeCount >= count else { return .longest(nil) }
    var longest = 0
    var run = 0
    for block in 1..<blockCount {
      run = owners[block] == 0 ? run + 1 : 0
      if run == count { return .found(BlockID(block - count + 1)) }
      longest = max(longest, run)
    }
    return .longest(longest)
  }

  /// Answer of `freeRun`.
  public enum FreeRun: Equatable, Sendable {
    case found(BlockID)
    /// Nil when there are not even so many free blocks.
    case longest(Int?)
  }

  /// The free blocks, next to be handed out first. O(free blocks).
  public var freeList: [BlockID] {
    var blocks: [BlockID] = []
    blocks.reserveCapacity(freeCount)
    var block = next[0]
    while block != Self.sentinel && blocks.count <= blockCount {
      blocks.append(block)
      block = next[Int(block)]
    }
    return blocks
  }

  /// The first `count` free blocks. O(count).
  public func freeList(prefix count: Int) -> [BlockID] {
    var blocks: [BlockID] = []
    var block = next[0]
    while block != Self.sentinel && blocks.count < count {
      blocks.append(block)
      block = next[Int(block)]
    }
    return blocks
  }
}
