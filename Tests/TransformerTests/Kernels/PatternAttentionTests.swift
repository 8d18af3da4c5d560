import Core
import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite("Attention of prompts by patterns")
struct PatternAttentionTests {
  static let pool = ThreadPool(threads: 2)
  private typealias Bench = (store: KVStore, keys: [[Float]], values: [[Float]], queries: [Float], heads: Int, kvHeads: Int, width: Int)

  /// Random keys, values and queries of `count` positions; columns 37 and 120 and the diagonal 64 back matter more than others.
  private func bench(_ random: inout SplitMix, count: Int, size: Int, format: KVFormat = .f16) -> Bench {
    let (heads, kvHeads, width) = [(3, 1, 64), (4, 2, 32), (4, 4, 16)][random.below(3)]
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.unit() - 0.5) * 3 } }
    var store = KVStore(blockCount: (count + size - 1) / size, layers: 2, tokensPerBlock: size, heads: heads, kvHeads: kvHeads, headWidth: width, format: format)
    var (keys, values): ([[Float]], [[Float]]) = ([], [])
    for token in 0..<count {
      var key = numbers(kvHeads * width)
      if [37, 120].contains(token) { key = key.map { $0 * 3 } }
      let value = numbers(kvHeads * width)
      store.store(layer: 1, block: BlockID(token / size), slot: token % size, keys: key, values: value)
      keys.append(key.map { Float(Float16($0)) })
      values.append(value.map { Float(Float16($0)) })
    }
    return (store, keys, values, numbers(count * heads * width), heads, kvHeads, width)
  }

  /// What queries `first..<count` give under patterns; under none with `dense`.
  private func output(
    _ bench: Bench, first: Int, _ patterns: [HeadPattern], budget: Int, isDense: Bool = false, pool: ThreadPool = pool, path: KernelPath = .best
  ) -> (chosen: [[Int32]?], output: [Float]) {
    let count = bench.keys.count
    let stride = bench.heads * bench.width
    var output = [Float](repeating: 0, count: (count - first) * stride)
    var chosen: [[Int32]?] = []
    bench.queries.withUnsafeBufferPointer { queries in
      output.withUnsafeMutableBufferPointer { output in
        let span = AttentionSpan(
          table: (0..<BlockID(bench.store.blockCount)).map { bench.store.address(of: $0) }, first: first, count: count - first,
          queries: queries.baseAddress! + first * stride, queryStride: stride, output: output.baseAddress!)
        if isDense { return bench.store.attend(layer: 1, [span], pool: pool, path: path) }
        let tiles = bench.store.tiles(of: [span])
        chosen = bench.store.choose(layer: 1, [span], tiles, patterns[...], budget: budget, pool: pool, path: path)
        bench.store.attend(layer: 1, [span], tiles, chosen, pool: pool, path: path)
      }
    }
    return (chosen, output)
  }

  @Test("chosen units, and attention over them, are those of a naive model", arguments: 0..<12)
  func naive(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "patterns")
    let size = [4, 16, 32][random.below(3)]
    let unit = max(16, size)
    let count = unit * 14 + random.below(200)
    let first = count - 30 - random.below(100)
    let budget = 4 + random.below(5)
    let bench = bench(&random, count: count, size: size)
    let (heads, width) = (bench.heads, bench.width)
    let patterns = (0..<heads).map { HeadPattern.candidates[(Int(seed) + $0) % HeadPattern.candidates.count] }
    let (chosen, output) = output(bench, first: first, patterns, budget: budget)
    let stride = heads * width
    func score(_ query: Int, _ key: Int, _ head: Int) -> Double {
      let kvHead = head * bench.kvHeads / heads
      return (0..<width).reduce(0) { $0 + Double(bench.queries[query * stride + head * width + $1]) * Double(bench.keys[key][kvHead * width + $1]) }
    }
    func weights(_ query: Int, _ keys: [Int], _ head: Int) -> [Double] {
      let scores = keys.map { score(query, $0, head) / Double(width).squareRoot() }
      let most = scores.max() ?? 0
      let weights = scores.map { exp($0 - most) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
    func best(_ count: Int, _ places: Range<Int>, _ weight: (Int) -> Double) -> [Int] {
      let weights = Dictionary(uniqueKeysWithValues: places.map { ($0, weight($0)) })
      return Array(places.sorted { (weights[$0]!, $1) > (weights[$1]!, $0) }.prefix(count))
    }
    var expected: [[Int]?] = []
    let tiles = ranges(from: first, to: count, unit: unit)
    for tile in tiles {
      let own = tile.lowerBound / unit
      for head in 0..<heads {
        if own <= budget {
          expected.append(nil)
          continue
        }
        switch patterns[head] {
        case .aShape: expected.append(Array(0..<max(1, budget / 5)) + Array(own - budget + max(1, budget / 5)..<own))
        case .verticalSlash(let quarters):
          let units = (count + unit - 1) / unit
          var (column, slash) = ([Double](repeating: 0, count: units), [Double](repeating: 0, count: units))
          for query in max(first, count - 64)..<count {
            for (key, weight) in weights(query, Array(0...query), head).enumerated() {
              column[key / unit] += weight
              slash[query / unit - key / unit] += weight
            }
          }
          let columns = (budget - 2) * quarters / 4
          let lines = best(columns, 1..<units) { column[$0] }
          let distances = best(budget - 2 - columns, 2..<units) { slash[$0] }
          expected.append((0..<own).filter { $0 == 0 || $0 == own - 1 || lines.contains($0) || distances.contains(own - $0) })
        case .blocks:
          let inner = best(budget - 2, 1..<own - 1) { block in
            tile.reduce(0) { sum, query in sum + (block * unit..<(block + 1) * unit).reduce(0) { $0 + score(query, $1, head) } }
          }
          expected.append([0] + inner.sorted() + [own - 1])
        }
      }
    }
    #expect(chosen.map { $0?.map { Int($0) } } == expected, "seed \(seed)")
    for (number, tile) in tiles.enumerated() {
      let own = tile.lowerBound / unit
      for head in 0..<heads {
        #expect((expected[number * heads + head]?.count ?? 0) <= budget, "seed \(seed)")
        for query in tile {
          let keys = (expected[number * heads + head] ?? Array(0..<own)).flatMap { $0 * unit..<($0 + 1) * unit } + Array(own * unit...query)
          let weights = weights(query, keys, head)
          for channel in [0, width - 1] {
            let truth = zip(keys, weights).reduce(0.0) { $0 + $1.1 * Double(bench.values[$1.0][head * bench.kvHeads / heads * width + channel]) }
            #expect(abs(Double(output[(query - first) * stride + head * width + channel]) - truth) < 1e-3, "seed \(seed), head \(head), query \(query)")
          }
        }
      }
    }
  }

  private func ranges(from first: Int, to end: Int, unit: Int) -> [Range<Int>] {
    var tiles: [Range<Int>] = []
    var position = first
    while position < end {
      let next = min(end, (position / unit + 1) * unit)
      tiles.append(position..<next)
      position = next
    }
    return tiles
  }

  @Test("where the budget covers all that comes before, results have the bits of dense attention, in every format", arguments: KVFormat.allCases)
  func whole(format: KVFormat) {
    // Windows come and go with a sequence: the model test has them.
    if format.keepsWindow { return }
    var random = SplitMix(seed: 9, purpose: "patterns, whole")
    for size in [16, 32] {
      let bench = bench(&random, count: 300, size: size, format: format)
      for pattern in HeadPattern.candidates {
        let own = output(bench, first: 150, Array(repeating: pattern, count: bench.heads), budget: 19)
        #expect(own.chosen.allSatisfy { $0 == nil })
        #expect(own.output == output(bench, first: 150, [], budget: 0, isDense: true).output, "\(format), \(pattern.name)")
      }
    }
  }

  @Test("choices and results have the same bits on every path and number of threads, in every format", arguments: KVFormat.allCases)
  func bits(format: KVFormat) {
    if format.keepsWindow { return }
    var random = SplitMix(seed: 10, purpose: "patterns, bits")
    let bench = bench(&random, count: 333, size: 16, format: format)
    let patterns = (0..<bench.heads).map { HeadPattern.candidates[[0, 3, 4, 1][$0]] }
    let expected = output(bench, first: 100, patterns, budget: 5)
    #expect(expected.output != output(bench, first: 100, [], budget: 0, isDense: true).output)
    for path in KernelPath.all {
      for threads in [1, 2, 3] {
        let own = output(bench, first: 100, patterns, budget: 5, pool: ThreadPool(threads: threads), path: path)
        #expect(own.chosen == expected.chosen && own.output == expected.output, "\(path.name), \(threads) threads")
      }
    }
  }

  /// The logits after a prompt of `count` tokens, read in passes of 64 beside `company` others.
  private func logits(
    _ model: PackedLlama, blocks: Int?, count: Int = 240, company: Int = 0, pool: ThreadPool = pool, format: KVFormat = .f16, path: KernelPath = .best
  ) -> [Float] {
    var scratch = ForwardScratch(model, rows: 64, pool: pool, path: path)
    let perSequence = (count + 15) / 16
    var cache = KVStore(model.shape, blockCount: (company + 1) * perSequence, tokensPerBlock: 16, format: format)
    let sparse = blocks.map { SparseAttention.patterns(blocks: $0, tokensPerBlock: 16) }
    cache.keepNotes(
      for: sparse, channels: { _ in [] },
      patterns: { (0..<model.shape.layers * model.shape.heads).map { HeadPattern.candidates[$0 % HeadPattern.candidates.count] } }, pool: pool)
    // The others are in front, and fill rounds in part.
    let spans = (0...company).reversed().map { sequence in
      let own = sequence == 0 ? count : 30 + sequence
      return SequenceSpan(
        tokens: Array(RandomModel.tokens(count, seed: UInt64(sequence)).prefix(own)), first: 0,
        table: (0..<perSequence).map { BlockID($0 * (company + 1) + sequence) }, logits: own - 1..<own)
    }
    return Array(model.forward(spans, leavingOut: sparse, in: &cache, scratch: &scratch).suffix(model.shape.vocabulary))
  }

  @Test("a prompt's logits do not depend on who is read beside it; short prompts and large budgets are dense", arguments: [KVFormat.f16, .int8, .kivi2, .magnitudeSparse(percent: 50)])
  func model(format: KVFormat) throws {
    let model = try PackedLlama(file(RandomModel(seed: 5).writer.bytes), pool: Self.pool)
    let sparse = logits(model, blocks: 4, format: format)
    let dense = logits(model, blocks: nil, format: format)
    #expect(sparse != dense)
    #expect(sparse == logits(model, blocks: 4, company: 3, format: format))
    for path in KernelPath.all { #expect(sparse == logits(model, blocks: 4, pool: ThreadPool(threads: 1), format: format, path: path), "\(path.name)") }
    #expect(logits(model, blocks: 14, format: format) == dense)
    #expect(logits(model, blocks: 4, count: 80, format: format) == logits(model, blocks: nil, count: 80, format: format))
  }

  @Test("the search finds the same pattern for each head on any path and threads, and what it found loses less than one pattern for all does on average")
  func search() throws {
    guard let file = BuiltInModel.small.file else { return }
    let model = try LocalModel(GGUFFile(file), name: "small")
    let found = model.headPatterns()
    #expect(found.count == model.shape.layers * model.shape.heads)
    let text = model.language.tokenizer.promptTokens(Passages.all.joined(separator: " "), parseSpecial: false)
    for path in KernelPath.all {
      let pool = ThreadPool(threads: 1)
      var scratch = ForwardScratch(model.weights, pool: pool, path: path)
      #expect(model.weights.patterns(for: Array(text.prefix(min(1_024, model.shape.contextLength))), scratch: &scratch) == found, "\(path.name)")
    }
    func divergence(_ patterns: [HeadPattern]?) -> Double {
      model.scores(
        of: Array(model.passages.prefix(1_024)), choices: [CacheChoice(sparse: .patterns(blocks: 8, tokensPerBlock: 16))], window: 512, chunk: 256,
        patterns: patterns)[0].meanDivergence
    }
    let own = divergence(nil)
    let all = HeadPattern.candidates.map { pattern in divergence(Array(repeating: pattern, count: found.count)) }
    print("workbench-small, 8 blocks of 32: KL \(own) by its own patterns; one for all \(zip(HeadPattern.candidates, all).map { "\($0.name) \($1)" })")
    #expect(own < all.reduce(0, +) / Double(all.count))
  }
}
