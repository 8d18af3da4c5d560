import Core

/// What was seen of one request's attention, for all of its layers and key heads.
///
/// ```
/// head = layer · kvHeads + kvHead
/// scores, latest, pauses   [heads, slots]           of every query
/// queries                  [layers, kept, heads · headWidth]   the last ones, until somebody asks what they attend to
/// ```
///
/// A class because several threads write into it at once, each for a head of its own. Its owner copies it before it writes
/// when a fork has it too.
final class AttentionSheet: @unchecked Sendable {
  let watch: AttentionWatch
  let heads: Int
  let layers: Int
  let queryWidth: Int
  /// Slots for which there is room.
  let capacity: Int
  private let storage: AlignedBuffer
  /// Slots that hold something.
  var filled = 0
  /// Of each place for a query, its position; below 0 where there is none.
  var places: [Int32] = []

  init(_ watch: AttentionWatch, layers: Int, kvHeads: Int, queryWidth: Int, capacity: Int) {
    self.watch = watch
    self.layers = layers
    self.queryWidth = queryWidth
    self.capacity = capacity
    heads = layers * kvHeads
    switch watch {
    case .nobody: storage = AlignedBuffer(bytes: 0)
    case .everyQuery: storage = AlignedBuffer(bytes: heads * capacity * 12)
    case .lastQueries(let count, _):
      storage = AlignedBuffer(bytes: layers * count * queryWidth * 4, isZeroed: false)
      places = [Int32](repeating: -1, count: count)
    }
  }

  /// The same with room for more.
  func copy(capacity: Int, kvHeads: Int) -> AttentionSheet {
    let copy = AttentionSheet(watch, layers: layers, kvHeads: kvHeads, queryWidth: queryWidth, capacity: capacity)
    copy.filled = filled
    copy.places = places
    if watch == .everyQuery {
      for head in 0..<heads {
        copy.scores(head).update(from: scores(head), count: filled)
        copy.latest(head).update(from: latest(head), count: filled)
        copy.pauses(head).update(from: pauses(head), count: filled)
      }
    } else {
      copy.storage.base.copyMemory(from: storage.base, byteCount: min(storage.count, copy.storage.count))
    }
    return copy
  }

  func scores(_ head: Int) -> UnsafeMutablePointer<Float> { storage.base.assumingMemoryBound(to: Float.self) + head * capacity }
  func latest(_ head: Int) -> UnsafeMutablePointer<Int32> { (storage.base + heads * capacity * 4).assumingMemoryBound(to: Int32.self) + head * capacity }
  func pauses(_ head: Int) -> UnsafeMutablePointer<Int32> { (storage.base + heads * capacity * 8).assumingMemoryBound(to: Int32.self) + head * capacity }
  func query(layer: Int, place: Int) -> UnsafeMutablePointer<Float> {
    storage.base.assumingMemoryBound(to: Float.self) + (layer * places.count + place) * queryWidth
  }

  /// Nothing was seen of slots yet; their tokens are at `position(slot)`.
  func open(_ slots: Range<Int>, head: Int, position: (Int) -> Int32) {
    for slot in slots {
      scores(head)[slot] = 0
      latest(head)[slot] = position(slot)
      pauses(head)[slot] = 0
    }
  }

  /// Keeps some slots of each head, in their order.
  func keep(_ slots: [[Int]]) {
    guard watch == .everyQuery else { return }
    for head in 0..<heads {
      let (scores, latest, pauses) = (scores(head), latest(head), pauses(head))
      for (target, slot) in slots[head].enumerated() where target != slot {
        (scores[target], latest[target], pauses[target]) = (scores[slot], latest[slot], pauses[slot])
      }
    }
    filled = slots.first?.count ?? filled
  }
}

/// Writes into the sheets of requests what their queries attend to in a step.
final class AttentionRecorder: AttentionWatcher {
  struct Entry {
    var sheet: AttentionSheet
    /// Queries from this position on are not watched: drafts, and what comes after a prompt.
    var end: Int
    var dropped: Int
    /// Slot of the step's first token.
    var slot: Int
  }

  /// A query attends to a token when it gives it so much, added up over the heads of the group.
  let threshold: Float
  /// By number of the span.
  private let entries: [Entry?]
  /// Queries that go over the keys together.
  private static let tile = 8

  init(_ entries: [Entry?], threshold: Float) {
    self.entries = entries
    self.threshold = threshold
  }

  func see(layer: Int, _ parts: [WatchedQueries], _ cache: KVStore, _ pool: ThreadPool, _ path: KernelPath) -> (operations: Int, bytes: Int) {
    var pieces: [(part: WatchedQueries, entry: Entry)] = []
    var (operations, bytes) = (0, 0)
    for part in parts {
      guard let entry = entries[part.span] else { continue }
      var part = part
      part.count = min(part.count, entry.end - part.first)
      guard part.count > 0 else { continue }
      if entry.sheet.watch == .everyQuery {
        pieces.append((part, entry))
        operations += 2 * cache.heads * cache.headWidth * (part.count * part.slot + part.count * (part.count + 1) / 2)
        bytes += (part.slot + part.count) * cache.kvHeads * cache.headWidth * 2 * ((part.count + Self.tile - 1) / Self.tile)
      } else {
        remember(part, entry, layer)
      }
    }
    pool.parallelFor(pieces.count * cache.kvHeads) { range, _ in
      for number in range {
        let (part, entry) = pieces[number / cache.kvHeads]
        add(part, entry, layer, number % cache.kvHeads, cache, path)
      }
    }
    return (operations, bytes)
  }

  private func remember(_ part: WatchedQueries, _ entry: Entry, _ layer: Int) {
    let count = entry.sheet.places.count
    let first = min(part.count, max(0, entry.end - count - part.first))
    for number in first..<part.count {
      entry.sheet.query(layer: layer, place: (part.first + number) % count)
        .update(from: part.queries + number * part.stride, count: entry.sheet.queryWidth)
    }
  }

  private func add(_ part: WatchedQueries, _ entry: Entry, _ layer: Int, _ kvHead: Int, _ cache: KVStore, _ path: KernelPath) {
    let (sheet, group) = (entry.sheet, cache.heads / cache.kvHeads)
    let head = layer * cache.kvHeads + kvHead
    let (scores, latest, pauses) = (sheet.scores(head), sheet.latest(head), sheet.pauses(head))
    let opened = part.slot == entry.slot ? min(sheet.filled, part.slot) : part.slot
    sheet.open(opened..<part.slot + part.count, head: head) { Int32($0 + entry.dropped) }
    for offset in stride(from: 0, to: part.count, by: Self.tile) {
      let count = min(Self.tile, part.count - offset)
      let keys = part.slot + offset + count
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count * group * keys) { rows in
        let rows = rows.baseAddress!
        cache.scores(
          layer: layer, kvHead: kvHead, of: part.queries + offset * part.stride, stride: part.stride, count: count, table: part.table,
          keys: keys, visible: { part.slot + offset + $0 + 1 }, path: path, into: rows)
        for query in 0..<count {
          let position = Int32(part.first + offset + query)
          let seen = part.slot + offset + query + 1
          for member in 0..<group { path.softmax(rows + (query * group + member) * keys, count: seen) }
          for slot in 0..<seen {
            var sum: Float = 0
            for member in 0..<group { sum += rows[(query * group + member) * keys + slot] }
            scores[slot] += sum
            guard sum >= threshold else { continue }
            pauses[slot] = max(pauses[slot], position - latest[slot])
            latest[slot] = position
          }
        }
      }
    }
  }
}
