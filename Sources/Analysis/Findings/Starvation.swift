import Core

/// The oldest request of the queue is overtaken again and again, and has never been served.
///
/// An order by length or by tenant does that to whoever comes last in it; waiting has to earn something.
public struct Starvation: Finding {
  public static let descriptor = Descriptor(
    name: "starvation", summary: "64 requests that came later were admitted before the oldest in the queue",
    source: "starvation under shortest-job-first: Silberschatz et al., Operating System Concepts, ch. 5")

  static let patience = 64

  /// Everything before has been admitted or has left.
  private var oldest = 0
  private var overtaken = 0
  private var cases = 0
  private var longest = EngineTime.zero

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    let requests = evidence.scoreboard.requests
    while oldest < requests.count,
      requests[oldest].scheduled != nil || requests[oldest].outcome != .waiting
        || requests[oldest].instance != evidence.step.instance
    {
      oldest += 1
      overtaken = 0
    }
    guard oldest < requests.count else { return [] }
    let before = overtaken
    overtaken += evidence.scoreboard.news.admissions.count { $0.index > oldest }
    let waited = evidence.step.end - requests[oldest].arrival
    if overtaken >= Self.patience { longest = max(longest, waited) }
    guard before < Self.patience, overtaken >= Self.patience else { return [] }
    cases += 1
    return ["r\(oldest) has waited \(waited.legible) while \(overtaken.grouped) requests that came after it were admitted"]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "\(cases.grouped) \(cases == 1 ? "request was" : "requests were") overtaken \(Self.patience) times or more; "
      + "the longest wait was \(longest.legible)"
  }
}
