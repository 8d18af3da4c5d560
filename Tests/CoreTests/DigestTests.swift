import Core
import Testing

@Suite("Digest and randomness")
struct DigestTests {
  @Test("equal words give equal digests on every machine")
  func stable() {
    var digest = Digest()
    digest.fold(1)
    digest.fold("policy")
    #expect(digest.description == "340a1d047d3447b6")
    #expect(Digest(hexadecimal: digest.description) == digest)
  }

  @Test("a stream of random numbers depends on its purpose, not on other streams")
  func purposes() {
    var arrivals = SplitMix(seed: 7, purpose: "arrivals")
    var lengths = SplitMix(seed: 7, purpose: "lengths")
    let alone = (0..<4).map { _ in arrivals.next() }
    var again = SplitMix(seed: 7, purpose: "arrivals")
    let mixed = (0..<4).map { _ in
      _ = lengths.next()
      return again.next()
    }
    #expect(alone == mixed)
    #expect(SplitMix(seed: 7, purpose: "lengths") != SplitMix(seed: 7, purpose: "arrivals"))
  }

  @Test("numbers below a bound are below it and reach everywhere")
  func below() {
    var random = SplitMix(seed: 1, purpose: "below")
    var seen = [Int](repeating: 0, count: 5)
    for _ in 0..<1_000 { seen[random.below(5)] += 1 }
    #expect(seen.allSatisfy { $0 > 150 }, "\(seen)")
  }
}
