import Analysis
import Core
import Testing

@Suite("Latency histogram")
struct LatencyHistogramTests {
  @Test("percentiles are within 0.4 % of the exact ones, from nanoseconds to hours", arguments: [UInt64](1...6))
  func error(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "latency histogram")
    var histogram = LatencyHistogram()
    var values: [EngineTime] = []
    for _ in 0..<(1 + random.below(3_000)) {
      // Log-uniform over 2⁰ … 2⁴⁵ ns, now and then in runs of equal values.
      let value = EngineTime(nanoseconds: Int64(random.next() >> 19) >> Int64(random.below(45)))
      let times = random.below(4) == 0 ? 1 + random.below(20) : 1
      histogram.add(value, times: times)
      values += repeatElement(value, count: times)
    }
    let exact = try #require(Percentiles(of: values))
    let close = try #require(Percentiles(histogram))
    #expect(close.count == exact.count && close.max == exact.max && close.mean == exact.mean, "seed \(seed)")
    let sorted = values.sorted()
    for fraction in [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1] {
      let truth = Percentiles.quantile(fraction, ofSorted: sorted)
      let found = try #require(histogram.quantile(fraction))
      #expect(abs(found - truth) <= truth / 256 + 1e-6, "seed \(seed), quantile \(fraction): \(found) for \(truth)")
    }
  }

  @Test("times below 128 ns are told apart exactly")
  func small() {
    var histogram = LatencyHistogram()
    for value in 0..<128 { histogram.add(.nanoseconds(value)) }
    #expect(histogram.quantile(0.5) == 63.5)
    #expect(histogram.min == .zero && histogram.max == .nanoseconds(127))
  }

  @Test("the share below a bound counts what is at the bound")
  func share() {
    var histogram = LatencyHistogram()
    #expect(histogram.share(upTo: .zero) == nil)
    for value in [10, 20, 30, 40] { histogram.add(.milliseconds(value)) }
    #expect(histogram.share(upTo: .milliseconds(20)) == 0.5)
    #expect(histogram.share(upTo: .milliseconds(5)) == 0)
    #expect(histogram.share(upTo: .milliseconds(500)) == 1)
  }
}
