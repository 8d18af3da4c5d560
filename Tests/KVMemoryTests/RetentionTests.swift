import Core
import KVMemory
import Testing

/// What policies choose on small tables of attention, against the plain definition of each.
@Suite("Retention policies")
struct RetentionTests {
  private func head(_ random: inout SplitMix, slots: Int) -> WatchedHead {
    // Some tokens were given up, and the others moved about; the newest lie in order.
    let computed = slots + random.below(20)
    var positions = (0..<Int32(computed)).map { $0 }
    while positions.count > slots { positions.remove(at: random.below(positions.count - 4)) }
    for _ in 0..<slots / 2 { positions.swapAt(random.below(slots), random.below(slots)) }
    var head = WatchedHead(
      positions: positions, scores: positions.map { _ in Float(random.below(6)) }, computed: computed, prompt: computed * 2 / 3,
      protected: random.below(4))
    head.latest = positions.map { $0 + Int32(random.below(computed - Int($0))) }
    head.pauses = positions.map { _ in Int32(random.below(10)) }
    return head
  }

  /// Takes the best token again and again.
  private func naive(_ count: Int, _ head: WatchedHead, _ worth: (Int) -> [Float]) -> [Int] {
    var left = Array(head.positions.indices)
    var taken: [Int] = []
    while taken.count < count {
      var best = left[0]
      for slot in left where precedes(worth(slot), worth(best)) { best = slot }
      taken.append(best)
      left.removeAll { $0 == best }
    }
    return taken.sorted()
  }

  private func precedes(_ left: [Float], _ right: [Float]) -> Bool {
    for (one, other) in zip(left, right) where one != other { return one > other }
    return false
  }

  @Test("each policy keeps what its definition keeps", arguments: 0..<40)
  func naive(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "watched head")
    let head = head(&random, slots: 12 + random.below(40))
    let count = 4 + random.below(head.positions.count - 4)
    func position(_ slot: Int) -> Int { Int(head.positions[slot]) }
    func isProtected(_ slot: Int) -> Float { position(slot) < head.protected ? 1 : 0 }
    func window(_ slot: Int, _ isIn: Bool) -> Float { isProtected(slot) == 0 && isIn ? 1 : 0 }
    func free(_ slot: Int, _ isIn: Bool, _ score: Float) -> Float { isProtected(slot) == 1 || isIn ? 0 : score }
    let definitions: [(String, (Int) -> (always: Bool, score: Float))] = [
      ("sink-window:3:5", { slot in (position(slot) < 3, 0) }),
      ("heavy-hitters:8:50", { slot in (position(slot) >= head.computed - count / 2, head.scores[slot]) }),
      ("heavy-hitters:8:0", { slot in (false, head.scores[slot]) }),
      ("morph:8:3", { slot in (position(slot) >= head.computed - 3, head.scores[slot]) }),
      ("snapshot:8:4:1", { slot in (position(slot) >= head.prompt - 4, head.scores[slot]) }),
      (
        "snapshot:8:4:3",
        { slot in
          let before = head.positions.filter { Int($0) < head.prompt - 4 }.sorted()
          guard let place = before.firstIndex(of: head.positions[slot]) else { return (true, 0) }
          var sum: Float = 0
          for near in max(0, place - 1)...min(before.count - 1, place + 1) { sum += head.scores[head.positions.firstIndex(of: before[near])!] }
          return (false, sum / 3)
        }
      ),
      (
        "lazy:8:3",
        { slot in
          (position(slot) >= head.computed - 3, -Float(head.computed - 1 - Int(head.latest[slot])) / Float(max(1, head.pauses[slot])))
        }
      ),
    ]
    for (text, definition) in definitions {
      let policy = try #require(
        RetentionCatalogue.retention(try Choice(text, among: RetentionCatalogue.members.map { $0.descriptor })))
      let expected = self.naive(count, head) { slot in
        let (always, score) = definition(slot)
        return [isProtected(slot), window(slot, always), free(slot, always, score), Float(position(slot))]
      }
      #expect(policy.select(count, of: head) == expected, "seed \(seed), \(text)")
    }
  }

  @Test("a budget is a number of tokens or a share, rounded up")
  func budget() {
    #expect(Budget(512).tokens(of: 9) == 512)
    #expect(Budget(-50).tokens(of: 9) == 5 && Budget(-100).tokens(of: 9) == 9 && Budget(-1).tokens(of: 9) == 1)
  }
}
