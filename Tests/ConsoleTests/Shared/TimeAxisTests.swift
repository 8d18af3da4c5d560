import Core
import Testing

@testable import Console

@Suite("Time axis")
struct TimeAxisTests {
  @Test("a moment is in the column that begins at it or before it, for any span and width")
  func places() {
    var random = SplitMix(seed: 11, purpose: "time axis")
    for _ in 0..<2_000 {
      let span = EngineTime(nanoseconds: Int64(1 + random.below(1 << 40)))
      let axis = TimeAxis(start: EngineTime(nanoseconds: Int64(random.below(1 << 40))), span: span, columns: 1 + random.below(200))
      let time = axis.start + EngineTime(nanoseconds: Int64(random.below(Int(span.nanoseconds))))
      let place = axis.place(of: time)
      #expect(place >= 0 && place < axis.columns && axis.column(of: time) == place)
      #expect(axis.time(at: place).nanoseconds <= time.nanoseconds + 1)
      #expect(axis.time(at: place + 1).nanoseconds >= time.nanoseconds)
    }
    let axis = TimeAxis(start: .milliseconds(100), span: .milliseconds(100), columns: 10)
    #expect(axis.place(of: .milliseconds(99)) == -1 && axis.column(of: .milliseconds(99)) == nil)
    #expect(axis.place(of: .milliseconds(200)) == 10 && axis.column(of: .milliseconds(200)) == 9)
    #expect(axis.column(of: .milliseconds(201)) == nil)
  }

  @Test("ticks at round times, at least twelve columns apart")
  func ruler() {
    #expect(TimeAxis(start: .zero, span: .milliseconds(450), columns: 45).ruler == "│0:00.0             │0:00.2                  ")
    #expect(TimeAxis(start: .milliseconds(59_000), span: .milliseconds(4_000), columns: 40).ruler == "          │1:00               │1:02     ")
    #expect(TimeAxis(start: .seconds(3_590), span: .seconds(40), columns: 40).ruler.contains("│1:00:00"))
    // A day in forty columns, a microsecond in forty columns.
    #expect(TimeAxis(start: .zero, span: .seconds(86_400), columns: 40).ruler.contains("│"))
    #expect(TimeAxis(start: .zero, span: .microseconds(1), columns: 40).ruler.contains("│0"))
  }
}
