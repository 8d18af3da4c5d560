/// What the viewer has chosen on the page Trace.
public struct TraceView: Sendable, Equatable {
  public init() {}
}
