import Core

/// The order in which cached contents are given up when some are worth more than others: by compute saved for each byte
/// kept, and by how long ago they were used.
///
/// A block is as many bytes as any other. Computing it again costs the model's weights, as for any other, and attention to
/// all that comes before it, which grows with its place in the context. So between the least and the most worthy (both
/// set to 0 and 1, as Marconi does) a block is worth how far into a context it leads:
///
///     key = blocks released before it + weight · blocks of the pool · reach / greatest reach
///
/// `reach` is the length of the longest context that went through the block: what leads to a worthy block is worth as much.
/// The least key goes first. A block's parent is released after it and reaches as far, so it never goes before it.
///
/// - Source: Pan et al. 2024, "Marconi" (arXiv 2411.19379), 4.2: recency + α · FLOP efficiency. Its α is found by trial while
///   it runs; here it is `weight`.
struct ValueOrder: Equatable, Sendable {
  /// Of the most worthy, in turnovers of the pool by which it is kept longer, in per cent.
  let weight: Int

  private struct Entry: Equatable, Sendable, Comparable {
    var key: Int
    /// Blocks released before it: no two are equal.
    var number: Int
    var block: BlockID

    static func < (left: Self, right: Self) -> Bool { (left.key, left.number) < (right.key, right.number) }
  }

  /// A binary heap; entries whose block was taken meanwhile are still in it.
  private var heap: [Entry] = []
  /// Of each block, the number of its valid entry; -1 for none.
  private var numbers: [Int]
  /// Of each block, in blocks.
  private var reaches: [Int32]
  private var greatestReach: Int32 = 1
  private var released = 0

  init(weight: Int, blockCount: Int) {
    self.weight = weight
    numbers = Array(repeating: -1, count: blockCount)
    reaches = Array(repeating: 0, count: blockCount)
  }

  /// A context of `blocks` went through the block.
  mutating func note(_ block: BlockID, reach blocks: Int) {
    let reach = Int32(truncatingIfNeeded: blocks)
    reaches[Int(block)] = max(reaches[Int(block)], reach)
    greatestReach = max(greatestReach, reach)
  }

  /// The block is nobody's now, and its content may be asked for again. O(log blocks).
  mutating func release(_ block: BlockID) {
    let bonus = weight * numbers.count / 100 * Int(reaches[Int(block)]) / Int(greatestReach)
    numbers[Int(block)] = released
    if heap.count >= 2 * numbers.count { compact() }
    heap.append(Entry(key: released + bonus, number: released, block: block))
    rise(heap.count - 1)
    released += 1
  }

  /// The block is used again, or its content is gone.
  mutating func take(_ block: BlockID, isEvicted: Bool) {
    numbers[Int(block)] = -1
    if isEvicted { reaches[Int(block)] = 0 }
  }

  /// The block that goes first; nil when none is left. O(log blocks).
  mutating func popLeast() -> BlockID? {
    while let least = heap.first {
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
      sink(0)
      if numbers[Int(least.block)] == least.number { return least.block }
    }
    return nil
  }

  private mutating func compact() {
    heap.removeAll { numbers[Int($0.block)] != $0.number }
    heap.sort()
  }

  private mutating func rise(_ start: Int) {
    var place = start
    while place > 0, heap[place] < heap[(place - 1) / 2] {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func sink(_ start: Int) {
    var place = start
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child] < heap[least] { least = child }
      if least == place { return }
      heap.swapAt(place, least)
      place = least
    }
  }
}
