import Core
import ServingEngine

/// Whether a budget of verified tokens is better spent on the likeliest drafts than evenly.
struct TetrisClaim: Claim {
  static let descriptor = Descriptor(
    name: "tetris", summary: "a step's budget for the likeliest drafts of the batch against equal lengths: accepted tokens",
    source: "Wu et al., TETRIS, arXiv 2502.15197, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    var points: [ClaimResult.Curve.Point] = []
    var worst = Double.infinity
    for each in [1, 2, 3] {
      let equal = try Self.accepted("\(each)", verified: each * 8)
      let chosen = try Self.accepted("batch:8:\(each * 8)", verified: each * 8)
      worst = min(worst, chosen / equal)
      points.append(.init(at: "\(each * 8)", value: chosen / equal))
    }
    return [
      ClaimResult(
        Self.descriptor.name, row: "a fixed budget over the batch", metric: "accepted tokens of a step", ours: worst >= 1,
        published: "at a fixed batch-wide budget the likeliest drafts give at least as many accepted tokens as equal lengths",
        assumed: [
          ("target and drafter", "the built-in pair, real tokens and verdicts on the cpu, greedy"), ("texts", "code, prose and repeated turns inside the program"),
          ("batch", "8 requests; only steps in which all 8 decode and the whole budget is verified"), ("likelihood", "what the drafter gives each token, times those before it"),
        ],
        reason: "least of the sweep \(worst.two) times",
        curve: .init(over: "budget, verified tokens", points: points))
    ]
  }

  /// Tokens that stood in a step, on average over the steps that verified the whole budget.
  private static func accepted(_ draftTokens: String, verified: Int) throws(ClaimFault) -> Double {
    var (steps, accepted) = (0, 0)
    try DraftTrial(drafter: "draft-model", draftTokens: draftTokens).run { report in
      guard report.record.sequences == 8, Int(report.record.draftTokens) == verified else { return }
      steps += 1
      accepted += Int(report.record.acceptedTokens)
    }
    guard steps > 20 else { throw ClaimFault("only \(steps) steps verified \(verified) drafts of 8 requests") }
    return Double(accepted) / Double(steps)
  }
}
