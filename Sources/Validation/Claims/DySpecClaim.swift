import Analysis
import Core
import ServingEngine

/// Whether a tree that grows where the drafter is unsure holds more of the text than a chain of as many tokens.
struct DySpecClaim: Claim {
  static let descriptor = Descriptor(
    name: "dyspec", summary: "a dynamic tree of drafts against a chain of as many tokens: accepted tokens of a verification",
    source: "Xiong et al., DySpec, arXiv 2410.11744, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    var points: [ClaimResult.Curve.Point] = []
    for tokens in [4, 8, 16] {
      let tree = try DraftTrial(drafter: "tree", draftTokens: "\(tokens)").profile().curve
      let chain = try DraftTrial(drafter: "draft-model", draftTokens: "\(tokens)").profile().curve
      points.append(.init(at: "\(tokens)", value: (tree.tokensPerStep ?? 0) / (chain.tokensPerStep ?? 1)))
    }
    return [
      ClaimResult(
        Self.descriptor.name, row: "equal budget of tokens", metric: "tokens of a verification, tree over chain", ours: points.allSatisfy { $0.value >= 1 },
        published: "a tree that grows by the drafter's own likelihoods gives at least as many tokens as a chain of its size",
        assumed: [
          ("target and drafter", "the built-in pair, real tokens and verdicts on the cpu, greedy"), ("texts", "code, prose and repeated turns inside the program"),
        ],
        reason: "under greedy decoding the drafter's likeliest token is the target's more often than it thinks, so a small tree branches too early; the published factors of 9.1 and 6.2 are of a 70B whose pass takes seconds; the abstract does not say on what",
        curve: .init(over: "tokens", points: points))
    ]
  }
}
