import Core

/// The life of one request in order: a row of the chart of requests over time.
///
/// ```
///      0 µs  r0 queued for 12.0 ms
///   12.0 ms  r0 prefill for 46.2 ms (step 3)
///   58.2 ms  r0 decode for 1.84 s (step 4)
///    1.90 s  r0 finished (step 160)
/// ```
public struct RequestStory: Equatable, Sendable, CustomStringConvertible {
  public struct Interval: Equatable, Sendable {
    public var phase: StoryPhase
    public var start: EngineTime
    /// Nil while it lasts.
    public var end: EngineTime?
    /// The step in which it began; for a queued request the step before which it arrived.
    public var step: StepIndex
  }

  public var request: RequestID
  /// Each begins where the one before ends; none is empty but the end itself.
  public var intervals: [Interval]

  /// The phase at `moment`; nil before the arrival and after the end.
  public func phase(at moment: EngineTime) -> StoryPhase? {
    guard let interval = intervals.last(where: { $0.start <= moment }), !interval.phase.isOver else { return nil }
    return interval.phase
  }

  /// Time spent in a phase until `now`.
  public func time(in phase: StoryPhase, until now: EngineTime) -> EngineTime {
    intervals.reduce(.zero) { $1.phase == phase ? $0 + (($1.end ?? max(now, $1.start)) - $1.start) : $0 }
  }

  /// One sentence for each interval.
  public var sentences: [String] {
    intervals.map { interval in
      let place = interval.phase == .queued ? "" : " (step \(interval.step.grouped))"
      if interval.phase.isOver { return "\(request) \(interval.phase)\(place)" }
      let lasted = interval.end.map { "for " + ($0 - interval.start).legible } ?? "and still is"
      return "\(request) \(interval.phase) \(lasted)\(place)"
    }
  }

  public var description: String {
    zip(intervals, sentences).map { interval, sentence in
      let time = interval.start.legible
      return String(repeating: " ", count: max(0, 9 - time.count)) + time + "  " + sentence
    }.joined(separator: "\n")
  }
}
