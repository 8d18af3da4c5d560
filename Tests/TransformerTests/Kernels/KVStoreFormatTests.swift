import Core
import Testing

@testable import Transformer

/// Keys and values of `tokens` positions for every head, and caches that hold them.
private struct Kept {
  let tokens: Int
  let kvHeads: Int
  let width: Int
  /// `[tokens, kvHeads, width]`.
  let keys: [Float]
  let values: [Float]

  /// Some channels are much larger than the rest, as a model's are.
  init(tokens: Int, kvHeads: Int, width: Int, seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "kept")
    self.tokens = tokens
    self.kvHeads = kvHeads
    self.width = width
    func numbers(outliers: Bool) -> [Float] {
      (0..<tokens * kvHeads * width).map { Float(random.unit() - 0.5) * 3 * (outliers && $0 % 17 == 3 ? 12 : 1) + (outliers && $0 % 17 == 3 ? 20 : 0) }
    }
    keys = numbers(outliers: true)
    values = numbers(outliers: false)
  }

  func store(_ format: KVFormat, tokensPerBlock: Int, heads: Int? = nil, path: KernelPath = .best) -> KVStore {
    let blocks = (tokens + tokensPerBlock - 1) / tokensPerBlock
    let sizes = (0..<2 * kvHeads * width).map { Double(($0 % width * 7) % width) }
    var store = KVStore(
      blockCount: blocks, layers: 2, tokensPerBlock: tokensPerBlock, heads: heads ?? kvHeads, kvHeads: kvHeads, headWidth: width,
      format: format, order: format == .bfp8 ? KeyOrder(sizes: sizes, headWidth: width) : nil)
    for position in 0..<tokens {
      keys.withUnsafeBufferPointer { keys in
        values.withUnsafeBufferPointer { values in
          let at = position * kvHeads * width
          store.store(
            layer: 1, block: BlockID(position / tokensPerBlock), slot: position % tokensPerBlock, keys: keys.baseAddress! + at,
            values: values.baseAddress! + at, path: path)
        }
      }
    }
    guard format.keepsWindow else { return store }
    for block in 0..<BlockID(tokens / tokensPerBlock) {
      for head in 0..<kvHeads { store.close(layer: 1, kvHead: head, window: store.window(of: block), into: store.address(of: block), path: path) }
      store.closed([block], besides: [])
    }
    return store
  }

  /// What a store says of all positions, like `keys` and `values`.
  func read(_ store: KVStore, path: KernelPath = .best) -> (keys: [Float], values: [Float]) {
    var (keys, values) = (self.keys, self.values)
    var (block, other) = ([Float](repeating: 0, count: store.tokensPerBlock * width), [Float](repeating: 0, count: store.tokensPerBlock * width))
    for number in 0..<store.blockCount {
      for head in 0..<kvHeads {
        store.keys(layer: 1, block: BlockID(number), kvHead: head, into: &block, path: path)
        store.values(layer: 1, block: BlockID(number), kvHead: head, into: &other, path: path)
        for slot in 0..<min(store.tokensPerBlock, tokens - number * store.tokensPerBlock) {
          let at = ((number * store.tokensPerBlock + slot) * kvHeads + head) * width
          keys.replaceSubrange(at..<at + width, with: block[slot * width..<(slot + 1) * width])
          values.replaceSubrange(at..<at + width, with: other[slot * width..<(slot + 1) * width])
        }
      }
    }
    return (keys, values)
  }
}

/// How far a number may lie from what was stored, by the format's definition.
private func bound(_ format: KVFormat, _ numbers: [Float], _ index: Int, width: Int, kvHeads: Int, keysOf tokensPerBlock: Int?) -> Float {
  let value = abs(numbers[index])
  func group(_ channels: Int) -> ArraySlice<Float> {
    let row = index / width * width
    let first = row + index % width / channels * channels
    return numbers[first..<min(first + channels, row + width)]
  }
  // What rounding the scales themselves to half precision costs besides.
  let slack: Float = 1.01
  switch format {
  case .f16: return value / 2048 + 1e-7
  // What stays is as in half precision, the rest is zero: which, is asked elsewhere.
  case .magnitudeSparse(let percent): return percent == 100 ? value / 2048 + 1e-7 : value * 1.001
  case .f8: return max(value / 16, 1.0 / 1024)
  case .int8: return group(width).map(abs).max()! / 127 / 2 * slack
  case .int4: return (group(64).max()! - group(64).min()!) / 15 / 2 * slack + abs(group(64).min()!) / 2048
  case .int4Hadamard:
    // A rotated vector is no longer than the vector; its error, rotated back, is spread over the block.
    let length = numbers[index / width * width..<(index / width + 1) * width].reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length * 2 / 15 / 2 * Float(width).squareRoot()
  case .bfp8:
    // Sorted keys share an exponent with other channels of the head.
    let others = tokensPerBlock == nil ? group(32) : group(width)
    return others.map(abs).max()! / 127 * slack
  case .kivi2:
    guard let tokensPerBlock else { return (group(64).max()! - group(64).min()!) / 3 / 2 * slack + abs(group(64).min()!) / 1024 }
    let (position, place) = (index / (width * kvHeads), index % (width * kvHeads))
    if position / tokensPerBlock == numbers.count / (width * kvHeads) / tokensPerBlock { return value / 2048 + 1e-7 }
    let lanes = (0..<16).map { numbers[(position / 16 * 16 + $0) * width * kvHeads + place] }
    let step = max((lanes.max()! - lanes.min()!) / 3, abs(lanes.min()!) / 31.75) * 1.126
    return step * 0.63 + value / 1024
  }
}

extension KVFormat {
  /// Those of `--retain` too.
  fileprivate static let allStored = allCases + [30, 100].map { .magnitudeSparse(percent: $0) }
}

@Suite("KV formats in blocks")
struct KVStoreFormatTests {
  @Test("a number comes back as near as its format's step allows, in blocks of any size, with the same bits on every path", arguments: KVFormat.allStored)
  func nearness(format: KVFormat) {
    for (width, tokensPerBlock) in [(64, 16), (64, 4), (80, 16), (128, 32), (16, 1), (48, 48)] where format.canFill(tokensPerBlock: tokensPerBlock) {
      let kept = Kept(tokens: 2 * max(16, tokensPerBlock) + (tokensPerBlock > 1 ? tokensPerBlock / 2 : 0), kvHeads: 2, width: width, seed: 9)
      let found = kept.read(kept.store(format, tokensPerBlock: tokensPerBlock))
      for (name, given, got) in [("key", kept.keys, found.keys), ("value", kept.values, found.values)] {
        for index in given.indices {
          let far = bound(format, given, index, width: width, kvHeads: 2, keysOf: name == "key" ? tokensPerBlock : nil)
          guard !(abs(given[index] - got[index]) <= far) else { continue }
          Issue.record("seed 9, \(width) wide, blocks of \(tokensPerBlock): \(name) \(index) is \(got[index]), not \(given[index]) ± \(far)")
          return
        }
      }
      for path in KernelPath.all {
        let other = kept.read(kept.store(format, tokensPerBlock: tokensPerBlock, path: path), path: path)
        #expect(other.keys.map(\.bitPattern) == found.keys.map(\.bitPattern), "keys, \(width) wide, blocks of \(tokensPerBlock), \(path.name)")
        #expect(other.values.map(\.bitPattern) == found.values.map(\.bitPattern), "values, \(width) wide, blocks of \(tokensPerBlock), \(path.name)")
      }
    }
  }

  @Test("every eight-bit float comes back as itself, and what lies between goes to the nearer, at a tie to the even one")
  func floats() {
    // All finite numbers of e4m3, from the definition.
    let numbers = (0..<127).map { code -> Float in
      let (exponent, fraction) = (code >> 3, Float(code & 7) / 8)
      return exponent == 0 ? fraction * 0.015625 : (1 + fraction) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
    }
    var asked: [Float] = []
    var expected: [Float] = []
    for (index, number) in numbers.enumerated() {
      asked += [number, -number]
      expected += [number, -number]
      guard index + 1 < numbers.count else { continue }
      let next = numbers[index + 1]
      let middle = (number + next) / 2
      asked += [middle, middle.nextDown, middle.nextUp]
      expected += [index % 2 == 0 ? number : next, number, next]
    }
    asked += [449, 1e9]
    expected += [448, 448]
    let padding = (16 - asked.count % 16) % 16
    asked += [Float](repeating: 0, count: padding)
    expected += [Float](repeating: 0, count: padding)
    for path in KernelPath.all {
      var store = KVStore(blockCount: 1, layers: 1, tokensPerBlock: 1, heads: asked.count / 16, kvHeads: asked.count / 16, headWidth: 16, format: .f8)
      store.store(layer: 0, block: 0, slot: 0, keys: asked, values: asked, path: path)
      var found: [Float] = []
      var head = [Float](repeating: 0, count: 16)
      for number in 0..<asked.count / 16 {
        store.keys(layer: 0, block: 0, kvHead: number, into: &head, path: path)
        found += head
      }
      #expect(found == expected, "\(path.name)")
    }
  }

  @Test("attention over codes is attention over the numbers they stand for, on every path", arguments: KVFormat.allStored)
  func attention(format: KVFormat) {
    let pool = ThreadPool(threads: 2)
    for (heads, kvHeads, width, tokens) in [(6, 2, 64, 150), (16, 2, 128, 70), (2, 2, 16, 33), (7, 1, 80, 65)] {
      let kept = Kept(tokens: tokens, kvHeads: kvHeads, width: width, seed: 4)
      var random = SplitMix(seed: 4, purpose: "queries")
      let queries = (0..<heads * width).map { _ in Float(random.unit() - 0.5) }
      let store = kept.store(format, tokensPerBlock: 16, heads: heads)
      let read = kept.read(store)
      var expected = [Double](repeating: 0, count: heads * width)
      for head in 0..<heads {
        let kvHead = head / (heads / kvHeads)
        func at(_ position: Int) -> Int { (position * kvHeads + kvHead) * width }
        let scores = (0..<tokens).map { position in
          (0..<width).reduce(0.0) { $0 + Double(queries[head * width + $1]) * Double(read.keys[at(position) + $1]) } / Double(width).squareRoot()
        }
        let weights = scores.map { exponential($0 - scores.max()!) }
        for position in 0..<tokens {
          for channel in 0..<width {
            expected[head * width + channel] += weights[position] / weights.reduce(0, +) * Double(read.values[at(position) + channel])
          }
        }
      }
      var bits: [UInt32]?
      for path in KernelPath.all {
        var output = [Float](repeating: .nan, count: heads * width)
        output.withUnsafeMutableBufferPointer { output in
          queries.withUnsafeBufferPointer { queries in
            let span = AttentionSpan(
              table: (0..<BlockID(store.blockCount)).map { store.address(of: $0) },
              windows: format.keepsWindow ? [store.window(of: BlockID(store.blockCount - 1))] : [], first: tokens - 1, count: 1,
              queries: queries.baseAddress!, queryStride: heads * width, output: output.baseAddress!)
            store.attend(layer: 1, [span], pool: pool, path: path)
          }
        }
        for (index, pair) in zip(output, expected).enumerated() where !(abs(Double(pair.0) - pair.1) < 2e-5) {
          Issue.record("seed 4, \(heads)/\(kvHeads) heads × \(width): element \(index) is \(pair.0), not \(pair.1)")
          return
        }
        bits = bits ?? output.map(\.bitPattern)
        #expect(output.map(\.bitPattern) == bits, "\(heads)/\(kvHeads) heads × \(width), \(path.name)")
      }
    }
  }

  @Test(
    "batched, chunked, decoded after drafts that did not stand, on any path: a sequence has the bits it has alone",
    arguments: KVFormat.allStored)
  func schedules(format: KVFormat) throws {
    let pool = ThreadPool(threads: 2)
    let model = try PackedLlama(file(RandomModel(type: .q8_0, seed: 7).writer.bytes), pool: pool)
    for seed in 0..<12 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "format schedules")
      let path = random.element(of: KernelPath.all)
      var scratch = ForwardScratch(model, rows: 5 + random.below(40), precision: .eightBits, pool: pool, path: path)
      var alone = ForwardScratch(model, rows: 64, precision: .eightBits, pool: ThreadPool(threads: 1))
      var free = (0..<32).map { BlockID($0) }.shuffled(using: &random)
      var cache = KVStore(model.shape, blockCount: 32, tokensPerBlock: 16, format: format)
      let prefix = RandomModel.tokens(32, seed: 1)
      var shared: [BlockID] = []
      struct Sequence {
        var tokens: [TokenID]
        var table: [BlockID]
        var computed: Int
        var logits: [Float] = []
      }
      var sequences: [Sequence] = []
      for number in 0..<4 {
        let tokens = prefix + RandomModel.tokens(5 + random.below(40), seed: random.next())
        let blocks = (tokens.count + 12 + 15) / 16
        // The last two begin behind the first one's blocks, in the step that computes them.
        let own = number < 2 ? blocks : blocks - 2
        let table = (number < 2 ? [] : shared) + free.suffix(own)
        free.removeLast(own)
        if number == 0 { shared = Array(table.prefix(2)) }
        sequences.append(Sequence(tokens: tokens, table: table, computed: number < 2 ? 0 : 32))
      }
      var isFirst = true
      while sequences.contains(where: { $0.computed < $0.tokens.count }) {
        var spans: [SequenceSpan] = []
        var members: [(index: Int, count: Int)] = []
        for (index, one) in sequences.enumerated() where one.computed < one.tokens.count && (isFirst || random.below(4) > 0) {
          let count = min(isFirst && index == 0 ? 36 : random.below(2) == 0 ? 1 : 1 + random.below(25), one.tokens.count - one.computed)
          var tokens = Array(one.tokens[one.computed..<one.computed + count])
          // Drafts, none of which stands.
          if random.below(2) == 0 { tokens += RandomModel.tokens(random.below(12), seed: random.next()) }
          spans.append(SequenceSpan(tokens: tokens, first: one.computed, table: one.table, logits: 0..<count))
          members.append((index, count))
        }
        isFirst = false
        var logits = model.forward(spans, in: &cache, scratch: &scratch)[...]
        for (index, count) in members {
          sequences[index].logits += logits.prefix(count * model.shape.vocabulary)
          sequences[index].computed += count
          logits = logits.dropFirst(count * model.shape.vocabulary)
        }
      }
      for (index, one) in sequences.enumerated() {
        var own = KVStore(model.shape, blockCount: 8, tokensPerBlock: 16, format: format)
        let first = index < 2 ? 0 : 32
        let expected = model.forward(
          [SequenceSpan(tokens: one.tokens, first: 0, table: (0..<8).map { $0 }, logits: first..<one.tokens.count)], in: &own, scratch: &alone)
        let wrong = zip(one.logits, expected).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }.map { $0.offset / model.shape.vocabulary }
        #expect(wrong == nil, "seed \(seed), sequence \(index), token \((wrong ?? 0) + first), \(path.name)")
      }
      // Filled blocks lose their windows when their sequence goes on.
      if format.keepsWindow {
        #expect(cache.windows.count { $0 != nil } <= 2 * sequences.count + 4, "seed \(seed)")
      }
    }
  }

  @Test("blocks are converted in place: what was stored is encoded, and going back keeps the error", arguments: KVFormat.allStored)
  func conversion(format: KVFormat) {
    let pool = ThreadPool(threads: 2)
    let kept = Kept(tokens: 90, kvHeads: 2, width: 64, seed: 3)
    let half = kept.store(.f16, tokensPerBlock: 16)
    let rounded = kept.read(half)
    let direct = Kept(tokens: 90, kvHeads: 2, width: 64, keys: rounded.keys, values: rounded.values).store(format, tokensPerBlock: 16)
    var converted = half
    let (blocks, bytes) = converted.convert(to: format, order: direct.order, filling: [5], pool: pool)
    #expect(blocks == 6 && bytes == 6 * (half.bytesPerBlock + direct.bytesPerBlock))
    #expect(kept.read(converted).keys == kept.read(direct).keys)
    #expect(kept.read(converted).values == kept.read(direct).values)
    #expect(converted.bytesInUse == direct.bytesInUse)
    #expect(half.bytesInUse == 6 * half.bytesPerBlock, "the fork that was not asked keeps its blocks")
    let lossy = kept.read(converted)
    _ = converted.convert(to: .f16, pool: pool)
    let back = kept.read(converted)
    for (a, b) in zip(back.keys + back.values, lossy.keys + lossy.values) where !(abs(a - b) <= abs(b) / 2048 + 1e-6) {
      Issue.record("seed 3: \(b) came back as \(a)")
      return
    }
  }
}

extension Kept {
  init(tokens: Int, kvHeads: Int, width: Int, keys: [Float], values: [Float]) {
    self.tokens = tokens
    self.kvHeads = kvHeads
    self.width = width
    self.keys = keys
    self.values = values
  }
}
