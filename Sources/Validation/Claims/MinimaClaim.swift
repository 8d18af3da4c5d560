import Analysis
import Core
import ServingEngine

/// What speculation adds to a compressed model, alone and in a crowd.
struct MinimaClaim: Claim {
  static let descriptor = Descriptor(
    name: "minima-tensor-network", summary: "a compressed model with and without drafts, 1 and 50 requests: the gain of drafts shrinks",
    source: "A practical tensor-network compression pipeline for production-scale LLMs (Minima), abstract")

  /// Of the projections' weights: what brings 64 to 40 GiB, bitmap included.
  private static let zeros = 46

  func run() throws(ClaimFault) -> [ClaimResult] {
    let (profile, curve) = try DraftTrial(drafter: "draft-model", draftTokens: "8").profile()
    func rate(_ requests: Int, _ weights: String, drafts: Int = 0) throws(ClaimFault) -> Double {
      let score = try Trial("all-at-once:\(requests),prompt=constant:1024,output=constant:256") {
        $0.device = "h200"
        $0.model = "qwen3-32b"
        $0.weights = weights
        $0.maxModelLength = 8_192
        $0.asyncScheduling = "off"
        $0.draftModel = "llama-3.2-1b"
        $0.acceptance = profile
        $0.draftTokens = "\(max(1, drafts))"
        $0.speculate = drafts > 0 ? "draft-model" : "none"
      }.run()
      guard let tpot = score.latencies(\.tpot) else { throw ClaimFault("no request completed") }
      return 1e9 / tpot.mean
    }
    var results: [ClaimResult] = []
    var gains: [Double] = []
    for (requests, published) in [(1, [40.0, 50, 75]), (50, [34.0, 44, 53])] {
      let base = try rate(requests, "as-loaded")
      let small = try rate(requests, "sparse:\(Self.zeros)")
      var points: [ClaimResult.Curve.Point] = []
      for drafts in [1, 2, 3, 4, 6, 8] { points.append(.init(at: "\(drafts)", value: try rate(requests, "sparse:\(Self.zeros)", drafts: drafts) / small)) }
      let best = points.map(\.value).max() ?? 0
      gains.append(best)
      results.append(
        ClaimResult(
          Self.descriptor.name, row: "\(requests) request\(requests > 1 ? "s" : "")", metric: "tokens a second of a request, drafts against none, best number of drafts",
          published: .ratio(published[2] / published[1]), ours: best, assumed: assumed(curve),
          reason: "tokens a second: \(base.fixed(0)) dense, \(small.fixed(0)) compressed, \((small * best).fixed(0)) with drafts; published \(published.map { $0.fixed(0) }.joined(separator: ", "))",
          curve: .init(over: "drafts", points: points)))
    }
    results.append(
      ClaimResult(
        Self.descriptor.name, row: "1 against 50 requests", metric: "gain of drafts", published: .statement("it shrinks with the crowd"),
        ours: gains[0] > gains[1] ? 1 : 0, assumed: assumed(curve), reason: "\(gains[0].two) alone, \(gains[1].two) among 50"))
    return results
  }

  private func assumed(_ curve: AcceptanceTally.Curve) -> [(name: String, value: String)] {
    [
      ("model and drafter", "Qwen3-32B, and Llama-3.2-1B as a drafter of that size"), ("device", "H200, for 50 requests and 64 GiB of weights must fit"),
      ("compression", "its bytes alone: \(Self.zeros) % of the weights are not stored; arithmetic stays, where tensor factors would save some"),
      ("acceptance", "declared: that of the built-in pair, measured on the cpu: \(((curve.rate ?? 0) * 100).fixed(0)) % of 8 drafts"),
      ("prompt and output", "1,024 and 256 tokens within 8K"), ("50 requests", "numbers are taken as those of each request"),
    ]
  }
}
