import Analysis
import Core
import ServingEngine

/// What a prefix cache keeps when long contexts are worth more than short ones.
struct MarconiClaim: Claim {
  static let descriptor = Descriptor(
    name: "marconi", summary: "eviction by compute saved for each byte: tokens hit, time to first token",
    source: "Pan et al., Marconi, arXiv 2411.19379, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    var hits: [ClaimResult.Curve.Point] = []
    var latencies: [ClaimResult.Curve.Point] = []
    for blocks in [8_000, 16_000, 24_000, 32_000] {
      let (recent, valued) = (try Self.measure("lru", blocks: blocks), try Self.measure("value:200", blocks: blocks))
      let at = "\((Double(blocks) * 16 / 1e3).fixed(0))K tokens"
      hits.append(.init(at: at, value: valued.hitRate / max(recent.hitRate, 1e-9)))
      latencies.append(.init(at: at, value: recent.ttft / valued.ttft))
    }
    let assumed: [(name: String, value: String)] = [
      ("model", "Llama-3.1-8B: attention in all layers"), ("device", "A100-SXM-80GB"), ("weight", "200 % of a turnover of the pool"),
      ("load", "conversations that begin with 4,000 tokens in the median and have six turns in the mean, among four times as many single questions of 500"),
      ("baseline", "lru over the same blocks"),
    ]
    let reason = "the paper's models are hybrid: a recurrent state is as large for a short prefix as for a long one, so eviction that does not ask for length keeps almost nothing; attention's keys and values grow with what they save, and recency is nearly as good"
    let id = Self.descriptor.name
    return [
      ClaimResult(
        id, row: "tokens hit", metric: "hit rate, mean of the sweep", published: .ratio(34.4, isPeak: true), ours: hits.reduce(0) { $0 + $1.value } / Double(hits.count),
        assumed: assumed, reason: reason, curve: .init(over: "KV memory", points: hits)),
      ClaimResult(
        id, row: "time to first token", metric: "1 / p95, mean of the sweep", published: .ratio(1 / (1 - 0.711), isPeak: true),
        ours: latencies.reduce(0) { $0 + $1.value } / Double(latencies.count), assumed: assumed, reason: reason, curve: .init(over: "KV memory", points: latencies)),
    ]
  }

  private static func measure(_ cache: String, blocks: Int) throws(ClaimFault) -> (hitRate: Double, ttft: Double) {
    let score = try Trial(
      "poisson:0.4,requests=900,prompt=lognormal:4000:0.6,output=lognormal:150:0.5,turns=exponential:6,think=exponential:20,seed=11"
        + " + poisson:4,requests=1500,prompt=lognormal:500:0.6,output=lognormal:100:0.5,seed=12"
    ) {
      $0.device = "a100-80"
      $0.prefixCache = cache
      $0.kvBlocks = blocks
    }.run()
    let tokens = score.requests.reduce((input: 0, reused: 0)) { ($0.input + Int($1.input), $0.reused + Int($1.reused)) }
    guard let ttft = score.latencies(\.ttft), tokens.input > 0 else { throw ClaimFault("no request completed") }
    return (Double(tokens.reused) / Double(tokens.input), ttft.p95)
  }
}
