import Core
import KVMemory
import Testing

@Suite("Block pool")
struct BlockPoolModelTests {
  /// A pool that is too simple to be wrong: arrays of owners and of free blocks.
  struct NaivePool {
    var owners: [Int]
    var free: [BlockID]

    init(_ count: Int) {
      owners = Array(repeating: 0, count: count)
      free = (1..<count).map { BlockID($0) }
    }

    mutating func retain(_ block: BlockID) {
      if owners[Int(block)] == 0 { free.removeAll { $0 == block } }
      owners[Int(block)] += 1
    }

    mutating func put(_ block: BlockID, after predecessor: BlockID) {
      let position = predecessor == 0 ? 0 : free.firstIndex(of: predecessor)! + 1
      free.insert(block, at: position)
    }
  }

  @Test("random operations leave the same free list as a naive pool", arguments: 0..<40)
  func model(seed: Int) {
    var random = SplitMix(seed: UInt64(seed), purpose: "block pool")
    let count = 2 + random.below(30)
    var pool = BlockPool(blockCount: count)
    var naive = NaivePool(count)
    for operation in 0..<300 {
      switch random.below(4) {
      case 0:
        let block = pool.acquire()
        #expect(block == naive.free.first, "seed \(seed), operation \(operation)")
        if let block { naive.retain(block) }
      case 1:
        let block = BlockID(1 + random.below(count - 1))
        pool.retain(block)
        naive.retain(block)
      default:
        let block = BlockID(1 + random.below(count - 1))
        guard naive.owners[Int(block)] > 0 else { continue }
        naive.owners[Int(block)] -= 1
        guard pool.release(block) else { continue }
        if random.below(2) == 0 {
          pool.putBack(block)
          naive.free.append(block)
        } else {
          let predecessor = naive.free.isEmpty ? 0 : [0, naive.free[random.below(naive.free.count)]][random.below(2)]
          pool.put(block, after: predecessor)
          naive.put(block, after: predecessor)
        }
      }
      #expect(pool.freeList == naive.free, "seed \(seed), operation \(operation)")
      if let sentence = BlockPool.invariants.firstViolation(of: pool) {
        Issue.record("seed \(seed), operation \(operation): \(sentence)")
        return
      }
    }
  }
}
