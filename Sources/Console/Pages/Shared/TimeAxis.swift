import Core
import Screen

/// Engine time over columns of cells: for every page that draws time from left to right.
struct TimeAxis: Equatable, Sendable {
  let start: EngineTime
  let span: EngineTime
  let columns: Int

  init(start: EngineTime, span: EngineTime, columns: Int) {
    self.start = start
    self.span = max(span, .nanoseconds(1))
    self.columns = max(1, columns)
  }

  var end: EngineTime { start + span }
  /// What one column stands for.
  var column: EngineTime { EngineTime(nanoseconds: max(1, span.nanoseconds / Int64(columns))) }

  /// Where a column begins; halves are moments inside it.
  func time(at column: Double) -> EngineTime {
    start + EngineTime(nanoseconds: Int64(Double(span.nanoseconds) * column / Double(columns)))
  }

  func time(at column: Int) -> EngineTime { time(at: Double(column)) }

  /// The column of a moment; below 0 or from `columns` on when it is not in view.
  func place(of time: EngineTime) -> Int {
    let offset = (time - start).nanoseconds
    // In whole numbers, so that a moment at the edge of a column is never drawn before it.
    let (product, isTooLong) = offset.multipliedReportingOverflow(by: Int64(columns))
    if isTooLong { return Int(Double(offset) / Double(span.nanoseconds) * Double(columns)) }
    return Int(product >= 0 ? product / span.nanoseconds : (product - span.nanoseconds + 1) / span.nanoseconds)
  }

  /// Nil outside. The end of the span belongs to the last column.
  func column(of time: EngineTime) -> Int? {
    guard time >= start, time <= end else { return nil }
    return min(columns - 1, place(of: time))
  }

  /// `1 col = 42.0 ms`
  var scale: String { "1 col = " + Figure.span(.nanoseconds(column.nanoseconds)) }
}
