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
    let packed = first..<first + fold.folded - before.folded
    guard !tables[table].isScattered || tables[table].fold != nil, tables[table].cutAt < 0,
      packed.upperBound <= tables[table].blocks.count,
      let freed = give(up: packed, of: table, keeping: fold.packed - before.packed)
    else { return false }
    compaction.freed = freed
    tables[table].fold = fold
    compaction.fold = fold
    compaction.foldedBefore = before.folded
    compaction.kept = compaction.slots - (fold.saved - before.saved) * tokensPerBlock
    // Of each token that is packed, the part that retrieval heads have.
    compaction.moved = (packed.count * tokensPerBlock * fold.share + 99) / 100
    return true
  }
}
