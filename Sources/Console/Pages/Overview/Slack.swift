import Analysis
import Core

/// How far a request is from breaking the promise that is due next.
///
/// Before its first token that is the TTFT: what is left of it. Afterwards it is
/// the TPOT: what the request's mean time per token so far leaves of it. When a
/// token is overdue the mean counts as if it came now.
struct Slack: Equatable, Sendable {
  var quantity: SLOMiss.Quantity
  /// Below zero the promise is broken.
  var reserve: EngineTime
  var promised: EngineTime

  /// Nil when nothing that is due next was promised.
  init?(_ record: RequestRecord, _ slo: SLO, now: EngineTime) {
    guard let firstToken = record.firstToken else {
      guard let promised = slo.ttft else { return nil }
      self.init(.ttft, promised - (now - record.arrival), promised)
      return
    }
    guard let promised = slo.tpot else { return nil }
    let ifNow = EngineTime(nanoseconds: max(0, (now - firstToken).nanoseconds) / Int64(max(1, record.output)))
    self.init(.tpot, promised - max(record.tpot ?? .zero, ifNow), promised)
  }

  private init(_ quantity: SLOMiss.Quantity, _ reserve: EngineTime, _ promised: EngineTime) {
    self.quantity = quantity
    self.reserve = reserve
    self.promised = promised
  }

  var isMissed: Bool { reserve < .zero }
  /// Less than a tenth of the promise is left.
  var isAtRisk: Bool { !isMissed && reserve.nanoseconds < promised.nanoseconds / 10 }
  /// Worth a `!`.
  var isPressing: Bool { isMissed || isAtRisk }
}
