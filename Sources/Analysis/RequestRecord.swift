import Core

/// What became of one request, in the times that its client would see.
///
/// Tokens appear at the end of the step that computed them. A request is
/// scheduled at the start of the step that first admits it.
public struct RequestRecord: Equatable, Sendable {
  public enum Outcome: Equatable, Sendable {
    /// In the queue, also after a preemption.
    case waiting
    case running
    case finished(FinishReason)
    case rejected(RejectionReason)
  }

  public var arrival: EngineTime
  /// First admission; later ones, after preemptions, do not move it.
  public var scheduled: EngineTime?
  public var firstToken: EngineTime?
  public var lastToken: EngineTime?
  /// Tokens of the prompt.
  public var input: Int32
  /// Tokens that came out.
  public var output: Int32 = 0
  /// Tokens of the prompt that the prefix cache held at the first admission. What a
  /// preempted request finds again are mostly its own blocks and says nothing of sharing,
  /// so it is not added (vLLM counts it apart too, `PrefixCacheStats.preempted_hits`).
  public var reused: Int32 = 0
  public var preemptions: Int32 = 0
  /// Draft tokens verified, those of them that stood, and how often there were any.
  public var drafted: Int32 = 0
  public var accepted: Int32 = 0
  public var verifications: Int32 = 0
  public var outcome = Outcome.waiting
  /// Which of several engines serves it or was the last to, from 0.
  public var instance: Int16 = 0

  public init(arrival: EngineTime, input: Int) {
    self.arrival = arrival
    self.input = Int32(truncatingIfNeeded: input)
  }

  /// It left with the answer it was given (not aborted, not rejected).
  public var isCompleted: Bool {
    if case .finished(let reason) = outcome { reason != .aborted } else { false }
  }

  /// Share of its drafts that stood; nil when none was verified.
  public var acceptanceRate: Double? { drafted == 0 ? nil : Double(accepted) / Double(drafted) }

  /// Arrival to first token.
  public var ttft: EngineTime? { firstToken.map { $0 - arrival } }
  /// Arrival to first admission.
  public var queue: EngineTime? { scheduled.map { $0 - arrival } }
  /// Arrival to last token.
  public var e2e: EngineTime? { lastToken.map { $0 - arrival } }

  /// Time per output token after the first, rounded to the nearest nanosecond; nil for fewer than two tokens.
  public var tpot: EngineTime? {
    guard let firstToken, let lastToken, output > 1 else { return nil }
    let gaps = Int64(output - 1)
    return EngineTime(nanoseconds: ((lastToken - firstToken).nanoseconds + gaps / 2) / gaps)
  }
}

/// By request number.
public typealias RequestLog = ChunkedLog<RequestRecord>
