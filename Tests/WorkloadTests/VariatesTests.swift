import Core
import Testing

@testable import Workload

@Suite("Random variates")
struct VariatesTests {
  static func moments(_ count: Int, _ draw: () -> Double) -> (mean: Double, deviation: Double) {
    var sum = 0.0
    var squares = 0.0
    for _ in 0..<count {
      let x = draw()
      sum += x
      squares += x * x
    }
    let mean = sum / Double(count)
    return (mean, (squares / Double(count) - mean * mean).squareRoot())
  }

  @Test("have the mean and deviation they promise")
  func shapes() {
    var random = SplitMix(seed: 5, purpose: "variates")
    let exponential = Self.moments(50_000) { random.exponential() }
    #expect(abs(exponential.mean - 1) < 0.02 && abs(exponential.deviation - 1) < 0.03)
    let normal = Self.moments(50_000) { random.normal() }
    #expect(abs(normal.mean) < 0.02 && abs(normal.deviation - 1) < 0.02)
    for shape in [0.1, 0.5, 1, 4, 100] {
      let gamma = Self.moments(50_000) { random.gamma(shape: shape) }
      #expect(abs(gamma.mean / shape - 1) < 0.05, "shape \(shape): mean \(gamma.mean)")
      #expect(abs(gamma.deviation / shape.squareRoot() - 1) < 0.06, "shape \(shape): deviation \(gamma.deviation)")
    }
  }

  @Test("gaps keep the rate, and the variation where it is asked for")
  func gaps() {
    for (process, variation) in [
      (ArrivalProcess.poisson(ratePerSecond: 4), 1.0), (.gamma(ratePerSecond: 4, variation: 2.5), 2.5), (.gamma(ratePerSecond: 4, variation: 0.2), 0.2),
    ] {
      var gaps = Gaps(process, seed: 9, purpose: "test")
      var previous: Int64 = 0
      let measured = Self.moments(40_000) {
        let now = gaps.next()
        defer { previous = now }
        return Double(now - previous) / 1e9
      }
      #expect(abs(measured.mean * 4 - 1) < 0.05, "\(process): mean \(measured.mean)")
      #expect(abs(measured.deviation * 4 / variation - 1) < 0.06, "\(process): deviation \(measured.deviation)")
    }
  }

  @Test("distributions of lengths have their medians and bounds")
  func lengths() throws {
    var random = SplitMix(seed: 6, purpose: "lengths")
    let lognormal = try #require(Distribution("lognormal:512:0.8"))
    let sorted = (0..<10_001).map { _ in lognormal.count(&random, most: 1_000_000) }.sorted()
    #expect(abs(Double(sorted[5_000]) / 512 - 1) < 0.04)
    let uniform = try #require(Distribution("uniform:3:6"))
    #expect(Set((0..<200).map { _ in uniform.count(&random, most: 100) }) == [3, 4, 5, 6])
    #expect(try #require(Distribution("constant:0")).count(&random, most: 9) == 1)
    #expect(try #require(Distribution("constant:50")).count(&random, most: 9) == 9)
  }
}
