import Analysis
import Core
import Hardware
import ServingEngine

/// What decodes cost that ride on a chunk of a prompt, and what that does to the whole.
struct SarathiClaim: Claim {
  static let descriptor = Descriptor(
    name: "sarathi", summary: "decodes riding on prompt chunks: cost of a decode, decode and end-to-end throughput",
    source: "Agrawal et al., SARATHI, arXiv 2308.16369, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    let small = try Self.decodeCurve("rtx-a6000", "llama-13b", tokens: 1_024, context: 1_024, batches: [1, 2, 3, 4, 8, 16])
    let large = try Self.decodeCurve("a100-80", "llama-33b", tokens: 512, context: 1_024, batches: [1, 2, 4, 6, 9, 12])
    let smallRun = try Self.throughputCurve("rtx-a6000", "llama-13b", batch: 18, chunk: 256, tokens: 1_024)
    let largeRun = try Self.throughputCurve("a100-80", "llama-33b", batch: 10, chunk: 256, tokens: 1_024, blocks: 700)
    let decode = "each decode in a batch of as many requests, all decoding, over what it adds to a chunk's share of a step of prompt tokens alone; context 1,024"
    let whole = "whole prompts first against chunks beside decodes; 1,024 tokens a request in all"
    return [
      ClaimResult(
        id, row: "LLaMA-13B, A6000: decode", metric: "cost of a decode", published: .ratio(10, isPeak: true),
        ours: small.first { $0.at == "3" }?.value ?? 0,
        assumed: [("decodes", "3 beside a chunk of 1,021 tokens: 1,024 tokens, whole tiles"), ("measure", decode)],
        curve: .init(over: "decodes in the batch", points: small)),
      ClaimResult(
        id, row: "LLaMA-13B, A6000: end to end", metric: "throughput", published: .ratio(1.33, isPeak: true),
        ours: smallRun.map(\.value).max() ?? 0,
        assumed: [("batch", "18 requests"), ("chunk", "256 tokens a step, decodes included"), ("measure", whole)],
        curve: .init(over: "prompt tokens for each output token", points: smallRun)),
      ClaimResult(
        id, row: "LLaMA-33B, A100: decode", metric: "decode throughput", published: .ratio(4.25, isPeak: true),
        ours: large.first { $0.at == "9" }?.value ?? 0,
        assumed: [("decodes", "9 beside a chunk of 503 tokens: a batch of 10, 512 tokens, whole tiles"), ("measure", decode)],
        curve: .init(over: "decodes in the batch", points: large)),
      ClaimResult(
        id, row: "LLaMA-33B, A100: end to end", metric: "throughput", published: .ratio(1.25, isPeak: true),
        ours: largeRun.map(\.value).max() ?? 0,
        assumed: [
          ("batch", "10 requests"), ("KV memory", "700 blocks of 16: ten requests, more than 90 % of the GPU leaves"),
          ("chunk", "256 tokens a step, decodes included"), ("measure", whole),
        ],
        curve: .init(over: "prompt tokens for each output token", points: largeRun)),
    ] + (try SarathiPipeline.rows(id))
  }

  /// How many times less a decode costs beside a chunk than in a batch of decodes.
  ///
  /// Chunk and decodes make `tokens` together, so that they fill whole tiles (section 4.4); the chunk is charged at
  /// what a token costs in a step of as many prompt tokens, and the decodes are compared with a batch of as many
  /// requests that all decode (table 2: 4 against 3 and a chunk).
  private static func decodeCurve(
    _ device: String, _ model: String, tokens: Int, context: Int, batches: [Int]
  ) throws(ClaimFault) -> [ClaimResult.Curve.Point] {
    let gpu = try stepDevice(device, model)
    let token = try gpu.seconds(Batch(decodes: 0, context: context, chunk: tokens)) / Double(tokens)
    var points: [ClaimResult.Curve.Point] = []
    for batch in batches {
      let decode = try gpu.seconds(Batch(decodes: batch + 1, context: context)) / Double(batch + 1)
      let chunk = tokens - batch
      let both = try gpu.seconds(Batch(decodes: batch, context: context, chunk: chunk))
      points.append(.init(at: String(batch), value: Double(batch) * decode / max(both - token * Double(chunk), 1e-9)))
    }
    return points
  }

  private static func throughputCurve(
    _ device: String, _ model: String, batch: Int, chunk: Int, tokens: Int, blocks: Int? = nil
  ) throws(ClaimFault) -> [ClaimResult.Curve.Point] {
    var points: [ClaimResult.Curve.Point] = []
    for ratio in [4, 8, 14, 20, 28, 50, 100] {
      let output = max(2, tokens / (ratio + 1))
      func run(_ policy: String, _ budget: Int) throws(ClaimFault) -> Double {
        try Trial("all-at-once:\(batch * 12),prompt=constant:\(tokens - output),output=constant:\(output)") {
          $0.device = device
          $0.model = model
          $0.prefixCache = "off"
          $0.maxSequences = batch
          $0.policy = policy
          $0.maxBatchedTokens = budget
          $0.kvBlocks = blocks
        }.throughput()
      }
      points.append(.init(at: String(ratio), value: try run("chunked", chunk) / (try run("prefill-first", tokens))))
    }
    return points
  }
}
