import Core
import KVMemory

/// Keys and values of requests in four bits, beside the model's own and in blocks of the same numbers, for the model to draft
/// with.
///
/// Blocks of a text do not change once they are full, so each is copied once; the one that a request is filling is copied
/// before every draft, whose own keys and values go behind.
struct QuantisedCopy: Sendable {
  static let format = KVFormat.int4

  var store: KVStore
  /// By request: its blocks, and tokens of it that are here. Sorted by request.
  private var sequences: [(request: RequestID, table: [BlockID], tokens: Int)] = []

  init(of cache: KVStore) {
    store = KVStore(
      blockCount: cache.blockCount, layers: cache.layers, tokensPerBlock: cache.tokensPerBlock, heads: cache.heads, kvHeads: cache.kvHeads,
      headWidth: cache.headWidth, format: Self.format)
  }

  static func canCopy(_ cache: KVStore) -> Bool {
    KVStore.canHold(format, tokensPerBlock: cache.tokensPerBlock, headWidth: cache.headWidth)
  }

  /// Forgets all requests but those: their blocks may become others'.
  mutating func keep(_ running: [RequestID]) {
    let kept = Set(running)
    sequences.removeAll { !kept.contains($0.request) }
  }

  /// Brings the first `tokens` of a request up to date.
  mutating func bring(_ request: RequestID, _ table: [BlockID], tokens: Int, from cache: KVStore, pool: ThreadPool) {
    let place = sequences.firstIndex { $0.request >= request } ?? sequences.count
    var first = 0
    if place < sequences.count, sequences[place].request == request {
      let common = zip(sequences[place].table, table).prefix { $0 == $1 }.count
      first = min(sequences[place].tokens / cache.tokensPerBlock, common)
      sequences[place] = (request, table, tokens)
    } else {
      sequences.insert((request, table, tokens), at: place)
    }
    let end = (tokens + cache.tokensPerBlock - 1) / cache.tokensPerBlock
    if first < end { cache.copy(Array(table[first..<end]), into: &store, pool: pool) }
  }
}
