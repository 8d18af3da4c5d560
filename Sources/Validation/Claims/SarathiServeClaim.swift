import Analysis
import Core
import ServingEngine

/// The greatest load within a limit on the time between tokens.
struct SarathiServeClaim: Claim {
  static let descriptor = Descriptor(
    name: "sarathi-serve", summary: "stall-free batching: request rate within a limit on the time between tokens",
    source: "Agrawal et al., Sarathi-Serve, OSDI 2024, abstract")

  /// Seconds that the 99th percentile of the time between tokens may be, and the token budget that goes with it.
  private static let limits: [(seconds: Double, budget: Int)] = [(0.05, 512), (0.1, 1_024), (0.2, 2_048), (0.5, 2_048)]

  func run() throws(ClaimFault) -> [ClaimResult] {
    var points: [ClaimResult.Curve.Point] = []
    for limit in Self.limits {
      let ours = try Self.capacity("chunked", "chunked", limit.budget, limit.seconds)
      let prefillFirst = try Self.capacity("prefill-first", "whole", 8_192, limit.seconds)
      let orca = try Self.capacity("fcfs", "whole", 8_192, limit.seconds)
      // Against a baseline that keeps the limit at no rate there is no ratio.
      guard let ours else { continue }
      let limitText = "\((limit.seconds * 1e3).fixed(0)) ms"
      points.append(.init(at: limitText + ", prefill first", value: prefillFirst.map { ours / $0 } ?? .infinity))
      points.append(.init(at: limitText + ", whole prompts beside decodes", value: orca.map { ours / $0 } ?? .infinity))
    }
    let finite = points.filter { $0.value.isFinite }
    let id = Self.descriptor.name
    return [
      ClaimResult(
        id, row: "Mistral-7B, one A100", metric: "request rate within the limit", published: .ratio(2.6, isPeak: true),
        ours: finite.map(\.value).max() ?? 0,
        assumed: [
          ("lengths", "like openchat_sharegpt4: prompts of 1,730 tokens in the median (p90 5,696), outputs of 415 (p90 834)"),
          ("limit", "p99 of the time between tokens; median time in the queue at most 2 s"),
          ("budget", "512 tokens at 50 ms, 1,024 at 100 ms, 2,048 above"), ("requests", "400, Poisson arrivals, at most 64 requests a second"),
        ],
        reason: finite.count < points.count ? "a baseline kept some limit at no rate; such points are left out" : nil,
        curve: .init(over: "limit, baseline", points: finite)),
      try Self.falcon(id),
    ]
  }

  /// Two stages of four GPUs on two nodes.
  private static func falcon(_ id: String) throws(ClaimFault) -> ClaimResult {
    func capacity(_ policy: String, _ prefill: String, _ budget: Int, _ seconds: Double) throws(ClaimFault) -> Double? {
      try Capacity(range: 0.01...4, rounds: 6).greatest { rate throws(ClaimFault) in
        var trial = try Trial("poisson:\(rate),requests=200,prompt=lognormal:1730:0.93,output=lognormal:415:0.545,seed=3") {
          $0.device = "a100-80"
          $0.model = "falcon-180b"
          $0.tensorParallel = 4
          $0.pipelineParallel = 2
          $0.stageLink = 12.5 / 4
          $0.maxModelLength = 10_240
          $0.policy = policy
          $0.prefill = prefill
          $0.maxBatchedTokens = budget
        }
        trial.trace = trial.trace.cut(prompt: 8_000, output: 2_000)
        let score = try trial.run()
        guard let gaps = Percentiles(score.itl), let queue = score.latencies(\.queue) else { return false }
        return gaps.p99 <= seconds * 1e9 && queue.p50 <= 2e9
      }
    }
    var points: [ClaimResult.Curve.Point] = []
    for limit in [(seconds: 1.0, budget: 512), (seconds: 5.0, budget: 2_048)] {
      guard let ours = try capacity("chunked", "chunked", limit.budget, limit.seconds) else { continue }
      for (name, policy) in [("prefill first", "prefill-first"), ("whole prompts beside decodes", "fcfs")] {
        let baseline = try capacity(policy, "whole", 8_192, limit.seconds)
        points.append(.init(at: "\(limit.seconds.fixed(0)) s, \(name)", value: baseline.map { ours / $0 } ?? .infinity))
      }
    }
    let finite = points.filter { $0.value.isFinite }
    return ClaimResult(
      id, row: "Falcon-180B, 8 A100", metric: "request rate within the limit", published: .ratio(6.9, isPeak: true),
      ours: finite.map(\.value).max() ?? 0,
      assumed: [
        ("layout", "2 stages of 4 A100-80, a node each, 100 Gb/s between the nodes"),
        ("lengths", "like openchat_sharegpt4, as in the row above; contexts beyond the model's 2,048 tokens are let in"),
        ("limit", "p99 of the time between tokens at most 1 or 5 s; median time in the queue at most 2 s"),
        ("budget", "512 tokens at 1 s, 2,048 at 5 s; 8,192 for the baselines, which also are pipelines"), ("requests", "200, Poisson arrivals"),
      ],
      reason: finite.count < points.count ? "a baseline kept some limit at no rate; such points are left out" : nil,
      curve: .init(over: "limit, baseline", points: finite))
  }

  private static func capacity(_ policy: String, _ prefill: String, _ budget: Int, _ seconds: Double) throws(ClaimFault) -> Double? {
    try Capacity(range: 0.1...16, rounds: 6).greatest { rate throws(ClaimFault) in
      var trial = try Trial("poisson:\(rate),requests=400,prompt=lognormal:1730:0.93,output=lognormal:415:0.545,seed=3") {
        $0.device = "a100-80"
        $0.model = "mistral-7b"
        $0.policy = policy
        $0.prefill = prefill
        $0.maxBatchedTokens = budget
      }
      trial.trace = trial.trace.cut(prompt: 8_000, output: 2_000)
      let score = try trial.run()
      guard let gaps = Percentiles(score.itl), let queue = score.latencies(\.queue) else { return false }
      return gaps.p99 <= seconds * 1e9 && queue.p50 <= 2e9
    }
  }
}
