import Core

/// What the viewer has chosen on the page Requests.
public struct RequestsView: Sendable, Equatable {
  public var order = RequestOrder.arrival
  public var isReversed = false
  /// Place in the order of the row at the top; nil keeps the newest arrivals in view.
  public var firstRow: Int?
  /// The selected request fills the page.
  public var isOpen = false
  /// Lines that the decisions of an opened request are scrolled back from the newest.
  public var scroll = 0
  /// How much time the axis shows; nil is as much as fits a minute.
  public var span: EngineTime?
  /// The right end of the axis; nil is now.
  public var end: EngineTime?

  public init() {}
}

extension RequestsView {
  /// What is shown at first: the run so far, its last minute when it is longer.
  static func defaultSpan(_ now: EngineTime) -> EngineTime { min(max(now, .milliseconds(100)), .milliseconds(60_000)) }
  static let narrowest = EngineTime.microseconds(100)
  static let widest = EngineTime.seconds(1e6)

  func axis(now: EngineTime, columns: Int) -> TimeAxis {
    let span = min(max(span ?? Self.defaultSpan(now), Self.narrowest), Self.widest)
    return TimeAxis(start: max(.zero, (end ?? now) - span), span: span, columns: columns)
  }
}
