import Core

/// Requests wait longer for the link than for anything else on their way from prefill to decode.
///
/// The way out is fewer and larger copies, a faster link, or prefill and decode on the same GPU.
public struct LinkBound: Finding {
  public static let descriptor = Descriptor(
    name: "link-bound", summary: "of 16 requests that moved, the median spent more time waiting for the link and on it than on two tokens",
    source: "transfer as a part of latency: FlowKV (Li et al., arXiv 2504.03775); placement by bandwidth: DistServe (OSDI 2024, 4.2)")

  static let window = 16
  static let tokens = 2

  /// Nanoseconds of a step that decodes: a mean, the newest an eighth of it.
  private var decodeStep = 0
  /// Of requests that moved: from the blocks that they were given to the last byte, and on the link alone.
  private var ways: [(all: EngineTime, onLink: EngineTime)] = []
  private var isBound = false
  private var cases = 0
  private var moves = 0
  private var time = EngineTime.zero

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    if evidence.step.decodeTokens > 0, evidence.step.prefillTokens == 0 {
      let cost = Int(evidence.step.duration.nanoseconds)
      decodeStep = decodeStep == 0 ? cost : (decodeStep * 7 + cost) / 8
    }
    for case .moved(_, let move) in evidence.scoreboard.news.events where move.source != move.target {
      ways.append((move.end - move.granted, move.end - move.start))
    }
    guard ways.count >= Self.window, decodeStep > 0 else { return [] }
    defer { ways = [] }
    let sorted = ways.map(\.all).sorted()
    let median = sorted[sorted.count / 2]
    let onLink = ways.map(\.onLink).sorted()[ways.count / 2]
    let wasBound = isBound
    isBound = median.nanoseconds > Int64(Self.tokens * decodeStep)
    if isBound {
      moves += ways.count
      time += ways.reduce(.zero) { $0 + $1.all }
    }
    guard isBound, !wasBound else { return [] }
    cases += 1
    return [
      "keys and values of \(ways.count.grouped) requests took \(median.legible) to arrive in the median, \(onLink.legible) of it on the link; "
        + "a decode step takes \(EngineTime(nanoseconds: Int64(decodeStep)).legible)"
    ]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "\(moves.grouped) requests were held up by the link between prefill and decode, \((EngineTime(nanoseconds: time.nanoseconds / Int64(max(1, moves)))).legible) each"
  }
}
