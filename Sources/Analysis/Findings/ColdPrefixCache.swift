import Core

/// The prefix cache gives nothing back because it is emptied before its content is asked for again.
public struct ColdPrefixCache: Finding {
  public static let descriptor = Descriptor(
    name: "cold-prefix-cache", summary: "64 admissions reused under 5 % of their prompts while cached blocks were evicted",
    source: "cache thrashing under LRU: Zheng et al., SGLang, NeurIPS 2024")

  static let window = 64

  private var admissions = 0
  private var prompts = 0
  private var reused = 0
  private var evicted = 0
  private var isCold = false
  private var cases = 0
  private var evictedInAll = 0

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    guard evidence.bench.cachesPrefixes else { return [] }
    evicted += Int(evidence.step.evictedBlocks)
    for request in evidence.scoreboard.news.admissions {
      let record = evidence.scoreboard.requests[request.index]
      admissions += 1
      prompts += Int(record.input)
      reused += Int(record.reused)
    }
    guard admissions >= Self.window else { return [] }
    defer { (admissions, prompts, reused, evicted) = (0, 0, 0, 0) }
    let wasCold = isCold
    isCold = evicted > 0 && reused * 20 < prompts
    if isCold { evictedInAll += evicted }
    guard isCold, !wasCold else { return [] }
    cases += 1
    let share = Double(reused) / Double(prompts)
    return [
      "\(admissions) admissions reused \(share.percent(1)) of their prompts; "
        + "\(evicted.grouped) cached blocks were evicted meanwhile"
    ]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "\(cases.grouped) \(cases == 1 ? "time" : "times") the prefix cache went cold; "
      + "\(evictedInAll.grouped) cached blocks were evicted while it gave almost nothing back"
  }
}
