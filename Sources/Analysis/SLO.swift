import Core

/// What every request is promised; nil promises nothing.
public struct SLO: Equatable, Sendable {
  /// Until the first token.
  public var ttft: EngineTime?
  /// Per output token after the first, on average over the request.
  public var tpot: EngineTime?

  public init(ttft: EngineTime? = nil, tpot: EngineTime? = nil) {
    self.ttft = ttft
    self.tpot = tpot
  }

  public var promisesSomething: Bool { ttft != nil || tpot != nil }

  /// Whether a request with these latencies was served as promised. A request
  /// of one token has no TPOT and meets any (as in vLLM's `benchmark_serving`).
  public func isMet(ttft reached: EngineTime?, tpot pace: EngineTime?) -> Bool {
    if let ttft { guard let reached, reached <= ttft else { return false } }
    if let tpot, let pace, pace > tpot { return false }
    return true
  }
}

/// A promise seen broken: at the first token for TTFT, at the end for TPOT.
public struct SLOMiss: Equatable, Sendable {
  public enum Quantity: String, Sendable { case ttft = "TTFT", tpot = "TPOT" }

  public var request: RequestID
  public var quantity: Quantity
  public var value: EngineTime
  public var promised: EngineTime
}
