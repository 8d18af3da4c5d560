import Analysis
import Core
import ServingEngine

/// Prompts and decodes side by side on one GPU, SMs moved by feedback.
struct SemiPDClaim: Claim {
  static let descriptor = Descriptor(
    name: "semi-pd", summary: "SMs moved between prompts and decodes by feedback: latency, requests within their targets",
    source: "Hong et al., semi-PD, arXiv 2504.19867, abstract")

  /// Targets of MLPerf Inference for Llama-3.1-8B, interactive and server.
  private static let targets: [(name: String, ttft: Double, tpot: Double)] = [("interactive", 500, 30), ("server", 2_000, 100)]

  /// What of it is the model's doing.
  static let unmeasured = "no measurement of two streams on shares of an A100 is at hand to hold their prices against"

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    var latency: [ClaimResult.Curve.Point] = []
    for rate in [4.0, 8, 12, 16] {
      let baseline = try Self.mean("colocated", rate: rate)
      latency.append(.init(at: rate.fixed(0), value: baseline / (try Self.mean("split-reactive", rate: rate))))
    }
    var served: [ClaimResult.Curve.Point] = []
    for target in Self.targets {
      let ours = try Self.capacity("split-reactive", target.ttft, target.tpot)
      let baseline = try Self.capacity("colocated", target.ttft, target.tpot)
      served.append(.init(at: target.name, value: ours.flatMap { ours in baseline.map { ours / $0 } } ?? .nan))
    }
    let lengths = "like ShareGPT: prompts of 330 tokens in the median (sigma 1.1), outputs of 190 (sigma 0.8)"
    return [
      ClaimResult(
        id, row: "DeepSeek series: latency", metric: "mean end-to-end latency", published: .band(1.27...2.58), ours: latency.map(\.value).max() ?? 0,
        assumed: [
          ("model", "DeepSeek-V2-Lite, one H100"), ("lengths", lengths), ("targets", "TTFT 500 ms, TPOT 30 ms"),
          ("baseline", "fcfs with chunks of what 2,048 tokens a step leave"), ("requests", "400, Poisson arrivals"),
        ],
        reason: "latency is decoding here, and while both targets are met no SM moves: decodes have half of the SMs where the baseline has all",
        curve: .init(over: "requests a second", points: latency)),
      ClaimResult(
        id, row: "Llama series: requests within their targets", metric: "greatest rate at which nine of ten requests meet both",
        published: .band(1.55...1.72), ours: served[0].value,
        assumed: [
          ("model", "Llama-3.1-8B, one A100-80"), ("lengths", lengths),
          ("targets", "MLPerf Inference: interactive TTFT 500 ms, TPOT 30 ms; server 2 s, 100 ms"),
          ("baseline", "fcfs with chunks of what 2,048 tokens a step leave"), ("requests", "400, Poisson arrivals"),
        ],
        reason: Self.unmeasured, curve: .init(over: "targets", points: served.filter { $0.value.isFinite })),
    ]
  }

  private static func trial(_ placement: String, rate: Double, _ choose: (inout Configuration) -> Void) throws(ClaimFault) -> Trial {
    var trial = try Trial("poisson:\(rate),requests=400,prompt=lognormal:330:1.1,output=lognormal:190:0.8,seed=6") {
      $0.placement = placement
      choose(&$0)
    }
    trial.trace = trial.trace.cut(prompt: 4_000, output: 1_500)
    return trial
  }

  private static func mean(_ placement: String, rate: Double) throws(ClaimFault) -> Double {
    let score = try trial(placement, rate: rate) {
      $0.device = "h100"
      $0.model = "deepseek-v2-lite"
      ($0.sloTTFT, $0.sloTPOT) = (500, 30)
    }.run()
    return score.latencies(\.e2e)?.mean ?? 0
  }

  private static func capacity(_ placement: String, _ ttft: Double, _ tpot: Double) throws(ClaimFault) -> Double? {
    try Capacity(range: 0.5...32, rounds: 6).greatest { rate throws(ClaimFault) in
      let score = try trial(placement, rate: rate) {
        $0.device = "a100-80"
        $0.model = "llama-3.1-8b"
        ($0.sloTTFT, $0.sloTPOT) = (ttft, tpot)
      }.run()
      return score.attainment ?? 0 >= 0.9
    }
  }
}
