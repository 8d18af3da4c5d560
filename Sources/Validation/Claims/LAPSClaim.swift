import Analysis
import Core
import ServingEngine

/// Short prompts read apart from long ones, on one instance.
struct LAPSClaim: Claim {
  static let descriptor = Descriptor(
    name: "laps", summary: "short and long prompts read apart: prefill latency", source: "LAPS, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    var points: [ClaimResult.Curve.Point] = []
    for rate in [0.6, 0.8, 1.0, 1.2] {
      points.append(.init(at: rate.fixed(1), value: try Self.latency("chunked", rate: rate) / (try Self.latency("length-aware", rate: rate))))
    }
    let id = Self.descriptor.name
    return [
      ClaimResult(
        id, row: "SGLang, short and long turns", metric: "mean time to first token, the least of the sweep", published: .atLeast(1 / 0.7),
        ours: points.map(\.value).min() ?? 0,
        assumed: [
          ("model", "Qwen2.5-32B"), ("device", "2 × H100-SXM"), ("window", "20 ms; short is up to 512 unread tokens"),
          ("load", "conversations of four turns in the mean beginning with 6,000 tokens in the median, and single questions of 200"),
          ("baseline", "chunked, with the same prefix cache"),
        ],
        reason: "one instance that also decodes; the paper's prefill instances stand apart, and its graphs for short batches are not modelled",
        curve: .init(over: "conversations a second", points: points)),
      try Self.violations(),
    ]
  }

  /// Three prefill instances before one that decodes.
  private static func violations() throws(ClaimFault) -> ClaimResult {
    func missed(_ policy: String, _ rate: Double) throws(ClaimFault) -> Double {
      1 - (try trial(policy, rate: rate) {
        $0.placement = "disaggregated:3x1"
        $0.kvTransfer = "merged"
        $0.sloTTFT = 500
      }.run().attainment ?? 0)
    }
    var points: [ClaimResult.Curve.Point] = []
    for rate in [1.5, 2, 2.5] {
      let (together, apart) = (try missed("chunked", rate), try missed("length-aware", rate))
      if apart > 0 { points.append(.init(at: rate.fixed(1), value: together / apart)) }
    }
    return ClaimResult(
      descriptor.name, row: "several instances, SLO violations", metric: "requests whose first token is late, the mean of the sweep",
      published: .ratio(1 / 0.72), ours: points.map(\.value).reduce(0, +) / Double(max(1, points.count)),
      assumed: [
        ("model", "Qwen2.5-32B"), ("device", "2 × H100-SXM an instance, 3 instances for prefill and 1 for decode"),
        ("target", "first token within 500 ms"), ("load", "as above"), ("router", "least loaded in both"),
      ],
      reason: "short and long prompts are apart in time on each instance; the paper also gives them instances of their own",
      curve: .init(over: "conversations a second", points: points))
  }

  private static func latency(_ policy: String, rate: Double) throws(ClaimFault) -> Double {
    try trial(policy, rate: rate).run().latencies(\.ttft)?.mean ?? 0
  }

  private static func trial(
    _ policy: String, rate: Double, _ choose: (inout Configuration) -> Void = { _ in }
  ) throws(ClaimFault) -> Trial {
    try Trial(
      "poisson:\(rate),requests=250,prompt=lognormal:6000:0.5,output=lognormal:80:0.5,turns=exponential:4,seed=4"
        + " + poisson:\(rate * 4),requests=600,prompt=lognormal:200:0.5,output=lognormal:80:0.5,seed=4"
    ) {
      $0.device = "h100"
      $0.model = "qwen2.5-32b"
      $0.tensorParallel = 2
      $0.policy = policy
      choose(&$0)
    }
  }
}
