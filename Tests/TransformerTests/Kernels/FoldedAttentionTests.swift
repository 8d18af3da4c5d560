import Core
import Hardware
import Testing

@testable import Transformer

/// Tables in which streaming heads have given their places to retrieval heads, against tables that are whole.
@Suite("Folded tables")
struct FoldedAttentionTests {
  private static let pool = ThreadPool(threads: 2)
  private static let formats = KVFormat.allCases.filter { $0 != .bfp8 }

  /// A text of `tokens` that a model of random weights has read, in blocks 3, 4, …
  private func read(_ tokens: Int, _ format: KVFormat, _ model: PackedLlama) -> (cache: KVStore, table: [BlockID]) {
    let table = (0..<(tokens + 15) / 16).map { BlockID($0 + 3) }
    var cache = KVStore(model.shape, blockCount: 40, tokensPerBlock: 16, format: format)
    var scratch = ForwardScratch(model, rows: 64, pool: Self.pool)
    let text = RandomModel.tokens(tokens, seed: 5)
    for first in stride(from: 0, to: tokens, by: 48) {
      let part = Array(text[first..<min(first + 48, tokens)])
      _ = model.forward([SequenceSpan(tokens: part, first: first, table: table, logits: 0..<0)], in: &cache, scratch: &scratch)
    }
    return (cache, table)
  }

  private func split(_ shape: LlamaShape, share: Int, _ random: inout SplitMix) -> HeadSplit {
    var heads = Array(0..<shape.layers * shape.keyHeads)
    for index in heads.indices { heads.swapAt(index, random.below(heads.count)) }
    return HeadSplit(ranking: heads, share: share)
  }

  /// Attention of one head's queries, as dense attention gives it over some blocks.
  private func attention(_ cache: KVStore, _ table: [BlockID], layer: Int, first: Int, _ queries: [Float]) -> [Float] {
    let width = cache.heads * cache.headWidth
    var output = [Float](repeating: 0, count: queries.count)
    queries.withUnsafeBufferPointer { queries in
      output.withUnsafeMutableBufferPointer { output in
        cache.attend(layer: layer, [span(cache, table, first: first, queries.baseAddress!, count: queries.count / width, output.baseAddress!)], pool: Self.pool)
      }
    }
    return output
  }

  private func span(
    _ cache: KVStore, _ table: [BlockID], first: Int, _ queries: UnsafePointer<Float>, count: Int, _ output: UnsafeMutablePointer<Float>
  ) -> AttentionSpan {
    AttentionSpan(
      table: table.map { cache.address(of: $0) }, windows: cache.format.keepsWindow ? table[(first / 16)...].map { cache.window(of: $0) } : [],
      first: first, count: count, queries: queries, queryStride: cache.heads * cache.headWidth, output: output)
  }

  @Test("a retrieval head has the bits of everything, a streaming head those of what it kept; in each format, folded in parts", arguments: formats)
  func bits(format: KVFormat) throws {
    for seed in 0..<6 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "folds")
      let model = try PackedLlama(file(RandomModel(seed: 3).writer.bytes), pool: Self.pool)
      let tokens = 16 * (8 + random.below(8)) + 1 + random.below(15)
      let (whole, table) = read(tokens, format, model)
      let share = 20 + random.below(70)
      let split = split(model.shape, share: share, &random)
      let lead = random.below(3)
      var folded = whole
      var (own, fold) = (table, HeadFold(lead: lead, folded: 0, share: share))
      for _ in 0..<3 {
        let before = fold
        // A block at least stays, in which the queries' own keys are.
        let left = own.count - fold.lead - fold.packed - 1
        guard left > 0 else { break }
        fold.folded += 1 + random.below(left)
        let source = own
        let first = lead + before.packed
        // Some go to fresh blocks, as those do that others hold.
        for number in first..<first + fold.packed - before.packed where random.below(3) == 0 { own[number] = BlockID(39 - number) }
        own.removeSubrange(first + fold.packed - before.packed..<first + fold.folded - before.folded)
        folded.fold(source, into: own, FoldedTable(fold: fold, split: split), before: before.folded, from: nil)
      }
      var once = KVStore(model.shape, blockCount: 40, tokensPerBlock: 16, format: format)
      once.fold(table, into: own, FoldedTable(fold: fold, split: split), before: 0, from: whole)
      let dropped = fold.saved * 16
      let few = Array(table[..<lead] + table[(lead + fold.folded)...])
      let place = FoldedTable(fold: fold, split: split)
      // Decodes, and some queries in one, of the last block.
      let count = 1 + random.below(tokens - (tokens - 1) / 16 * 16)
      let first = tokens - count
      let width = whole.heads * whole.headWidth
      let queries = (0..<count * width).map { _ in Float(random.unit() - 0.5) * 4 }
      for layer in 0..<model.shape.layers {
        let all = attention(whole, table, layer: layer, first: first, queries)
        let near = attention(whole, few, layer: layer, first: first - fold.folded * 16, queries)
        for store in [folded, once] {
          var output = [Float](repeating: 0, count: queries.count)
          queries.withUnsafeBufferPointer { queries in
            output.withUnsafeMutableBufferPointer { output in
              let span = span(store, own, first: first - dropped, queries.baseAddress!, count: count, output.baseAddress!)
              store.attend(layer: layer, folded: [FoldedSpan(span: span, table: place)], pool: Self.pool)
            }
          }
          let group = width / model.shape.keyHeads
          for kvHead in 0..<model.shape.keyHeads {
            let expected = split.places[layer * model.shape.keyHeads + kvHead] == nil ? near : all
            for row in 0..<count {
              let part = row * width + kvHead * group..<row * width + (kvHead + 1) * group
              #expect(output[part] == expected[part], "seed \(seed), \(format), layer \(layer), head \(kvHead), \(fold)")
            }
          }
        }
      }
    }
  }

  @Test("who sees everything loses nothing, and what a head loses is the same on any number of threads")
  func scores() throws {
    let model = try PackedLlama(file(RandomModel(seed: 3).writer.bytes), pool: Self.pool)
    let text = RandomModel.tokens(60, seed: 8)
    func scores(window: Int, threads: Int = 2) -> HeadScores {
      var scratch = ForwardScratch(model, rows: 64, pool: ThreadPool(threads: threads))
      return model.headScores(of: text, sinks: 2, window: window, scratch: &scratch)
    }
    #expect(scores(window: 200).errors.allSatisfy { $0 == 0 })
    let (some, none) = (scores(window: 40), scores(window: 1))
    #expect(some.errors.allSatisfy { $0 > 0 && $0 < 2 } && some.beyond.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(zip(some.beyond, none.beyond).allSatisfy { $0 < $1 })
    #expect(scores(window: 40, threads: 1) == some)
    #expect(some.ranking.sorted() == Array(some.errors.indices))
  }

  @Test("weights in another format would find other heads, but tables are folded for those that were found")
  func reloaded() throws {
    let model = try LocalModel(GGUFFile(#require(BuiltInModel.large.file)), name: "large", threads: 2)
    let found = model.headSplit(share: 50)
    let other = try model.storing(.sparse(zeros: 90))
    #expect(other.headScores().ranking != model.headScores().ranking)
    #expect(other.headSplit(share: 50) == found)
  }

  @Test("of the model inside the program, heads that were found keep its words better than as many others")
  func found() throws {
    let model = try LocalModel(GGUFFile(#require(BuiltInModel.large.file)), name: "large", threads: 2)
    let ranking = model.headScores().ranking
    let text = Array(model.passages.prefix(160))
    let tokens = text + text
    let table = (0..<BlockID(tokens.count / 16)).map { $0 }
    var errors: [Double] = []
    for ranking in [ranking, ranking.reversed()] {
      var cache = KVStore(model.shape, blockCount: table.count, tokensPerBlock: 16)
      let (fold, split) = (HeadFold(lead: 1, folded: 14, share: 50), HeadSplit(ranking: ranking, share: 50))
      let begin = tokens.count - 40
      let error = model.workspace.use { scratch -> Double in
        func read(_ range: Range<Int>, _ table: [BlockID], _ folded: FoldedTable?) -> [Float] {
          var span = SequenceSpan(tokens: Array(tokens[range]), first: range.lowerBound, table: table, logits: 0..<range.count)
          if let folded { (span.folded, span.dropped) = (folded, folded.fold.saved * 16) }
          return model.weights.forward([span], in: &cache, scratch: &scratch)
        }
        _ = read(0..<begin, table, nil)
        let fork = cache
        let exact = read(begin..<tokens.count, table, nil)
        cache = fork
        let own = Array(table[..<(1 + fold.packed)] + table[(1 + fold.folded)...])
        cache.fold(table, into: own, FoldedTable(fold: fold, split: split), before: 0, from: nil)
        let lossy = read(begin..<tokens.count, own, FoldedTable(fold: fold, split: split))
        let vocabulary = model.shape.vocabulary
        return (0..<tokens.count - begin).reduce(0) {
          $0 + CPUDevice.divergence(of: lossy[$1 * vocabulary..<($1 + 1) * vocabulary], from: exact[$1 * vocabulary..<($1 + 1) * vocabulary]).nats
        }
      }
      errors.append(error)
    }
    #expect(errors[0] * 4 < errors[1], "\(errors)")
  }
}
