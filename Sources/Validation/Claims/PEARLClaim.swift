import Core
import ServingEngine

/// Drafting while verifying.
struct PEARLClaim: Claim {
  static let descriptor = Descriptor(
    name: "pearl", summary: "drafts made while others are verified, against one after the other, and against none: speed",
    source: "Liu et al., PEARL, ICLR 2025, arXiv 2408.11850, abstract")

  private static let acceptances = [0.7, 0.8, 0.9, 0.95]

  func run() throws(ClaimFault) -> [ClaimResult] {
    let plain = try Self.throughput("none", "off", drafts: 1, acceptance: 0.9)
    var (turns, none): ([ClaimResult.Curve.Point], [ClaimResult.Curve.Point]) = ([], [])
    for acceptance in Self.acceptances {
      let inTurn = try Self.best("off", acceptance)
      let beside = try Self.best("pearl", acceptance)
      turns.append(.init(at: "\(acceptance)", value: beside / inTurn))
      none.append(.init(at: "\(acceptance)", value: beside / plain))
    }
    let assumed: [(name: String, value: String)] = [
      ("models", "CodeLlama-34B and Llama-2-7B"), ("device", "A100-80 for the target, another for the drafter; one request at a time"),
      ("acceptance", "declared: so much of each draft, given those before it; the largest ratio of the sweep counts"),
      ("drafts", "the best of 1 to 16 for either"), ("prompt and output", "200 and 400 tokens"),
    ]
    let reason = "a check of consistency, for the ratio follows from the declared acceptance; a drafter that never waits gives at most twice as much as one that does"
    return [
      ClaimResult(
        Self.descriptor.name, row: "against drafts and verification in turn", metric: "throughput", published: .ratio(1.52, isPeak: true),
        ours: turns.map(\.value).max() ?? 0, assumed: assumed, reason: reason, curve: .init(over: "acceptance", points: turns)),
      ClaimResult(
        Self.descriptor.name, row: "against no drafts", metric: "throughput", published: .ratio(3.79, isPeak: true),
        ours: none.map(\.value).max() ?? 0, assumed: assumed, reason: reason, curve: .init(over: "acceptance", points: none)),
    ]
  }

  private static func best(_ overlap: String, _ acceptance: Double) throws(ClaimFault) -> Double {
    var best = 0.0
    for drafts in [2, 3, 4, 5, 6, 8, 10, 12, 16] { best = max(best, try throughput("draft-model", overlap, drafts: drafts, acceptance: acceptance)) }
    return best
  }

  private static func throughput(_ speculate: String, _ overlap: String, drafts: Int, acceptance: Double) throws(ClaimFault) -> Double {
    var (rates, likelihood): ([String], Double) = ([], 1)
    for _ in 0..<16 {
      likelihood *= acceptance
      rates.append("\((likelihood * 1e6).rounded() / 1e6)")
    }
    return try Trial("all-at-once:6,prompt=constant:200,output=constant:400") {
      $0.device = "a100-80"
      $0.model = "codellama-34b"
      $0.maxSequences = 1
      $0.asyncScheduling = "off"
      $0.acceptance = rates.joined(separator: ",")
      $0.draftModel = speculate == "none" ? nil : "llama-2-7b"
      $0.draftTokens = "\(drafts)"
      $0.speculate = speculate
      $0.draftOverlap = overlap
      // The 34B and the 7B side by side leave little of one GPU.
      $0.kvBlocks = 200
    }.throughput()
  }
}
