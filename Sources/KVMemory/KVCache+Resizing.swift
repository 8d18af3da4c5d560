import Core

/// The same memory cut into another number of blocks, because a block takes other bytes than before.
extension KVCache {
  /// Why the pool cannot have so many blocks now; nil when it can.
  public func obstacle(toBlockCount count: Int) -> String? {
    guard pool.usedCount > count - 1 else { return nil }
    return "\(pool.usedCount) blocks are in use, and the pool would have \(max(0, count - 1)) — wait until requests have finished"
  }

  /// Makes the pool larger, or smaller where what is in use fits: blocks in use that lie beyond the end move to free places,
  /// and contents of free blocks there, and of the places they take, are given up. O(blocks).
  ///
  /// Where blocks lie means nothing on a device that holds none; `obstacle` and the axis see to the rest.
  /// - Returns: Cached contents that were given up.
  public mutating func resize(to count: Int) -> Int {
    require(obstacle(toBlockCount: count) == nil, "a pool of \(count) blocks for \(pool.usedCount) in use")
    let old = pool.blockCount
    guard count != old else { return 0 }
    let cached = cachedFreeCount
    // Those without content first, then as they would have been evicted.
    let free = pool.freeList.filter { $0 < count }
    var kept = free.filter { !index.hasContent($0) } + (old..<max(old, count)).map { BlockID($0) } + free.filter { index.hasContent($0) }
    var places = (0..<old).map { BlockID($0) }
    var taken = 0
    for block in min(count, old)..<old {
      places[block] = 0
      guard !pool.isFree(BlockID(block)) else { continue }
      places[block] = kept[taken]
      if kept[taken] < old { places[Int(kept[taken])] = 0 }
      taken += 1
    }
    kept.removeFirst(taken)
    // A place that was taken has what moved there, and not what it had.
    var owners = [Int32](repeating: 0, count: count)
    for block in 1..<old where !pool.isFree(BlockID(block)) { owners[Int(places[block])] = Int32(pool.ownerCount(of: BlockID(block))) }
    for table in tables.indices {
      for position in tables[table].blocks.indices { tables[table].blocks[position] = places[Int(tables[table].blocks[position])] }
    }
    place(BlockPool(owners: owners, free: kept), index.moved(places, blockCount: count))
    return cached - cachedFreeCount
  }
}
