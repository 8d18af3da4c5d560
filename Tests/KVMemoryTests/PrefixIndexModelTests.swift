import Core
import KVMemory
import Testing

@Suite("Prefix index")
struct PrefixIndexModelTests {
  @Test("the block that got a content first is the one that is found, whatever was removed", arguments: 0..<60)
  func model(seed: Int) {
    var random = SplitMix(seed: UInt64(seed), purpose: "prefix index")
    let count = 2 + random.below(40)
    var index = PrefixIndex(blockCount: count)
    /// Holders of each content in the order in which they got it.
    var naive: [[BlockID]] = Array(repeating: [], count: 8)
    var content = [Int?](repeating: nil, count: count)
    // Few hashes that collide in the low bits, so that probing and closing gaps are met often.
    let hash = { (number: Int) -> BlockHash in UInt64(number % 3) + UInt64(number + 1) << 32 }
    for operation in 0..<400 {
      let block = 1 + random.below(count - 1)
      if let held = content[block] {
        index.remove(BlockID(block))
        naive[held].removeAll { $0 == BlockID(block) }
        content[block] = nil
      } else {
        let chosen = random.below(naive.count)
        index.insert(BlockID(block), holding: hash(chosen))
        naive[chosen].append(BlockID(block))
        content[block] = chosen
      }
      for number in naive.indices {
        #expect(index.block(holding: hash(number)) == naive[number].first, "seed \(seed), operation \(operation)")
      }
      #expect(index.contentCount == naive.count { !$0.isEmpty }, "seed \(seed), operation \(operation)")
      #expect(index.blockCount == naive.reduce(0) { $0 + $1.count }, "seed \(seed), operation \(operation)")
    }
  }
}
