import Core

/// Promises are broken in a row, not here and there.
public struct SLOMissBurst: Finding {
  public static let descriptor = Descriptor(
    name: "slo-miss-burst", summary: "half of the last 32 completed requests missed their SLO",
    source: "goodput under SLOs: Zhong et al., DistServe, OSDI 2024")

  static let window = 32

  /// Whether each of the last completed requests missed: bit 0 is the newest.
  private var misses: UInt32 = 0
  private var completed = 0
  private var isBursting = false
  private var bursts = 0
  private var missed = 0

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    let scoreboard = evidence.scoreboard
    guard scoreboard.slo.promisesSomething else { return [] }
    var sentences: [String] = []
    for request in scoreboard.news.completions {
      let record = scoreboard.requests[request.index]
      let miss = !scoreboard.slo.isMet(ttft: record.ttft, tpot: record.tpot)
      misses = misses << 1 | (miss ? 1 : 0)
      completed += 1
      if miss { missed += 1 }
      guard completed >= Self.window else { continue }
      let count = misses.nonzeroBitCount
      if !isBursting && count * 2 >= Self.window {
        isBursting = true
        bursts += 1
        sentences.append("\(count) of the last \(Self.window) requests missed their SLO, the last one \(request)")
      } else if count * 4 < Self.window {
        isBursting = false
      }
    }
    return sentences
  }

  public var summary: String? {
    guard bursts > 0 else { return nil }
    return "\(bursts.grouped) \(bursts == 1 ? "burst" : "bursts") of missed SLOs; "
      + "\(missed.grouped) of \(completed.grouped) completed requests missed"
  }
}
