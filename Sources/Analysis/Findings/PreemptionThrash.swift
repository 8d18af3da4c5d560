import Core

/// Requests lose their memory again and again, and the same tokens are computed again and again.
///
/// The way out is fewer sequences, more memory, or a reservation that looks ahead.
public struct PreemptionThrash: Finding {
  public static let descriptor = Descriptor(
    name: "preemption-thrash", summary: "a request was preempted twice or more",
    source: "recomputation in PagedAttention: Kwon et al., SOSP 2023, section 4.5")

  /// Requests preempted twice or more.
  private var requests = 0
  private var lostTokens = 0
  private var computedTokens = 0

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    lostTokens = evidence.scoreboard.lostTokens
    computedTokens = evidence.scoreboard.computedTokens
    var sentences: [String] = []
    for case .preempted(let request, _, let lost) in evidence.scoreboard.news.events
    where evidence.scoreboard.requests[request.index].preemptions == 2 {
      requests += 1
      sentences.append("\(request) was preempted a second time and computes \(Int(lost).grouped) tokens again")
    }
    return sentences
  }

  public var summary: String? {
    guard requests > 0 else { return nil }
    let share = computedTokens > 0 ? Double(lostTokens) / Double(computedTokens) : 0
    return "\(requests.grouped) \(requests == 1 ? "request was" : "requests were") preempted twice or more; "
      + "\(share.percent()) of all computed tokens were lost to preemptions"
  }
}
