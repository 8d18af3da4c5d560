import Core

/// The keys and values that a smaller model keeps of the requests for which it drafts, in blocks of its own.
///
/// A text only grows, and a draft that did not stand is not part of it: so of what the drafter has computed all but the last
/// known token holds. Whoever the drafter has not met, or has forgotten, is read from the beginning when he wants drafts.
/// When the memory is full a request gets no drafts.
struct DraftMemory: Sendable {
  static let tokensPerBlock = 16
  /// Bytes at most; blocks are taken from the system when they are first written.
  static let bytes = 256 << 20

  struct Sequence: Equatable, Sendable {
    var table: [BlockID] = []
    /// Tokens whose keys and values are there.
    var computed = 0
  }

  var store: KVStore
  private var free: [BlockID]
  /// Sorted by request.
  private var sequences: [(request: RequestID, sequence: Sequence)] = []

  init(_ shape: LlamaShape, blocks: Int? = nil) {
    let perBlock = shape.layers * 4 * shape.keyWidth * Self.tokensPerBlock
    let count = blocks ?? max(1, Self.bytes / perBlock)
    store = KVStore(shape, blockCount: count, tokensPerBlock: Self.tokensPerBlock)
    free = (0..<BlockID(count)).reversed()
  }

  var usedBlocks: Int { sequences.reduce(0) { $0 + $1.sequence.table.count } }

  /// Forgets all requests but those.
  mutating func keep(_ requests: [RequestID]) {
    let kept = requests.sorted()
    sequences.removeAll { entry in
      var (low, high) = (0, kept.count)
      while low < high {
        let middle = (low + high) / 2
        if kept[middle] < entry.request { low = middle + 1 } else { high = middle }
      }
      if low < kept.count, kept[low] == entry.request { return false }
      store.remove(entry.sequence.table)
      free += entry.sequence.table.reversed()
      return true
    }
  }

  private func place(of request: RequestID) -> Int {
    sequences.firstIndex { $0.request >= request } ?? sequences.count
  }

  /// Room for the first `tokens` of a request.
  /// - Returns: Its blocks and what is computed of it; nil when there is no room.
  mutating func open(_ request: RequestID, tokens: Int) -> Sequence? {
    let place = place(of: request)
    if place == sequences.count || sequences[place].request != request { sequences.insert((request, Sequence()), at: place) }
    let missing = (tokens + Self.tokensPerBlock - 1) / Self.tokensPerBlock - sequences[place].sequence.table.count
    guard missing <= free.count else { return nil }
    for _ in 0..<max(0, missing) { sequences[place].sequence.table.append(free.removeLast()) }
    return sequences[place].sequence
  }

  mutating func setComputed(_ tokens: Int, of request: RequestID) {
    sequences[place(of: request)].sequence.computed = tokens
  }
}
