import Core

/// Requests that give up keys and values.
///
/// Blocks that others hold too, or that can be found by their content, are never written: what stays of them goes to blocks
/// of the request's own. Where none is free, a content that only this request holds is forgotten, and its block is used.
extension KVCache {
  /// What a policy may know.
  ///
  /// - Parameter protected: Tokens at the beginning that stay in any case.
  public func holding(_ table: Int, request: Request, protected: Int) -> Holding {
    let table = tables[table]
    return Holding(
      prompt: request.prompt.count, computed: request.computed, slots: request.computed - Int(table.dropped),
      watchedFrom: Int(table.watchedFrom), protected: protected, tokensPerBlock: tokensPerBlock,
      cutAt: table.cutAt < 0 ? nil : Int(table.cutAt), isScattered: table.isScattered, fold: table.fold)
  }

  /// Carries out an order; nil when it cannot be now, for want of a free block, or never, for what was given up before.
  public mutating func compact(_ table: Int, request: Request, _ order: CompactionOrder) -> Compaction? {
    let slots = request.computed - Int(tables[table].dropped)
    var compaction = Compaction(
      request: request.id, computed: request.computed, promptCount: request.prompt.count, slots: slots, kept: slots,
      source: tables[table].blocks, target: [], gap: tables[table].gap(tokensPerBlock: tokensPerBlock), freed: 0)
    // Heads with different tokens are not chosen from once more.
    if case .fold = order {} else if tables[table].fold != nil { return nil }
    switch order {
    case .fold(let fold):
      guard self.fold(table, fold, &compaction) else { return nil }
    case .cut(let range):
      compaction.cut = range
      compaction.kept = slots - range.count * tokensPerBlock
      for number in range { note(table, number) }
      for block in tables[table].blocks[range].reversed() where letGo(block) { compaction.freed += 1 }
      tables[table].blocks.removeSubrange(range)
      tables[table].cutAt = Int32(range.lowerBound)
    case .choose(let kept):
      require(kept > 0 && kept <= slots, "\(request.id) keeps \(kept) of \(slots) slots")
      let count = blocks(for: kept)
      guard let freed = give(up: 0..<tables[table].blocks.count, of: table, keeping: count) else { return nil }
      compaction.kept = kept
      compaction.freed = freed
      tables[table].cutAt = -1
    }
    compaction.target = tables[table].blocks
    if compaction.cut == nil, compaction.fold == nil {
      var replaced = 0
      for (number, block) in compaction.target.enumerated() where block != compaction.source[number] {
        replaced += min(compaction.kept, (number + 1) * tokensPerBlock) - number * tokensPerBlock
      }
      compaction.moved = replaced + min(compaction.kept - replaced, slots - compaction.kept)
    }
    tables[table].dropped += Int32(slots - compaction.kept)
    tables[table].hashes = []
    tables[table].chunks = []
    tables[table].published = 0
    return compaction
  }

  /// What is left of some blocks goes to the first `kept` of them, which become the request's own; the others are let go.
  ///
  /// - Returns: Blocks that are free now; nil, and nothing was done, when too few were free for what others hold too.
  mutating func give(up numbers: Range<Int>, of table: Int, keeping kept: Int) -> Int? {
    let (written, rest) = (numbers.prefix(kept), numbers.dropFirst(kept))
    let shared = tables[table].blocks[written].count { pool.ownerCount(of: $0) > 1 }
    guard shared <= pool.freeCount else { return nil }
    var spare = pool.freeCount - shared
    // Let go only when all fresh blocks were taken: what stays is still to be read from them.
    var left = Array(tables[table].blocks[rest])
    for number in numbers { note(table, number) }
    for number in written {
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
    var freed = 0
    for block in left.reversed() where letGo(block) { freed += 1 }
    tables[table].blocks.removeSubrange(rest)
    return freed
  }

  /// Attention of its queries is watched from `position` on.
  public mutating func watch(_ table: Int, from position: Int) { tables[table].watchedFrom = Int32(position) }
}
