import Analysis
import Core
import ServingEngine

/// Prompts and decodes side by side on one GPU, SMs divided by prediction.
struct NexusClaim: Claim {
  static let descriptor = Descriptor(
    name: "nexus-intra-gpu", summary: "SMs divided between prompts and decodes by prediction: throughput, TTFT, time between tokens",
    source: "Shi et al., Nexus, arXiv 2507.06608, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    var (ttft, tbt): ([ClaimResult.Curve.Point], [ClaimResult.Curve.Point]) = ([], [])
    for rate in [1.0, 1.5, 2, 2.5, 3] {
      let baseline = try Self.score(rate: rate, isOurs: false)
      let ours = try Self.score(rate: rate, isOurs: true)
      guard let before = baseline.latencies(\.ttft), let after = ours.latencies(\.ttft), let gaps = Percentiles(baseline.itl),
        let shorter = Percentiles(ours.itl)
      else { throw ClaimFault("no request was served at \(rate) a second") }
      ttft.append(.init(at: rate.fixed(1), value: before.mean / after.mean))
      tbt.append(.init(at: rate.fixed(1), value: gaps.p95 / shorter.p95))
    }
    let capacities = try [true, false].map { isOurs throws(ClaimFault) in
      try Capacity(range: 0.25...16, rounds: 6).greatest { rate throws(ClaimFault) in
        try Self.score(rate: rate, isOurs: isOurs).normalizedLatency ?? .infinity <= 0.1
      } ?? 0
    }
    let assumed = [
      ("model", "Llama-3.1-8B"), ("device", "A100-80"),
      ("mix", "six of ten requests like ShareGPT (prompts of 330 tokens, outputs of 190 in the median), four with documents (5,500 and 130)"),
      ("system", "split-predictive with the shortest prompt first, whose rank falls while it waits"),
      ("baseline", "fcfs with chunks of what 2,048 tokens a step leave"), ("requests", "400, Poisson arrivals"),
    ]
    let reason = "decodes are kept within 1.5 times their step alone, which leaves prompts few SMs until they queue; " + SemiPDClaim.unmeasured
    return [
      ClaimResult(
        id, row: "throughput", metric: "greatest rate at a mean of 100 ms of latency for each output token", published: .ratio(2.2, isPeak: true),
        ours: capacities[1] > 0 ? capacities[0] / capacities[1] : 0, assumed: assumed,
        reason: "rates \(capacities[0].two) and \(capacities[1].two) a second; " + reason),
      ClaimResult(
        id, row: "time to first token", metric: "mean TTFT", published: .ratio(20, isPeak: true), ours: ttft.map(\.value).max() ?? 0,
        assumed: assumed, reason: reason, curve: .init(over: "requests a second", points: ttft)),
      ClaimResult(
        id, row: "time between tokens", metric: "p95 of the time between tokens", published: .ratio(2.5, isPeak: true),
        ours: tbt.map(\.value).max() ?? 0, assumed: assumed, curve: .init(over: "requests a second", points: tbt)),
    ]
  }

  private static func score(rate: Double, isOurs: Bool) throws(ClaimFault) -> Scoreboard {
    var trial = try Trial(
      "poisson:\(0.6 * rate),requests=240,prompt=lognormal:330:1.1,output=lognormal:190:0.8,seed=7"
        + " + poisson:\(0.4 * rate),requests=160,prompt=lognormal:5500:0.5,output=lognormal:130:0.6,seed=8"
    ) {
      $0.device = "a100-80"
      $0.model = "llama-3.1-8b"
      $0.placement = isOurs ? "split-predictive" : "colocated"
      $0.policy = isOurs ? "shortest-prompt" : "fcfs"
    }
    trial.trace = trial.trace.cut(prompt: 16_000, output: 1_500)
    return try trial.run()
  }
}
