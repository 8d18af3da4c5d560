import Analysis
import Core
import Hardware
import ServingEngine

/// Nano-batches whose operators run side by side against one operator after the other.
struct NanoFlowClaim: Claim {
  static let descriptor = Descriptor(
    name: "nanoflow", summary: "nano-batches on one GPU: offline throughput, and its part of what arithmetic allows",
    source: "Zhu et al., NanoFlow, arXiv 2408.12757 and OSDI 2025, abstract")

  private static let setups = [("llama-2-70b", 8), ("mixtral-8x7b", 8), ("llama-3-8b", 1)]
  private static let device = "a100-80"

  func run() throws(ClaimFault) -> [ClaimResult] {
    var ratios: [ClaimResult.Curve.Point] = []
    var parts: [ClaimResult.Curve.Point] = []
    for (model, ranks) in Self.setups {
      let cut = try Self.throughput(model, ranks, "nano-batch", "on")
      ratios.append(.init(at: model, value: cut / (try Self.throughput(model, ranks, "colocated", "off"))))
      parts.append(.init(at: model, value: cut / (try Self.optimum(model, ranks))))
    }
    let id = Self.descriptor.name
    let load = (name: "load", value: "all at once, 512 tokens in and 512 out; 2,048 tokens a step; 3,000 requests, 1,000 for Llama-3-8B")
    return [
      ClaimResult(
        id, row: "throughput", metric: "tokens a second", published: .ratio(1.91, isPeak: true), ours: ratios.map(\.value).max() ?? 0,
        assumed: [
          ("device", "8 × A100-80; one for Llama-3-8B"), load,
          ("baseline", "one operator after the other, planned when the step before has ended"),
        ],
        reason: "the paper's baselines are serving systems of 2024 with slower kernels and more time on the host; here both run the same kernels, a kernel keeps its SMs to its end, and part of the gain is that decodes leave the prompts' attention kernel",
        curve: .init(over: "model", points: ratios)),
      ClaimResult(
        id, row: "part of the optimum", metric: "tokens a second over those of arithmetic alone", published: .band(0.59...0.72),
        ours: parts.map(\.value).reduce(0, +) / Double(parts.count),
        assumed: [
          ("device", "8 × A100-80; one for Llama-3-8B"), load,
          ("optimum", "all arithmetic of a token's products at the pace of the fastest product of a full step"), ("ours", "the mean over the models"),
        ],
        curve: .init(over: "model", points: parts)),
    ]
  }

  /// Tokens read and written for each second.
  private static func throughput(_ model: String, _ ranks: Int, _ placement: String, _ ahead: String) throws(ClaimFault) -> Double {
    let requests = ranks > 1 ? 3_000 : 1_000
    let score = try Trial("all-at-once:\(requests),prompt=constant:512,output=constant:512,seed=1") {
      $0.device = device
      $0.model = model
      $0.tensorParallel = ranks
      $0.prefixCache = "off"
      $0.placement = placement
      $0.asyncScheduling = ahead
      $0.maxBatchedTokens = 2_048
      $0.maxSequences = 2_048
    }.run()
    guard score.rejected == 0 else { throw ClaimFault("\(score.rejected) requests were rejected: the set-up does not hold them") }
    return score.perEngineSecond(score.inputTokens + score.outputTokens) ?? 0
  }

  /// The same if nothing but the products' arithmetic took time.
  private static func optimum(_ model: String, _ ranks: Int) throws(ClaimFault) -> Double {
    let kernels = try stepDevice(device, model, tensorParallel: ranks).kernels(of: Batch(decodes: 0, context: 1, chunk: 2_048))
    let products = kernels.filter { [.qkv, .output, .gateUp, .down, .experts].contains($0.kind) }
    let pace = products.map { $0.operations / $0.duration.seconds }.max() ?? 0
    let operations = products.reduce(0) { $0 + $1.operations }
    return 2_048 * pace / operations
  }
}
