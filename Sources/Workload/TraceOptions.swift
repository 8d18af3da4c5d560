/// What of a trace is read, and when its requests arrive.
public struct TraceOptions: Equatable, Sendable {
  /// A format's name in `TraceFormats`; nil means that the content tells.
  public var format: String?
  /// Skips and counts bad rows where a strict reader stops at the first.
  public var lenient = false
  /// Requests left out at the start of the file; rejected and failed rows are not counted.
  public var skip = 0
  /// The most requests kept; nil for all. Rows after the last kept one are not looked at.
  public var limit: Int?
  /// 2 means twice the request rate: arrival times are divided by it. A client's patience is not.
  public var rateScale = 1.0
  public var arrivals = ArrivalMode.trace
  /// Only drawn arrivals need it.
  public var seed: UInt64 = 0

  public init() {}
}

/// Where the arrival times come from.
public enum ArrivalMode: Equatable, Sendable {
  /// From the rows, moved so that the first request kept arrives at 0.
  case trace
  /// Drawn anew: exponential gaps, requests in the order of the trace.
  case poisson(ratePerSecond: Double)
  /// Everything at 0, in the order of the trace.
  case allAtOnce

  public static let forms = "trace, poisson:RATE or all-at-once"

  /// The mode of a text in one of the `forms`, or nil.
  public init?(_ text: String) {
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    switch (words[0], words.count) {
    case ("trace", 1): self = .trace
    case ("all-at-once", 1): self = .allAtOnce
    case ("poisson", 2):
      guard let rate = Double(words[1]), rate.isFinite, rate > 0 else { return nil }
      self = .poisson(ratePerSecond: rate)
    default: return nil
    }
  }
}
