import Analysis
import Core
import ServingEngine

/// Prompts cut by layers against prompts cut by tokens, on models whose experts must be loaded.
struct LayeredPrefillClaim: Claim {
  static let descriptor = Descriptor(
    name: "layered-prefill", summary: "groups of layers against chunks of tokens: expert traffic, TTFT, end-to-end latency, energy",
    source: "Lee et al., From Tokens to Layers (layered prefill), arXiv 2510.08055, abstract")

  /// Requests a second. Above the last one chunks no longer keep up, and waits grow with the length of the run.
  private static let rates = [0.5, 0.8, 1.1, 1.4, 1.7]

  func run() throws(ClaimFault) -> [ClaimResult] {
    var pairs: [(rate: Double, chunked: Outcome, layered: Outcome)] = []
    for rate in Self.rates { pairs.append((rate, try Self.outcome("chunked", 512, rate), try Self.outcome("layered", 16_384, rate))) }
    func row(_ name: String, _ metric: String, _ ratio: Double, _ quantity: KeyPath<Outcome, Double>, _ reason: String? = nil) -> ClaimResult {
      let points = pairs.map {
        ClaimResult.Curve.Point(at: $0.rate.fixed(1), value: $0.chunked[keyPath: quantity] / $0.layered[keyPath: quantity])
      }
      return ClaimResult(
        Self.descriptor.name, row: name, metric: metric, published: .ratio(ratio, isPeak: true), ours: points.map(\.value).max() ?? 0,
        assumed: [
          ("model", "Qwen3-30B-A3B: 128 experts, 8 for each token, chosen at random"), ("device", "2 × H100-SXM"),
          ("baseline", "chunks: 512 tokens a step, decodes included"),
          ("layered", "a group of layers for each 512 tokens of prompts; a step holds all tokens of those that begin together"),
          ("load", "prompts of 7,000 tokens in the median, as articles to summarise, outputs of 200; 200 requests"),
        ],
        reason: reason, curve: .init(over: "requests a second", points: points))
    }
    return [
      row(
        "expert loads", "memory traffic, chunks over layers", 1.39, \.bytes,
        "all traffic: weights, keys and values; a chunk of 512 tokens wakes every expert here, so each is loaded once for each chunk"),
      row("time to first token", "mean TTFT, chunks over layers", 1 / 0.3, \.ttft),
      row("end to end", "mean latency, chunks over layers", 1 / 0.59, \.e2e),
      row("energy", "energy for each output token, chunks over layers", 1 / 0.78, \.energy, "an order of magnitude: power is modelled from few measurements"),
    ]
  }

  struct Outcome {
    var bytes, ttft, e2e, energy: Double
  }

  private static func outcome(_ prefill: String, _ budget: Int, _ rate: Double) throws(ClaimFault) -> Outcome {
    let score = try Trial("poisson:\(rate),requests=200,prompt=lognormal:7000:0.5,output=lognormal:200:0.4,seed=3") {
      $0.device = "h100"
      $0.model = "qwen3-30b-a3b"
      $0.tensorParallel = 2
      $0.prefixCache = "off"
      $0.prefill = prefill
      $0.maxBatchedTokens = budget
    }.run()
    guard let ttft = score.latencies(\.ttft)?.mean, let e2e = score.latencies(\.e2e)?.mean, let energy = score.hardware.energy,
      score.outputTokens > 0, score.rejected == 0
    else { throw ClaimFault("a request was rejected, or none completed") }
    return Outcome(bytes: score.hardware.bytes, ttft: ttft, e2e: e2e, energy: energy / Double(score.outputTokens))
  }
}
