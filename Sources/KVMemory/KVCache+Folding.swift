import Core

extension KVCache {
  /// Packs further blocks of a table; what is packed lies in blocks of the request's own.
  ///
  /// - Returns: False when too few blocks are free for what others hold too.
  mutating func fold(_ table: Int, _ fold: HeadFold, _ compaction: inout Compaction) -> Bool {
    let before = tables[table].fold ?? HeadFold(lead: fold.lead, folded: 0, share: fold.share)
    require(
      before.lead == fold.lead && before.share == fold.share && before.folded < fold.folded,
      "\(compaction.request) is folded from \(before) to \(fold)")
    // In the table as it is, blocks that are packed now: the first of them take the others in.
    let first = fold.lead + before.packed
    let taken = first..<first + fold.packed - before.packed
    let packed = first..<first + fold.folded - before.folded
    guard !tables[table].isScattered || tables[table].fold != nil, tables[table].cutAt < 0,
      packed.upperBound <= tables[table].blocks.count
    else { return false }
    let shared = tables[table].blocks[taken].count { pool.ownerCount(of: $0) > 1 }
    guard shared <= pool.freeCount else { return false }
    var spare = pool.freeCount - shared
    var left = Array(tables[table].blocks[taken.upperBound..<packed.upperBound])
    for number in packed { note(table, number) }
    for number in taken {
      let block = tables[table].blocks[number]
      let isShared = pool.ownerCount(of: block) > 1
      guard isShared || index.hasContent(block) else { continue }
      if isShared || spare > 0 {
        if !isShared { spare -= 1 }
        tables[table].blocks[number] = takeFresh()
        left.append(block)
      } else {
        forget(block)
      }
    }
    for block in left.reversed() where letGo(block) { compaction.freed += 1 }
    tables[table].blocks.removeSubrange(taken.upperBound..<packed.upperBound)
    tables[table].fold = fold
    compaction.fold = fold
    compaction.foldedBefore = before.folded
    compaction.kept = compaction.slots - (fold.saved - before.saved) * tokensPerBlock
    // Of each token that is packed, the part that retrieval heads have.
    compaction.moved = (packed.count * tokensPerBlock * fold.share + 99) / 100
    return true
  }
}
