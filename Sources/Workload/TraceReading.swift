import Core

/// What came of reading a trace.
public struct TraceReading: Equatable, Sendable {
  public var trace: Trace
  /// The format the file turned out to have.
  public var format: Descriptor
  /// Bad rows that a lenient reader skipped: the first thousand, in order of lines.
  public var rejected: [TraceFault]
  public var rejectedCount: Int
  /// Rows of requests that failed where they were recorded, so they have no output to replay.
  public var failedCount: Int
  /// Agentic sessions, which are left out: their later calls have no arrival time.
  public var sessionCount: Int
  /// Doubts about what was read: the first thousand.
  public var warnings: [TraceFault]
  public var warningCount: Int
}
