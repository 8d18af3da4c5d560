import Core
import KVMemory
import Testing

/// Tables that fold as their requests grow.
@Suite("Folding of heads")
struct HeadFoldTests {
  private func policy(_ text: String) throws -> any Retention {
    try #require(RetentionCatalogue.retention(try Choice(text, among: RetentionCatalogue.members.map { $0.descriptor })))
  }

  @Test("half of the heads: a request takes half of what is between its first tokens and its last")
  func picture() throws {
    let policy = try policy("heads:50:8:16")
    var cache = KVCache(blockCount: 64, tokensPerBlock: 4, reusesPrefixes: false)
    cache.makeTables(count: 1)
    var taken: [BlockID] = []
    var request = Request(id: RequestID(0), arrival: Arrival(time: .zero, prompt: Prompt((0..<40).map { TokenID($0) }), outputLimit: 100))
    cache.allocate(0, slots: 40, into: &taken)
    var lines: [String] = []
    for computed in 40..<72 {
      request.computed = computed
      if let order = policy.order(cache.holding(0, request: request, protected: 0)), let compaction = cache.compact(0, request: request, order) {
        let fold = try #require(compaction.fold)
        let rest = compaction.target.count - fold.lead - fold.packed
        lines.append("\(computed): \(fold.lead) + \(fold.packed) of \(fold.folded) + \(rest), \(compaction.freed) freed, \(compaction.moved) moved")
      }
      cache.allocate(0, slots: computed + 1, into: &taken)
    }
    #expect(
      lines == [
        "40: 2 + 2 of 4 + 4, 2 freed, 8 moved",
        "48: 2 + 3 of 6 + 4, 1 freed, 4 moved",
        "56: 2 + 4 of 8 + 4, 1 freed, 4 moved",
        "64: 2 + 5 of 10 + 4, 1 freed, 4 moved",
      ])
  }

  @Test("no block leaks and none is written that others hold, whatever is shared", arguments: 0..<30)
  func storm(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "folds")
    let policy = try policy("heads:\(1 + random.below(99)):\(random.below(20)):\(1 + random.below(30))")
    var cache = KVCache(blockCount: 60 + random.below(60), tokensPerBlock: 4, reusesPrefixes: true)
    cache.makeTables(count: 3)
    let text = (0..<400).map { _ in TokenID(random.below(9)) }
    var taken: [BlockID] = []
    for row in 0..<3 {
      // They begin alike.
      let prompt = 30 + random.below(50)
      var request = Request(
        id: RequestID(row), arrival: Arrival(time: .zero, prompt: Prompt(Array(text[..<30]) + text[(100 * row)..<(100 * row + prompt - 30)]), outputLimit: 60))
      cache.extendHashes(of: row, request: request)
      let match = cache.match(row, limit: (prompt - 1) / 4)
      guard cache.need(of: row, slots: prompt, match: match) <= cache.pool.freeCount else { continue }
      cache.allocate(row, slots: prompt, match: match, into: &taken)
      cache.publish(row, request: request, upTo: prompt)
      for computed in prompt..<prompt + 60 {
        request.computed = computed
        let owners = (0..<BlockID(cache.pool.blockCount)).map { cache.pool.ownerCount(of: $0) }
        let (held, free) = (cache.tables[row].blocks, cache.pool.freeCount)
        if let order = policy.order(cache.holding(row, request: request, protected: 0)), let compaction = cache.compact(row, request: request, order) {
          let fold = try #require(compaction.fold)
          #expect(compaction.source == held && compaction.target == cache.tables[row].blocks)
          #expect(compaction.slots - compaction.kept == 4 * (compaction.source.count - compaction.target.count))
          #expect(cache.pool.freeCount - free == compaction.freed - compaction.target.count { !held.contains($0) })
          for number in fold.lead..<fold.lead + fold.packed where compaction.target[number] == held[number] {
            #expect(owners[Int(held[number])] == 1 && !cache.index.hasContent(held[number]), "seed \(seed): block \(held[number]) is another's too")
          }
          let computed = Int(cache.tables[row].dropped) + (cache.tables[row].blocks.count * 4)
          #expect(computed >= request.computed)
        }
        guard cache.need(of: row, slots: computed + 1) <= cache.pool.freeCount else { break }
        cache.allocate(row, slots: computed + 1, into: &taken)
        if let sentence = KVCache.invariants.firstViolation(of: cache) { Issue.record("seed \(seed): \(sentence)") }
      }
    }
    for row in 0..<3 { cache.release(row) }
    #expect(cache.pool.usedCount == 0 && cache.tables.allSatisfy { $0.fold == nil })
  }

  @Test("who is folded is left alone by others, and who lost tokens otherwise is not folded")
  func others() throws {
    let fold = HeadFold(lead: 1, folded: 4, share: 50)
    var holding = Holding(prompt: 400, computed: 400, slots: 368, tokensPerBlock: 16, fold: fold)
    #expect(try policy("heads:25:160:64").order(holding) == .fold(HeadFold(lead: 1, folded: 20, share: 50)))
    holding.fold = nil
    #expect(try policy("heads:25:160:64").order(holding) == nil)
    var cache = KVCache(blockCount: 64, tokensPerBlock: 16, reusesPrefixes: false)
    cache.makeTables(count: 1)
    var taken: [BlockID] = []
    cache.allocate(0, slots: 400, into: &taken)
    var request = Request(id: RequestID(0), arrival: Arrival(time: .zero, prompt: Prompt((0..<400).map { TokenID($0) }), outputLimit: 1))
    request.computed = 400
    #expect(cache.compact(0, request: request, .fold(fold))?.freed == 2)
    for other in ["sink-window:4:32", "heavy-hitters:32", "snapshot:32:8", "morph:32:8", "lazy:32:8"] {
      let order = try policy(other).order(cache.holding(0, request: request, protected: 0))
      #expect(order.flatMap { cache.compact(0, request: request, $0) } == nil)
    }
  }
}
