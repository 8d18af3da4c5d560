import Core
import KVMemory
import Testing

@testable import Console

@Suite("BlocksPage: evict queue")
struct EvictQueueTests {
  /// Twelve blocks; a request of 40 tokens (two full blocks and a half) came and went.
  func memory() -> KVCache {
    var memory = KVCache(blockCount: 12, tokensPerBlock: 16, reusesPrefixes: true)
    let request = Request(
      id: RequestID(0), arrival: Arrival(time: .zero, prompt: Prompt(TokenRun(.own(0), count: 40)), outputLimit: 1))
    var taken: [BlockID] = []
    memory.makeTables(count: 1)
    memory.allocate(0, slots: 40, into: &taken)
    memory.publish(0, request: request, upTo: 40)
    memory.release(0)
    return memory
  }

  @Test("plain neighbours are one row; cached blocks stand alone, in the order in which they are handed out")
  func rows() {
    let rows = EvictQueue(memory(), limit: 9).rows
    #expect(rows.map(\.places) == [0..<9, 9..<10, 10..<11])
    #expect(rows.map(\.block) == [3, 2, 1])
    #expect(rows.map { $0.hash != 0 } == [false, true, true])
  }

  @Test("no more rows than are wanted")
  func limit() {
    #expect(EvictQueue(memory(), limit: 1).rows.map(\.places) == [0..<9])
    #expect(EvictQueue(memory(), limit: 2).rows.count == 2)
  }

  @Test("the next victims are the first cached blocks of the list")
  func victims() {
    #expect(MemoryPicture.victims(of: memory(), 1) == [2])
    #expect(MemoryPicture.victims(of: memory(), 8) == [2, 1])
  }
}
