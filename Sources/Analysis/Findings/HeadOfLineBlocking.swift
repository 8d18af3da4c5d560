import Core

/// The oldest request in the queue does not fit, and those behind it that would are kept waiting.
///
/// The way out is an order that lets small ones pass, or smaller prompt chunks.
public struct HeadOfLineBlocking: Finding {
  public static let descriptor = Descriptor(
    name: "head-of-line", summary: "20 steps without an admission while requests behind the oldest would fit",
    source: "Llumnix: Sun et al., OSDI 2024, section 2")

  static let patience = 20
  /// Requests looked at, so that a case costs the same in the longest run.
  static let horizon = 4_096

  private var stepsWithoutAdmission = 0
  /// Where the oldest waiting request is looked for; everything before has left the queue for good.
  private var oldest = 0
  private var cases = 0
  private var steps = 0

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    let admitted = evidence.scoreboard.news.events.contains { if case .admitted = $0 { true } else { false } }
    guard evidence.step.waiting >= 2, !admitted else {
      stepsWithoutAdmission = 0
      return []
    }
    stepsWithoutAdmission += 1
    if stepsWithoutAdmission > Self.patience { steps += 1 }
    guard stepsWithoutAdmission == Self.patience, let pool = evidence.bench.kvBlocks,
      let tokensPerBlock = evidence.bench.tokensPerBlock
    else { return [] }
    let requests = evidence.scoreboard.requests
    while oldest < requests.count, requests[oldest].outcome != .waiting, requests[oldest].outcome != .running { oldest += 1 }
    let queue = requests.indices[oldest...].prefix(Self.horizon).filter {
      requests[$0].outcome == .waiting && requests[$0].instance == evidence.step.instance
    }
    guard let head = queue.first else { return [] }
    func blocks(_ number: Int) -> Int {
      (Int(requests[number].input) + Int(requests[number].output) + tokensPerBlock - 1) / tokensPerBlock
    }
    let free = pool - Int(evidence.step.usedBlocks)
    guard blocks(head) > free else { return [] }
    let fitting = queue.dropFirst().count { blocks($0) <= free }
    guard fitting > 0 else { return [] }
    cases += 1
    return [
      "r\(head) needs \(blocks(head).grouped) blocks, \(free.grouped) are free; "
        + "\(fitting.grouped) behind it would fit"
    ]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "\(cases.grouped) \(cases == 1 ? "time" : "times") the oldest request blocked others that would have fitted; "
      + "\(steps.grouped) steps passed so"
  }
}
