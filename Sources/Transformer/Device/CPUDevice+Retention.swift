public import Core
import Hardware
import KVMemory

/// A request of which something was seen, or that has given something up.
struct WatchedRequest: Sendable {
  var sheet: AttentionSheet
  /// Of each head (layer · kvHeads + kvHead), the positions that its slots hold, as many as stayed when something was last given
  /// up; slots after them follow one another. Empty where positions follow from what was cut out.
  var positions: [[Int32]] = []
  var dropped = 0
}

/// Keys and values that are given up, chosen by attention that is measured.
extension CPUDevice {
  /// Before a step: what is given up is moved, and who has left is forgotten.
  mutating func giveUp(_ work: Retaining?) -> StageRun? {
    guard let work else {
      if !watched.isEmpty { watched = [:] }
      return nil
    }
    var kept: [RequestID: WatchedRequest] = [:]
    for request in work.running { if let record = watched[request] { kept[request] = record } }
    watched = kept
    guard !work.compactions.isEmpty else { return nil }
    let start = ContinuousClock.now
    var (moved, scored) = (0, 0)
    for compaction in work.compactions {
      let done = give(up: compaction, work, from: nil)
      moved += done.moved
      scored += done.scored
    }
    let shape = model.shape
    return StageRun(
      kind: .retain, layer: nil, start: 0, nanoseconds: Int(EngineTime(.now - start).nanoseconds),
      operations: 2 * shape.layers * shape.queryWidth * scored,
      bytes: 2 * moved * cache.bytesPerToken + scored * cache.bytesPerToken / 2, pieces: shape.layers)
  }

  /// Opens who is computed for watching; nil where nobody is watched.
  ///
  /// - Parameters:
  ///   - spans: The number of each slot's span; of several that of its known tokens.
  ///   - count: Of all spans.
  mutating func recorder(_ work: Retaining?, _ batch: Batch, spans: [Int?], count: Int) -> AttentionRecorder? {
    guard let work, work.watch != .nobody else { return nil }
    var entries = [AttentionRecorder.Entry?](repeating: nil, count: count)
    for (slot, span) in zip(batch.slots, spans) {
      // Heads with different tokens are not chosen from.
      guard let span, work.fold(of: slot.request) == nil else { continue }
      let known = Int(slot.first + slot.count - slot.drafts)
      entries[span] = open(
        slot.request, work.watch, first: Int(slot.first), known: known, prompt: Int(slot.promptCount), dropped: Int(slot.dropped))
    }
    return AttentionRecorder(entries, threshold: Lazy.threshold)
  }

  /// Makes the sheet of a request its own, with room for what the step computes.
  private mutating func open(
    _ request: RequestID, _ watch: AttentionWatch, first: Int, known: Int, prompt: Int, dropped: Int
  ) -> AttentionRecorder.Entry? {
    var end = known
    if case .lastQueries(_, ofPrompt: true) = watch { end = min(end, prompt) }
    guard first < end else { return nil }
    let shape = model.shape
    let slots = known - dropped
    var record = watched.removeValue(forKey: request) ?? WatchedRequest(sheet: fresh(watch, slots: slots), dropped: dropped)
    if record.sheet.watch != watch { record.sheet = fresh(watch, slots: slots) }
    let isShort = watch == .everyQuery && record.sheet.capacity < slots
    if isShort || !isKnownUniquelyReferenced(&record.sheet) {
      record.sheet = record.sheet.copy(capacity: isShort ? 2 * slots : record.sheet.capacity, kvHeads: shape.keyHeads)
    }
    let sheet = record.sheet
    if case .lastQueries(let count, _) = watch {
      for position in max(first, end - count)..<end { sheet.places[position % count] = Int32(position) }
    }
    let entry = AttentionRecorder.Entry(sheet: sheet, end: end, dropped: dropped, slot: first - dropped)
    watched[request] = record
    return entry
  }

  private func fresh(_ watch: AttentionWatch, slots: Int) -> AttentionSheet {
    AttentionSheet(
      watch, layers: model.shape.layers, kvHeads: model.shape.keyHeads, queryWidth: model.shape.queryWidth, capacity: max(256, 2 * slots))
  }

  /// When a step has ended: how far its queries were seen.
  mutating func noteWatched(_ batch: Batch) {
    for slot in batch.slots {
      guard let record = watched[slot.request], record.sheet.watch == .everyQuery else { continue }
      record.sheet.filled = Int(slot.first + slot.count - slot.drafts - slot.dropped)
    }
  }

  // MARK: Giving up

  /// - Parameter other: Where the keys and values lie; nil for the cache itself.
  mutating func give(up compaction: Compaction, _ work: Retaining, from other: KVStore?) -> (moved: Int, scored: Int) {
    var record = watched.removeValue(forKey: compaction.request)
      ?? WatchedRequest(sheet: fresh(.nobody, slots: 0), dropped: compaction.gap.count)
    if !isKnownUniquelyReferenced(&record.sheet) {
      record.sheet = record.sheet.copy(capacity: record.sheet.capacity, kvHeads: model.shape.keyHeads)
    }
    defer { watched[compaction.request] = record }
    record.dropped = compaction.computed - compaction.kept
    let heads = model.shape.layers * model.shape.keyHeads
    if let fold = compaction.fold {
      let table = FoldedTable(fold: fold, split: model.headSplit(share: fold.share))
      cache.fold(compaction.source, into: compaction.target, table, before: compaction.foldedBefore, from: other)
      return (compaction.moved, 0)
    }
    if let cut = compaction.cut {
      let slots = cut.lowerBound * cache.tokensPerBlock..<cut.upperBound * cache.tokensPerBlock
      let rest = Array(0..<slots.lowerBound) + Array(slots.upperBound..<compaction.slots)
      if record.sheet.filled >= compaction.slots { record.sheet.keep([[Int]](repeating: rest, count: heads)) }
      if let other { move([[Int]](repeating: rest, count: heads), compaction, from: other) }
      return (0, 0)
    }
    let before = positions(of: record, compaction)
    if record.sheet.watch == .everyQuery, record.sheet.filled < compaction.slots {
      // Drafts that stood were not watched.
      if record.sheet.capacity < compaction.slots { record.sheet = record.sheet.copy(capacity: 2 * compaction.slots, kvHeads: model.shape.keyHeads) }
      for head in 0..<heads {
        record.sheet.open(record.sheet.filled..<compaction.slots, head: head) { before[before.count == 1 ? 0 : head][$0] }
      }
      record.sheet.filled = compaction.slots
    }
    let seen = attention(record, compaction, before, other)
    let policy = RetentionCatalogue.retention(work.policy) ?? KeepAll()
    let sheet = record.sheet
    var chosen = [[Int]](repeating: [], count: heads)
    chosen.withUnsafeMutableBufferPointer { chosen in
      model.workspace.pool.parallelFor(heads) { range, _ in
        for head in range {
          var view = WatchedHead(
            positions: before[before.count == 1 ? 0 : head], scores: seen.scores[head], computed: compaction.computed,
            prompt: compaction.promptCount, protected: work.protected)
          if sheet.watch == .everyQuery {
            view.latest = Array(UnsafeBufferPointer(start: sheet.latest(head), count: compaction.slots))
            view.pauses = Array(UnsafeBufferPointer(start: sheet.pauses(head), count: compaction.slots))
          }
          chosen[head] = filling(policy.select(compaction.kept, of: view), kept: compaction.kept)
        }
      }
    }
    record.positions = chosen.enumerated().map { head, slots in
      let positions = before[before.count == 1 ? 0 : head]
      return slots.map { positions[$0] }
    }
    let moved = move(chosen, compaction, from: other)
    record.sheet.keep(chosen)
    return (moved, seen.scored)
  }

  /// What stays as it will lie: slots below `kept` where they are, and in the holes between them the others.
  private func filling(_ slots: [Int], kept: Int) -> [Int] {
    require(slots.count == kept, "a policy keeps \(slots.count) slots where \(kept) are wanted")
    var target = [Int](repeating: -1, count: kept)
    for slot in slots where slot < kept { target[slot] = slot }
    var hole = 0
    for slot in slots where slot >= kept {
      while target[hole] >= 0 { hole += 1 }
      target[hole] = slot
    }
    return target
  }

  /// Of each slot, its position: one list where all heads have the same.
  private func positions(of record: WatchedRequest, _ compaction: Compaction) -> [[Int32]] {
    guard !record.positions.isEmpty else {
      return [(0..<compaction.slots).map { Int32($0 < compaction.gap.lowerBound ? $0 : $0 + compaction.gap.count) }]
    }
    let dropped = compaction.computed - compaction.slots
    return record.positions.map { kept in kept + (kept.count..<compaction.slots).map { Int32($0 + dropped) } }
  }

  /// The scores of every head's slots.
  ///
  /// - Returns: And how many pairs of a query and a key were looked at for them.
  private func attention(
    _ record: WatchedRequest, _ compaction: Compaction, _ positions: [[Int32]], _ other: KVStore?
  ) -> (scores: [[Float]], scored: Int) {
    let shape = model.shape
    let heads = shape.layers * shape.keyHeads
    let sheet = record.sheet
    var scores = [[Float]](repeating: [Float](repeating: 0, count: compaction.slots), count: heads)
    switch sheet.watch {
    case .nobody: return (scores, 0)
    case .everyQuery:
      let count = min(sheet.filled, compaction.slots)
      for head in 0..<heads { for slot in 0..<count { scores[head][slot] = sheet.scores(head)[slot] } }
      return (scores, 0)
    case .lastQueries:
      let places = sheet.places.indices.filter { sheet.places[$0] >= 0 }.sorted { sheet.places[$0] < sheet.places[$1] }
      let (group, keys) = (shape.heads / shape.keyHeads, compaction.slots)
      let store = other ?? cache
      scores.withUnsafeMutableBufferPointer { scores in
        model.workspace.pool.parallelFor(heads) { range, _ in
          var rows = [Float](repeating: 0, count: group * keys)
          for head in range {
            let positions = positions[positions.count == 1 ? 0 : head]
            for place in places {
              store.scores(
                layer: head / shape.keyHeads, kvHead: head % shape.keyHeads, of: sheet.query(layer: head / shape.keyHeads, place: place),
                stride: 0, count: 1, table: compaction.source, keys: keys, visible: { _ in keys }, path: .best, into: &rows)
              for member in 0..<group {
                rows.withUnsafeMutableBufferPointer { rows in
                  let row = rows.baseAddress! + member * keys
                  for slot in 0..<keys where positions[slot] > sheet.places[place] { row[slot] = -.infinity }
                  KernelPath.best.softmax(row, count: keys)
                  for slot in 0..<keys { scores[head][slot] += row[slot] }
                }
              }
            }
          }
        }
      }
      return (scores, places.count * keys)
    }
  }

  /// Copies what stays of each head from the blocks before to the blocks after; what lies right already is left alone.
  ///
  /// - Parameter chosen: Of each head, the slot that each slot is filled from.
  /// - Returns: Tokens that were copied.
  @discardableResult
  private mutating func move(_ chosen: [[Int]], _ compaction: Compaction, from other: KVStore?) -> Int {
    let shape = model.shape
    let (size, width, kvHeads, kept) = (cache.tokensPerBlock, shape.headWidth, shape.keyHeads, chosen[0].count)
    let count = (kept + size - 1) / size
    // A block with a window is filled there from its first slot on, and what it was is read from a fork.
    let fork = cache.format.keepsWindow ? cache : nil
    let isFresh = (0..<count).map { other != nil || fork != nil || compaction.target[$0] != compaction.source[$0] }
    let targets = compaction.target[..<count].map { cache.open($0) }
    let codes = compaction.target[..<count].map { cache.address(of: $0) }
    let store = cache
    let origin = other ?? fork ?? store
    var moved = [Int](repeating: 0, count: shape.layers)
    moved.withUnsafeMutableBufferPointer { moved in
      model.workspace.pool.parallelFor(shape.layers) { range, _ in
        for layer in range {
          let heads = (0..<kvHeads).map { chosen[layer * kvHeads + $0] }
          var decoded = [[[Float]?]](repeating: [[Float]?](repeating: nil, count: compaction.source.count), count: kvHeads)
          var (keys, values) = ([Float](repeating: 0, count: kvHeads * width), [Float](repeating: 0, count: kvHeads * width))
          for slot in 0..<kept where isFresh[slot / size] || heads.contains(where: { $0[slot] != slot }) {
            for (head, slots) in heads.enumerated() {
              let (block, place) = (slots[slot] / size, slots[slot] % size)
              let both = decoded[head][block] ?? [Float](unsafeUninitializedCapacity: 2 * size * width) { both, filled in
                origin.read(
                  layer: layer, block: compaction.source[block], kvHead: head, keys: both.baseAddress!,
                  values: both.baseAddress! + size * width, path: .best)
                filled = 2 * size * width
              }
              decoded[head][block] = both
              for index in 0..<width {
                keys[head * width + index] = both[place * width + index]
                values[head * width + index] = both[(size + place) * width + index]
              }
            }
            store.store(layer: layer, into: targets[slot / size], slot: slot % size, keys: keys, values: values, path: .best)
            moved[layer] += 1
          }
          for number in 0..<kept / size where fork != nil {
            for head in 0..<kvHeads { store.close(layer: layer, kvHead: head, window: targets[number], into: codes[number], path: .best) }
          }
        }
      }
    }
    cache.renewNotes(of: Array(compaction.target[..<count]), pool: model.workspace.pool)
    return moved.max() ?? 0
  }

  // MARK: Computing again

  /// Who gave something up is computed whole in memory of its own, and as much is then given up once more: of what was cut out
  /// the same, of what attention chose what it would choose now.
  public mutating func rebuild(_ sequences: [Batch.Content], _ retaining: Retaining) throws(DeviceError) {
    cache.removeAll()
    (draftMemory, quantised, exactMemory, proposals, watched) = (nil, nil, nil, [], [:])
    var watch = StepWatch(model.workspace)
    for (content, compaction) in zip(sequences, retaining.compactions) where !content.tokens.isEmpty {
      let entry = retaining.watch == .nobody
        ? nil
        : open(
          compaction.request, retaining.watch, first: 0, known: content.tokens.count, prompt: compaction.promptCount, dropped: 0)
      let recorder = entry.map { AttentionRecorder([$0], threshold: Lazy.threshold) }
      var span = SequenceSpan(
        tokens: content.tokens, first: 0, table: content.table, logits: content.tokens.count..<content.tokens.count)
      let isWhole = compaction.kept == compaction.slots
      let count = (content.tokens.count + cache.tokensPerBlock - 1) / cache.tokensPerBlock
      if !isWhole { span.table = (0..<BlockID(count)).map { $0 } }
      let own = cache
      if !isWhole { cache = KVStore(model.shape, blockCount: count, tokensPerBlock: own.tokensPerBlock, format: own.format, order: own.order) }
      _ = forward([span], watchedBy: recorder, &watch)
      watched[compaction.request]?.sheet.filled = content.tokens.count
      guard !isWhole else { continue }
      let whole = cache
      cache = own
      var compaction = compaction
      compaction.source = span.table
      if !compaction.gap.isEmpty {
        compaction.cut = compaction.gap.lowerBound / cache.tokensPerBlock..<compaction.gap.upperBound / cache.tokensPerBlock
      }
      compaction.gap = 0..<0
      _ = give(up: compaction, retaining, from: whole)
    }
  }

  // MARK: Looking

  public func kept(of request: RequestID, computed: Int) -> KeptTokens? {
    guard let record = watched[request], !record.positions.isEmpty else { return nil }
    let lists = record.positions.map { kept in kept.sorted() + (Int32(kept.count + record.dropped)..<Int32(max(computed, kept.count + record.dropped))) }
    return KeptTokens(computed: computed, layers: model.shape.layers, kvHeads: model.shape.keyHeads, positions: lists)
  }
}
