import Analysis
import Core
import ServingEngine

/// Prefill and decode on GPUs of their own: requests for each GPU that are served as promised.
struct DistServeClaim: Claim {
  static let descriptor = Descriptor(
    name: "distserve", summary: "prefill and decode apart: goodput for each GPU, and the tightest targets",
    source: "Zhong et al., DistServe, arXiv 2401.09670v1, abstract")

  /// An application of the paper's table 1, with its targets in seconds and the parallelism that its search chose.
  private struct Application {
    var name: String
    var model: String
    var lengths: String
    /// The longest prompt and output, within OPT's context of 2,048.
    var cut: (prompt: Int, output: Int)
    var ttft: Double
    var tpot: Double
    /// GPUs of the baseline's instance, and of a prefill and a decode instance.
    var gpus: (together: Int, prefill: Int, decode: Int)
  }

  private static let applications = [
    Application(
      name: "chat, OPT-13B", model: "opt-13b", lengths: "prompt=lognormal:458:1,output=lognormal:145:0.8", cut: (1_400, 600),
      ttft: 0.25, tpot: 0.1, gpus: (1, 2, 1)),
    Application(
      name: "chat, OPT-66B", model: "opt-66b", lengths: "prompt=lognormal:458:1,output=lognormal:145:0.8", cut: (1_400, 600),
      ttft: 2.5, tpot: 0.15, gpus: (4, 4, 4)),
    Application(
      name: "code, OPT-66B", model: "opt-66b", lengths: "prompt=lognormal:158:0.4,output=lognormal:87:0.5", cut: (1_400, 600),
      ttft: 0.125, tpot: 0.2, gpus: (4, 4, 4)),
    Application(
      name: "summaries, OPT-66B", model: "opt-66b", lengths: "prompt=lognormal:1738:0.1,output=lognormal:66:0.8", cut: (1_850, 190),
      ttft: 15, tpot: 0.15, gpus: (4, 4, 4)),
  ]

  private static let pools = [(1, 1), (2, 1), (1, 2)]
  private static let requests = 300

  func run() throws(ClaimFault) -> [ClaimResult] {
    var goodput: [ClaimResult.Curve.Point] = []
    var tightness: [ClaimResult.Curve.Point] = []
    for application in Self.applications {
      let together = try Self.capacity(application, nil)
      var apart: (rate: Double, pool: (Int, Int))?
      for pool in Self.pools {
        let rate = try Self.capacity(application, pool)
        if let rate, rate > apart?.rate ?? 0 { apart = (rate, pool) }
      }
      guard let together, let apart else { continue }
      goodput.append(.init(at: application.name, value: apart.rate / together))
      // Both at the rate that the baseline just serves.
      let loose = Self.tightest(try Self.score(application, nil, rate: together), application)
      let tight = Self.tightest(try Self.score(application, apart.pool, rate: together), application)
      if let loose, let tight { tightness.append(.init(at: application.name, value: loose / tight)) }
    }
    let id = Self.descriptor.name
    let assumed: [(name: String, value: String)] = [
      ("device", "A100-80, four with NVLink for OPT-66B"),
      ("targets", "TTFT and TPOT of table 1, kept for 90 % of requests"),
      ("lengths", "lognormal with the means of ShareGPT, HumanEval and LongBench (755/200, 171/98, 1,738/91), cut to OPT's context"),
      ("baseline", "vLLM of 2023: whole prompts before decodes, steps planned one after the other"),
      ("pools", "the best of 1, 2 prefill to 1 decode, and 1 to 2; tensor parallelism as the paper's table, its two stages of decode as two more ranks"),
      ("link", "NVLink, block by block"), ("requests", "\(Self.requests), Poisson arrivals"),
    ]
    let isMissing = goodput.count < Self.applications.count
    let reason = isMissing
      ? "an application whose targets the baseline kept at no rate has no ratio and is left out"
      : "not explained by a measurement: the applications' targets and parallelism are assumptions, and the baseline here has none of the overheads of vLLM of 2023"
    return [
      ClaimResult(
        id, row: "requests for each GPU", metric: "greatest rate for each GPU with 90 % as promised", published: .ratio(4.48, isPeak: true),
        ours: goodput.map(\.value).max() ?? 0, assumed: assumed, reason: reason, curve: .init(over: "application", points: goodput)),
      ClaimResult(
        id, row: "tightness of targets", metric: "least scale of both targets kept for 90 %, at the baseline's greatest rate",
        published: .ratio(10.2, isPeak: true), ours: tightness.map(\.value).max() ?? 0, assumed: assumed, reason: reason,
        curve: .init(over: "application", points: tightness)),
    ]
  }

  /// - Parameters:
  ///   - pool: Instances that prefill and decode; nil: one does both.
  ///   - rate: Requests a second for each GPU.
  private static func score(_ application: Application, _ pool: (Int, Int)?, rate: Double) throws(ClaimFault) -> Scoreboard {
    let gpus = pool.map { $0.0 * application.gpus.prefill + $0.1 * application.gpus.decode } ?? application.gpus.together
    var trial = try Trial("poisson:\(rate * Double(gpus)),requests=\(requests),\(application.lengths),seed=5") {
      $0.device = "a100-80"
      $0.model = application.model
      $0.tensorParallel = pool == nil ? application.gpus.together : application.gpus.prefill
      $0.policy = "prefill-first"
      $0.prefill = "whole"
      $0.prefixCache = "off"
      $0.asyncScheduling = "off"
      $0.maxBatchedTokens = 2_560
      $0.sloTTFT = application.ttft * 1e3
      $0.sloTPOT = application.tpot * 1e3
      guard let pool else { return }
      $0.placement = "disaggregated:\(pool.0)x\(pool.1)"
      $0.decodeTensorParallel = application.gpus.decode
    }
    trial.trace = trial.trace.cut(prompt: application.cut.prompt, output: application.cut.output)
    return try trial.run()
  }

  /// Requests a second for each GPU.
  private static func capacity(_ application: Application, _ pool: (Int, Int)?) throws(ClaimFault) -> Double? {
    try Capacity(range: 0.02...20, rounds: 9).greatest { rate throws(ClaimFault) in
      try score(application, pool, rate: rate).attainment ?? 0 >= 0.9
    }
  }

  /// The least factor by which both targets can be multiplied so that 90 % of requests keep them.
  private static func tightest(_ score: Scoreboard, _ application: Application) -> Double? {
    let scales = score.requests.compactMap { record -> Double? in
      guard record.isCompleted, let ttft = record.ttft else { return nil }
      return max(ttft.seconds / application.ttft, (record.tpot?.seconds ?? 0) / application.tpot)
    }.sorted()
    return scales.isEmpty ? nil : scales[min(scales.count - 1, (scales.count * 9 + 9) / 10 - 1)]
  }
}
