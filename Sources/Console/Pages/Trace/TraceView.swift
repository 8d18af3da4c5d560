import Core

/// What the viewer has chosen on the page Trace.
public struct TraceView: Sendable, Equatable {
  /// Position in the list of arrivals; nil stays with the next one.
  var cursor: Int?
  /// The part of the trace that is drawn over time.
  var window = TimeWindow()

  public init() {}
}
