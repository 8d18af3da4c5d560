import Core
import KVMemory

/// The free list from its front: which blocks are handed out next, and what is forgotten with them.
///
/// Neighbours without content are one row: taking them costs nothing.
struct EvictQueue: Equatable {
  struct Row: Equatable {
    /// Places in the free list, 0 is handed out next.
    var places: Range<Int>
    var block: BlockID
    /// 0 for blocks without content.
    var hash: BlockHash
  }

  private(set) var rows: [Row] = []

  /// - Parameter limit: rows wanted; the free list is walked no further.
  init(_ memory: KVCache, limit: Int) {
    let plain = memory.pool.freeCount - memory.cachedFreeCount
    let list = memory.pool.freeList(prefix: plain + limit)
    for (place, block) in list.enumerated() {
      let hash = memory.index.content(of: block)
      if hash == 0, let last = rows.last, last.hash == 0 {
        rows[rows.count - 1].places = last.places.lowerBound..<place + 1
      } else {
        if rows.count == limit { break }
        rows.append(Row(places: place..<place + 1, block: block, hash: hash))
      }
    }
  }
}
