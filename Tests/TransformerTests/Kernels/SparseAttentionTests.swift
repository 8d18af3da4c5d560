import Core
import Foundation
import Testing

@testable import Transformer

@Suite("Attention that leaves keys out")
struct SparseAttentionTests {
  static let pool = ThreadPool(threads: 2)

  /// A file of random weights, a prompt of `count` tokens read, and the logits of eight tokens decoded after it.
  private func logits(
    _ sparse: SparseAttention?, _ model: PackedLlama, count: Int, company: Int = 0, pool: ThreadPool = pool, rows: Int = 64,
    switchingAt begin: Int = 0, path: KernelPath = .best
  ) -> [Float] {
    var scratch = ForwardScratch(model, rows: rows, pool: pool, path: path)
    let perSequence = (count + 8 + 15) / 16
    var cache = KVStore(model.shape, blockCount: (company + 1) * perSequence, tokensPerBlock: 16)
    func span(_ sequence: Int, _ range: Range<Int>, isDecode: Bool) -> SequenceSpan {
      let tokens = RandomModel.tokens(count + 8, seed: UInt64(sequence))
      return SequenceSpan(
        tokens: Array(tokens[range]), first: range.lowerBound, table: (0..<perSequence).map { BlockID($0 * (company + 1) + sequence) },
        logits: range.count - 1..<range.count, isDecode: isDecode)
    }
    let kind: BlockNotes.Kind? =
      switch sparse {
      case .pages: .bounds
      case .labels(_, let divisor): .labels((0..<model.shape.layers * model.shape.keyHeads).map { _ in Array(0..<max(1, model.shape.headWidth / divisor)) })
      case nil, .patterns: nil
      }
    if begin == 0 { cache.keepNotes(kind, pool: pool) }
    _ = model.forward((0...company).map { span($0, 0..<count, isDecode: false) }, leavingOut: sparse, in: &cache, scratch: &scratch)
    if begin > 0 { cache.keepNotes(kind, pool: pool) }
    var logits: [Float] = []
    for step in count..<count + 8 {
      logits += model.forward((0...company).map { span($0, step..<step + 1, isDecode: true) }, leavingOut: sparse, in: &cache, scratch: &scratch)
        .prefix(model.shape.vocabulary)
    }
    return logits
  }

  static let forms: [SparseAttention] = [.pages(count: 3, tokensPerPage: 16), .labels(tokens: 4, channels: 4)]

  @Test("results have the same bits alone and in company, on any threads and path, whenever it was switched on", arguments: forms)
  func bits(sparse: SparseAttention) throws {
    let model = try PackedLlama(file(RandomModel(seed: 3).writer.bytes), pool: Self.pool)
    let alone = logits(sparse, model, count: 200)
    #expect(alone != logits(nil, model, count: 200))
    #expect(alone == logits(sparse, model, count: 200, company: 3))
    #expect(alone == logits(sparse, model, count: 200, pool: ThreadPool(threads: 1)))
    #expect(alone == logits(sparse, model, count: 200, rows: 7), "prompts cut elsewhere")
    #expect(alone == logits(sparse, model, count: 200, switchingAt: 1), "notes made later")
    for path in KernelPath.all { #expect(alone == logits(sparse, model, count: 200, path: path), "\(path.name)") }
  }

  @Test("where all is chosen, results have the bits of dense attention", arguments: [SparseAttention.pages(count: 12, tokensPerPage: 16), .labels(tokens: 1, channels: 4)])
  func whole(sparse: SparseAttention) throws {
    let model = try PackedLlama(file(RandomModel(seed: 4).writer.bytes), pool: Self.pool)
    #expect(logits(sparse, model, count: 200) == logits(nil, model, count: 200))
  }

  @Test("chosen pages and tokens, and attention over them, are those of a naive model", arguments: 0..<8)
  func naive(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "sparse attention")
    let size = [4, 16, 32][random.below(3)]
    let (heads, kvHeads, width) = [(3, 1, 64), (4, 2, 32), (4, 4, 16)][random.below(3)]
    let count = 90 + random.below(300)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.unit() - 0.5) * 3 } }
    let blocks = (count + size - 1) / size
    var store = KVStore(blockCount: blocks, layers: 1, tokensPerBlock: size, heads: heads, kvHeads: kvHeads, headWidth: width)
    let channels = (0..<kvHeads).map { _ in [1, 5, 11].map { $0 + random.below(4) } }
    let sparse: SparseAttention = seed % 2 == 0 ? .pages(count: 3, tokensPerPage: size) : .labels(tokens: 8, channels: 16)
    var (keys, values): ([[Float]], [[Float]]) = ([], [])
    for token in 0..<count {
      let key = numbers(kvHeads * width), value = numbers(kvHeads * width)
      store.store(layer: 0, block: BlockID(token / size), slot: token % size, keys: key, values: value)
      keys.append(key.map { Float(Float16($0)) })
      values.append(value.map { Float(Float16($0)) })
    }
    store.keepNotes(seed % 2 == 0 ? .bounds : .labels(channels), pool: Self.pool)
    let query = numbers(heads * width)
    var output = [Float](repeating: 0, count: heads * width)
    query.withUnsafeBufferPointer { query in
      output.withUnsafeMutableBufferPointer { output in
        let table = (0..<BlockID(blocks)).map { $0 }
        let span = AttentionSpan(
          table: table.map { store.address(of: $0) }, first: count - 1, count: 1, queries: query.baseAddress!, queryStride: heads * width,
          output: output.baseAddress!)
        let decode = SparseDecode(span: span, blocks: table[...], notes: table.map { store.notes!.address(of: $0) })
        let chosen = store.choose(layer: 0, [decode], sparse, pool: Self.pool)
        let expected = (0..<kvHeads).map { naiveChoice(sparse, query: Array(query), keys: keys, group: heads / kvHeads, kvHead: $0, width: width, channels: channels) }
        #expect(chosen.map { $0?.map { Int($0) } } == expected, "seed \(seed)")
        store.attend(layer: 0, [decode], chosen, sparse, pool: Self.pool)
        let share = store.keptShare(layer: 0, [decode], chosen, sparse, pool: Self.pool)
        #expect(share > 0 && share < 1, "seed \(seed)")
      }
    }
    for head in 0..<heads {
      let kvHead = head / (heads / kvHeads)
      let chosen = naiveChoice(sparse, query: query, keys: keys, group: heads / kvHeads, kvHead: kvHead, width: width, channels: channels)
      let tokens = seed % 2 == 0 ? chosen.flatMap { ($0 * size)..<min(count, ($0 + 1) * size) } : chosen
      let scores = tokens.map { token in (0..<width).reduce(Float(0)) { $0 + query[head * width + $1] * keys[token][kvHead * width + $1] } / Float(width).squareRoot() }
      let top = scores.max() ?? 0
      let weights = scores.map { exp($0 - top) }
      let sum = weights.reduce(0, +)
      for channel in 0..<width {
        let expected = zip(tokens, weights).reduce(Float(0)) { $0 + $1.1 * values[$1.0][kvHead * width + channel] } / sum
        #expect(abs(output[head * width + channel] - expected) < 1e-4, "seed \(seed), head \(head)")
      }
    }
  }

  /// Everything scored, everything sorted.
  private func naiveChoice(
    _ sparse: SparseAttention, query: [Float], keys: [[Float]], group: Int, kvHead: Int, width: Int, channels: [[Int]]
  ) -> [Int] {
    func score(_ token: Int, _ head: Int, _ channels: [Int]) -> Float {
      channels.reduce(0) { $0 + query[head * width + $1] * keys[token][kvHead * width + $1] }
    }
    let heads = kvHead * group..<(kvHead + 1) * group
    func best(_ count: Int, of places: [Int], _ score: (Int) -> Float) -> [Int] {
      places.sorted { (score($0), $1) > (score($1), $0) }.prefix(count).sorted()
    }
    switch sparse {
    case .pages(let count, let size):
      let last = (keys.count - 1) / size
      return [0]
        + best(count, of: Array(1..<last)) { page in
          heads.map { head in
            (0..<width).reduce(Float(0)) { sum, channel in
              let row = (page * size..<(page + 1) * size).map { keys[$0][kvHead * width + channel] }
              let q = query[head * width + channel]
              return sum + max(q * (row.min() ?? 0), q * (row.max() ?? 0))
            }
          }.max() ?? 0
        } + [last]
    case .labels:
      return best(sparse.kept(of: keys.count) - 1, of: Array(0..<keys.count - 1)) { token in
        heads.map { score(token, $0, channels[kvHead]) }.max() ?? 0
      } + [keys.count - 1]
    case .patterns: return []
    }
  }

  @Test("the greatest are those that sorting finds, of equal ones the first, whatever numbers there are", arguments: 0..<20)
  func greatest(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "greatest")
    let scores = (0..<1 + random.below(300)).map { _ in
      [Float(random.unit() - 0.5), Float(random.below(5)) - 2, -Float.infinity, 0, -0.0][random.below(5)]
    }
    let count = random.below(scores.count + 1)
    let expected = scores.indices.sorted { (scores[$0].sortKey, $1) > (scores[$1].sortKey, $0) }.prefix(count).sorted()
    #expect(scores.withUnsafeBufferPointer { placesOfGreatest(count, of: $0).map { Int($0) } } == expected, "seed \(seed)")
  }
}

extension Float {
  /// Zero is above minus zero.
  fileprivate var sortKey: Double { self == 0 ? (sign == .plus ? 1e-300 : -1e-300) : Double(self) }
}
