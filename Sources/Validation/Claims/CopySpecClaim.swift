import Analysis
import Core
import ServingEngine

/// What copying from the conversation brings where much of it is asked for again.
struct CopySpecClaim: Claim {
  static let descriptor = Descriptor(
    name: "copyspec", summary: "copying the longest match of the conversation on, on repeated turns: speed",
    source: "Dumitru et al., CopySpec, arXiv 2502.08923, abstract: MT-Redundant, second turn")

  func run() throws(ClaimFault) -> [ClaimResult] {
    let (profile, curve) = try DraftTrial(drafter: "suffix:8", draftTokens: "10", kind: "repeated-turn", sequences: 1).profile()
    func throughput(_ speculate: String) throws(ClaimFault) -> Double {
      try Trial("all-at-once:24,prompt=constant:600,output=constant:400") {
        $0.device = "a100-80"
        $0.maxSequences = 1
        $0.acceptance = profile
        $0.draftTokens = "10"
        $0.speculate = speculate
        $0.asyncScheduling = "off"
      }.throughput()
    }
    let ratio = try throughput("suffix:8") / throughput("none")
    let id = Self.descriptor.name
    return [
      ClaimResult(
        id, row: "second turn that repeats the first", metric: "throughput", published: .ratio(3.08, isPeak: true), ours: ratio,
        assumed: [
          ("model", "Llama-3.1-8B; the largest gain is of Qwen2.5-72B"), ("device", "A100-80, one request at a time"),
          ("acceptance", "suffix:8 with 10 drafts, measured on the built-in model: bytes are its tokens, so 8 are a word or two"),
          ("text", "a passage, and the beginning of the same once more"),
        ],
        reason: "the built-in model copies for a while and then goes its own way: \(curve.tokensPerStep?.two ?? "–") tokens a step, \(((curve.rate ?? 0) * 100).fixed(0)) % of drafts stand; a model that can follow a conversation copies more"),
      ClaimResult(
        id, row: "beside a draft model", metric: "throughput", published: .ratio(1.49, isPeak: true),
        impossible: "one drafter drafts at a time here; two cannot take turns within a request"),
    ]
  }
}
