import Core

/// Which part of the run a timeline shows.
struct TimelineWindow: Equatable, Sendable {
  /// Nil shows the whole run.
  var span: EngineTime?
  /// Where the window ends; nil keeps the playhead in its last quarter.
  var end: EngineTime?

  static let leastSpan = EngineTime.milliseconds(1)
}

extension TimeAxis {
  init(_ window: TimelineWindow, shown: EngineTime, head: EngineTime, columns: Int) {
    let whole = max(head, TimelineWindow.leastSpan)
    guard let wanted = window.span, wanted < whole else {
      self.init(start: .zero, span: whole, columns: columns)
      return
    }
    let span = max(wanted, TimelineWindow.leastSpan)
    let end = min(window.end ?? EngineTime(nanoseconds: shown.nanoseconds + span.nanoseconds / 4), whole)
    self.init(start: max(.zero, end - span), span: span, columns: columns)
  }
}
