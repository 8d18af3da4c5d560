import Core
import Foundation
import Testing

@testable import Workload

@Suite("Elementary functions")
struct ElementaryTests {
  @Test("agree with the C library to the last digits that matter")
  func agreement() {
    var random = SplitMix(seed: 1, purpose: "arguments")
    for _ in 0..<20_000 {
      let x = Elementary.exponential(random.unit() * 1_300 - 650)
      #expect(abs(Elementary.logarithm(x) - log(x)) <= 1e-15 * max(1, abs(log(x))))
      let y = random.unit() * 100 - 50
      #expect(abs(Elementary.exponential(y) / exp(y) - 1) < 1e-14)
    }
    #expect(Elementary.logarithm(1) == 0)
    #expect(Elementary.exponential(0) == 1)
    #expect(Elementary.exponential(-1_000) == 0)
    #expect(Elementary.exponential(1_000) == .infinity)
  }

  @Test("give the same bits on every machine")
  func bits() {
    #expect(Elementary.logarithm(10).bitPattern == 0x4002_6bb1_bbb5_5515)
    #expect(Elementary.exponential(1).bitPattern == 0x4005_bf0a_8b14_576a)
  }
}
