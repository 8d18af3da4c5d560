import Analysis
import Core
import Hardware
import ServingEngine

/// Drafts on the host's cores, while the GPU verifies.
struct DuoDecodingClaim: Claim {
  static let descriptor = Descriptor(
    name: "duodecoding", summary: "drafts on the host's cores while the GPU verifies: speed of decoding, and time to the first token",
    source: "Lv et al., DuoDecoding, arXiv 2503.00784, abstract")

  private static let target = (device: "a100-80", model: "llama-2-7b")
  private static let draftModel = "smollm2-135m"
  /// Tokens that cores draft a second.
  private static let rates = [50, 100, 200, 400]

  func run() throws(ClaimFault) -> [ClaimResult] {
    let (profile, curve) = try DraftTrial(drafter: "draft-model", draftTokens: "8", kind: "code").profile()
    let plain = try Self.throughput("none", profile, nil)
    var points: [ClaimResult.Curve.Point] = []
    for rate in Self.rates { points.append(.init(at: "\(rate)", value: try Self.throughput("draft-model", profile, rate) / plain)) }
    let gpu = try stepDevice(Self.target.device, Self.target.model)
    let drafter = try stepDevice(Self.target.device, Self.draftModel)
    let prompt = Batch(slots: [Batch.Slot(request: RequestID(0), first: 0, count: 512, promptCount: 512, outputs: 0, samples: true)])
    let alone = try gpu.seconds(prompt)
    let both = try alone + drafter.seconds(prompt)
    let assumed: [(name: String, value: String)] = [
      ("models", "Llama-2-7B and SmolLM2-135M, which stands for their 68M"), ("device", "A100-80, one request at a time"),
      ("acceptance", "declared: that of the built-in pair on code, measured on the cpu, since theirs is not stated: \(((curve.rate ?? 0) * 100).fixed(0)) % of 8 drafts"),
      ("cores", "declared: the curve's tokens a second; a model of 135 M in eight bits reads 0.14 GB for each"), ("prompt and output", "512 and 256 tokens"),
    ]
    return [
      ClaimResult(
        Self.descriptor.name, row: "against no drafts", metric: "throughput", published: .ratio(2.61, isPeak: true),
        ours: points.map(\.value).max() ?? 0, assumed: assumed,
        reason: "a check of consistency, for the ratio follows from the declared acceptance and the speed of the cores",
        curve: .init(over: "tokens a second of the cores", points: points)),
      ClaimResult(
        Self.descriptor.name, row: "first token", metric: "time to it with the draft model's prefill on the GPU, over without", published: .ratio(1 / 0.83),
        ours: both / alone, assumed: assumed, reason: "the host's time of both passes is in it"),
    ]
  }

  private static func throughput(_ speculate: String, _ profile: String, _ rate: Int?) throws(ClaimFault) -> Double {
    try Trial("all-at-once:8,prompt=constant:512,output=constant:256") {
      $0.device = target.device
      $0.model = target.model
      $0.maxSequences = 1
      $0.asyncScheduling = "off"
      $0.acceptance = profile
      $0.draftModel = draftModel
      $0.draftTokens = "8"
      $0.speculate = speculate
      // Prompts are read in batches, an order of magnitude faster than text is written.
      $0.draftOverlap = rate.map { "duodecoding:\($0):\($0 * 10)" } ?? "off"
    }.throughput()
  }
}
