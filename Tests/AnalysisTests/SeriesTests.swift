import Analysis
import Core
import Testing

@Suite("Series")
struct SeriesTests {
  /// One token each 100 ms in seconds 0, 1 and 4.
  func series() -> Series {
    var script = Script((0, 1, 100))
    script.step(100, [.arrived(0), .admitted(0), .computed(0, 1)])
    for _ in 0..<18 { script.step(100, [.computed(0, 1)]) }
    script.step(100, [.computed(0, 1)], jump: 4_000)
    return script.observatory().series
  }

  @Test("idle intervals have no point")
  func idle() {
    #expect(series().points.map(\.interval) == [0, 1, 4])
    #expect(series().points.map(\.emittedTokens) == [9, 10, 1])
    #expect(series().points[0].ttft?.p50 == 1e8)
  }

  @Test("a history shows idle intervals as nothing, oldest first")
  func history() {
    #expect(series().history(6) { Double($0.emittedTokens) } == [nil, 9, 10, nil, nil, 1])
    #expect(series().history(2) { Double($0.emittedTokens) } == [nil, 1])
  }

  @Test("rates are over the window that has passed")
  func rates() throws {
    let rates = try #require(series().rates(over: .milliseconds(3_000), until: .milliseconds(4_100)))
    #expect(abs(rates.emittedTokens - 1 / 2.1) < 1e-9)
    let first = try #require(series().rates(over: .milliseconds(60_000), until: .milliseconds(4_100)))
    #expect(abs(first.emittedTokens - 20 / 4.1) < 1e-9 && abs(first.busy - 2 / 4.1) < 1e-9)
    #expect(Series().rates(over: .milliseconds(1_000), until: .zero) == nil)
  }

  @Test("a request turned away while nothing runs is in the series")
  func withoutStep() {
    let script = Script((2_500, 0, 1))
    var observatory = Observatory()
    observatory.fold(
      [.arrived(0), .rejected(RequestID(0), .emptyPrompt)], at: .milliseconds(2_500), arrivals: script.arrivals)
    #expect(observatory.series.points.map(\.interval) == [2] && observatory.series.points[0].rejected == 1)
  }
}
