import Core

/// The pairs of neighbours that may be merged, the best first: a binary heap over flat storage.
///
/// Pairs are not removed when a neighbour changes; whoever takes one looks whether it is still true.
struct MergeQueue {
  struct Pair {
    /// Lower is better; equal ones fall to the pair further left.
    var rank: UInt32
    var left: Int32
    /// Tells whether the pair is still as it was when it was queued.
    var check: Int32

    @inline(__always) var key: UInt64 { UInt64(rank) << 32 | UInt64(UInt32(bitPattern: left)) }
  }

  private var pairs: [Pair] = []

  mutating func removeAll() { pairs.removeAll(keepingCapacity: true) }

  mutating func append(_ pair: Pair) {
    pairs.append(pair)
    var index = pairs.count - 1
    while index > 0, case let parent = (index - 1) / 2, pairs[parent].key > pair.key {
      pairs[index] = pairs[parent]
      index = parent
    }
    pairs[index] = pair
  }

  mutating func popBest() -> Pair? {
    guard let last = pairs.popLast() else { return nil }
    guard let best = pairs.first else { return last }
    var index = 0
    while case var child = 2 * index + 1, child < pairs.count {
      if child + 1 < pairs.count && pairs[child + 1].key < pairs[child].key { child += 1 }
      if last.key <= pairs[child].key { break }
      pairs[index] = pairs[child]
      index = child
    }
    pairs[index] = last
    return best
  }
}

/// Neighbours in a row that shrinks: each symbol knows who stands before and after it.
struct Symbol {
  /// Its token, or −1 where there is none.
  var token: TokenID
  var previous: Int32
  var next: Int32
  /// Bytes; 0 once it was merged into its left neighbour.
  var byteCount: Int32
}
