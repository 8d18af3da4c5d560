import Core

extension BlockPool {
  /// What must be true of a pool after every operation.
  public static let invariants: [Invariant<BlockPool>] = [
    Invariant("conservation", "free and used blocks are all blocks but the reserved one") { pool in
      let free = pool.freeList.count
      let used = (1..<pool.blockCount).count { pool.ownerCount(of: BlockID($0)) > 0 }
      return free + used == pool.blockCount - 1 && free == pool.freeCount
        ? nil : "\(free) in the free list, counted \(pool.freeCount), \(used) used, \(pool.blockCount - 1) in all"
    },
    Invariant("free list", "a block is in the free list exactly when nobody owns it, and once") { pool in
      var seen = [Bool](repeating: false, count: pool.blockCount)
      for block in pool.freeList {
        if pool.ownerCount(of: block) > 0 { return "block \(block) is free and has \(pool.ownerCount(of: block)) owners" }
        if seen[Int(block)] { return "block \(block) is in the free list twice" }
        seen[Int(block)] = true
      }
      return nil
    },
  ]
}
