import Core
import KVMemory
import Testing

@Suite("KV cache")
struct KVCacheTests {
  /// Blocks of 4 tokens; request 0 says tokens 1…12, request 1 shares the first 8.
  func cache(blocks: Int = 9) -> KVCache {
    var cache = KVCache(blockCount: blocks, tokensPerBlock: 4, reusesPrefixes: true)
    cache.makeTables(count: 2)
    return cache
  }

  let first = Request(id: RequestID(0), arrival: Arrival(time: .zero, prompt: Prompt(Array(1...12)), outputLimit: 1))
  let second = Request(
    id: RequestID(1), arrival: Arrival(time: .zero, prompt: Prompt(Array(1...8) + [90, 91, 92]), outputLimit: 1))

  @Test("released blocks without content come out first, last block first; cached ones last, tail before head")
  func order() {
    var cache = cache()
    var taken: [BlockID] = []
    cache.allocate(0, slots: 10, into: &taken)
    cache.publish(0, request: first, upTo: 10)
    #expect(taken == [1, 2, 3])
    cache.release(0)
    // Block 3 is not full, so it holds nothing worth keeping; 2 is the tail of the chain 1, 2.
    #expect(cache.pool.freeList == [3, 4, 5, 6, 7, 8, 2, 1])
    #expect(cache.cachedFreeCount == 2)
    #expect(KVCache.invariants.firstViolation(of: cache) == nil)
  }

  @Test("a prefix that another request computed is taken over, in use or not")
  func hit() {
    var cache = cache()
    var taken: [BlockID] = []
    cache.allocate(0, slots: 12, into: &taken)
    cache.publish(0, request: first, upTo: 12)
    cache.extendHashes(of: 1, request: second)
    var match = cache.match(1, limit: 2)
    #expect(match.blocks == 2 && match.freeBlocks == 0)
    #expect(cache.need(of: 1, slots: 11, match: match) == 1)

    cache.release(0)
    match = cache.match(1, limit: 2)
    #expect(match.blocks == 2 && match.freeBlocks == 2)
    #expect(cache.need(of: 1, slots: 11, match: match) == 3, "two hit blocks leave the free list, one is new")
    taken = []
    cache.allocate(1, slots: 11, match: match, into: &taken)
    #expect(taken == [1, 2, 4])
    #expect(KVCache.invariants.firstViolation(of: cache) == nil)
  }

  @Test("a content is forgotten when its block is put to a new use")
  func eviction() {
    var cache = cache(blocks: 4)
    var taken: [BlockID] = []
    cache.allocate(0, slots: 12, into: &taken)
    cache.publish(0, request: first, upTo: 12)
    cache.release(0)
    #expect(cache.pool.freeList == [3, 2, 1])
    taken = []
    cache.allocate(1, slots: 4, into: &taken)
    #expect(taken == [3] && cache.evictions == 1)
    cache.extendHashes(of: 0, request: first)
    #expect(cache.match(0, limit: 3).blocks == 2, "the head of the chain outlives its tail")
  }
}
