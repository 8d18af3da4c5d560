import Analysis
import Core
import Testing

@Suite("Percentiles")
struct PercentilesTests {
  @Test("between two ranks they lie on the line, as numpy has it")
  func linear() throws {
    // numpy.percentile([1, 2, 3, 4, 10], [50, 90, 95, 99]) == [3.0, 7.6, 8.8, 9.76]
    let percentiles = try #require(Percentiles(of: [4, 1, 10, 3, 2].map { EngineTime.seconds($0) }))
    #expect(percentiles.count == 5 && percentiles.mean == 4e9 && percentiles.max == 1e10)
    #expect(percentiles.p50 == 3e9)
    #expect(abs(percentiles.p90 - 7.6e9) < 1)
    #expect(abs(percentiles.p95 - 8.8e9) < 1)
    #expect(abs(percentiles.p99 - 9.76e9) < 1)
  }

  @Test("one value is all of them, none has none")
  func few() {
    let one = Percentiles(of: [.milliseconds(7)])
    #expect(one?.p50 == 7e6 && one?.p99 == 7e6 && one?.mean == 7e6)
    #expect(Percentiles(of: []) == nil)
    #expect(Percentiles(LatencyHistogram()) == nil)
  }

  @Test("of the recent values only the last ones count")
  func recent() {
    var recent = RecentValues(limit: 3)
    for value in [100, 1, 2, 3] { recent.add(.milliseconds(value)) }
    #expect(recent.percentiles?.max == 3e6 && recent.percentiles?.p50 == 2e6 && recent.count == 3)
    #expect(recent.share(above: .milliseconds(2)) == 1.0 / 3)
  }
}
