import Core
import Testing

@testable import Transformer

@Suite("Attention over shared blocks")
struct SharedAttentionTests {
  @Test("reading what queries have in common once gives each the bits of reading its context alone", arguments: 0..<6)
  func bits(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "shared attention")
    let tokensPerBlock = [1, 4, 16, 32][random.below(4)]
    let (heads, kvHeads, width) = [(3, 1, 64), (4, 2, 128), (4, 4, 16), (9, 3, 64)][random.below(4)]
    var cache = KVStore(
      blockCount: 1_200, layers: 1, tokensPerBlock: tokensPerBlock, heads: heads, kvHeads: kvHeads, headWidth: width)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.unit() - 0.5) * 3 } }
    var used: BlockID = 0
    func blocks(tokens: Int) -> [BlockID] {
      let count = BlockID((tokens + tokensPerBlock - 1) / tokensPerBlock)
      defer { used += count }
      for block in used..<used + count {
        for slot in 0..<tokensPerBlock {
          cache.store(layer: 0, block: block, slot: slot, keys: numbers(kvHeads * width), values: numbers(kvHeads * width))
        }
      }
      return Array(used..<used + count)
    }
    // A trunk of all, branches of some, leaves of one; a query that has nothing in common.
    let trunk = blocks(tokens: 64 + random.below(200) / tokensPerBlock * tokensPerBlock)
    let branches = (0..<2).map { _ in blocks(tokens: random.below(150) / tokensPerBlock * tokensPerBlock) }
    var tables: [[BlockID]] = []
    var branch: [Int] = []
    let count = 20 + random.below(20)
    for number in 0..<count {
      branch.append(number % 3)
      let leaf = blocks(tokens: 1 + random.below(20))
      tables.append(number % 3 == 2 ? leaf : trunk + branches[number % 3] + leaf)
    }
    let trunkEnd = trunk.count * tokensPerBlock
    var shared = [SharedSpan(positions: 0..<trunkEnd, spans: (0..<count).filter { branch[$0] < 2 }, depth: 0)]
    for side in 0..<2 where !branches[side].isEmpty {
      shared.append(
        SharedSpan(
          positions: trunkEnd..<trunkEnd + branches[side].count * tokensPerBlock, spans: (0..<count).filter { branch[$0] == side }, depth: 1))
    }
    let stretches = shared.map { SharedStretch(keys: KVStore.wholeSpans(of: $0.positions), members: $0.spans, depth: $0.depth) }
      .filter { !$0.keys.isEmpty }
    let queries = numbers(count * heads * width)
    let row = heads * width
    func attend(_ body: ([AttentionSpan]) -> Void) -> [UInt32] {
      var output = [Float](repeating: .nan, count: count * row)
      output.withUnsafeMutableBufferPointer { output in
        queries.withUnsafeBufferPointer { queries in
          guard let source = queries.baseAddress, let target = output.baseAddress else { return }
          body(
            tables.enumerated().map { number, table in
              AttentionSpan(
                table: table.map { cache.address(of: $0) }, first: table.count * tokensPerBlock - 1, count: 1, queries: source + number * row,
                queryStride: row, output: target + number * row)
            })
        }
      }
      return output.map(\.bitPattern)
    }
    let pool = ThreadPool(threads: 3)
    let alone = attend { cache.attend(layer: 0, $0, pool: pool) }
    let states = AlignedBuffer(bytes: count * cache.bytesPerState, isZeroed: false)
    for path in KernelPath.all {
      let together = attend { cache.attend(layer: 0, decodes: $0, shared: stretches, states: states, pool: pool, path: path) }
      #expect(together == alone, "seed \(seed): \(count) queries, blocks of \(tokensPerBlock), \(heads)/\(kvHeads) heads × \(width), \(path.name)")
    }
  }
}
