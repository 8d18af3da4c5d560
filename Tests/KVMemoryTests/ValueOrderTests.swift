import Core
import Testing

@testable import KVMemory

@Suite("Eviction by value")
struct ValueOrderTests {
  @Test("the heap gives what a search through all gives", arguments: 0..<10)
  func naive(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "value order")
    let count = 5 + random.below(30)
    let weight = [0, 50, 100, 1_000][random.below(4)]
    var order = ValueOrder(weight: weight, blockCount: count)
    var cached: [BlockID: (key: Int, number: Int)] = [:]
    var reach = [Int](repeating: 0, count: count)
    var greatest = 1
    var released = 0
    for step in 0..<600 {
      let block = BlockID(random.below(count))
      switch (random.below(5), cached[block] != nil) {
      case (0, true):
        order.take(block, isEvicted: false)
        cached[block] = nil
      case (0...2, false):
        let blocks = 1 + random.below(40)
        order.note(block, reach: blocks)
        reach[Int(block)] = max(reach[Int(block)], blocks)
        greatest = max(greatest, blocks)
        order.release(block)
        cached[block] = (released + weight * count / 100 * reach[Int(block)] / greatest, released)
        released += 1
      case (3, _):
        let least = cached.min { $0.value < $1.value }?.key
        #expect(order.popLeast() == least, "seed \(seed), step \(step)")
        guard let least else { continue }
        order.take(least, isEvicted: true)
        cached[least] = nil
        reach[Int(least)] = 0
      default: break
      }
    }
  }

  /// A request that has read all of `tokens`.
  private func serve(_ tokens: Prompt, row: Int, in cache: inout KVCache) -> Int {
    let request = Request(id: RequestID(row), arrival: Arrival(time: .zero, prompt: tokens, outputLimit: 1))
    cache.makeTables(count: row + 1)
    cache.extendHashes(of: row, request: request)
    let match = cache.match(row, limit: (tokens.count - 1) / cache.tokensPerBlock)
    var taken: [BlockID] = []
    cache.allocate(row, slots: tokens.count, match: match, into: &taken)
    cache.publish(row, request: request, upTo: tokens.count)
    return match.blocks
  }

  @Test("a long context outlives short ones that were used after it, when value counts; with recency alone it goes first")
  func longContext() {
    func reusedAgain(weight: Int?) -> Int {
      // Twelve blocks of 4 tokens: the long context takes six, each short one two.
      var cache = KVCache(blockCount: 13, tokensPerBlock: 4, reusesPrefixes: true)
      cache.setValueWeight(weight)
      let long = Prompt(TokenRun(.own(0), count: 24))
      _ = serve(long, row: 0, in: &cache)
      cache.release(0)
      for number in 1...4 {
        _ = serve(Prompt(TokenRun(.own(number), count: 8)), row: number, in: &cache)
        cache.release(number)
      }
      #expect(KVCache.invariants.firstViolation(of: cache) == nil)
      return serve(Prompt([TokenRun(.own(0), count: 24), TokenRun(.own(9), count: 1)]), row: 5, in: &cache)
    }
    #expect(reusedAgain(weight: nil) == 4)
    #expect(reusedAgain(weight: 0) == 4, "without weight the order is that of recency")
    #expect(reusedAgain(weight: 100) == 6)
  }

  @Test("what leads to a cached content is cached: a parent never goes before its child", arguments: 0..<10)
  func reachability(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "value storm")
    let blocks = 20 + random.below(20)
    var cache = KVCache(blockCount: blocks, tokensPerBlock: 4, reusesPrefixes: true)
    cache.setValueWeight([10, 100, 500][random.below(3)])
    var live: [Int] = []
    var prompts: [Prompt] = []
    for row in 0..<200 {
      while !live.isEmpty, live.count > 3 || random.below(3) == 0 { cache.release(live.remove(at: random.below(live.count))) }
      var prompt = [TokenRun(.shared(UInt64(random.below(3))), count: 4 * (1 + random.below(3)))]
      if random.below(2) == 0 { prompt.append(TokenRun(.shared(UInt64(10 + random.below(3))), count: 4 * (1 + random.below(3)))) }
      prompts.append(Prompt(prompt + [TokenRun(.own(row), count: 1 + random.below(8))]))
      guard cache.blocks(for: prompts[row].count) <= cache.pool.freeCount else {
        cache.makeTables(count: row + 1)
        continue
      }
      _ = serve(prompts[row], row: row, in: &cache)
      live.append(row)
      if let sentence = KVCache.invariants.firstViolation(of: cache) {
        Issue.record("seed \(seed), request \(row): \(sentence)")
        return
      }
      for table in cache.tables {
        let found = table.hashes.map { cache.index.block(holding: $0) != nil }
        let lost = found.firstIndex(of: false) ?? found.count
        #expect(!found[lost...].contains(true), "seed \(seed), request \(row): a block is cached and cannot be reached")
      }
    }
  }
}
