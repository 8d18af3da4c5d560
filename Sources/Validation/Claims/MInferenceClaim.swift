import Analysis
import Core
import Hardware

/// A prompt of a million tokens, read whole or by patterns.
struct MInferenceClaim: Claim {
  static let descriptor = Descriptor(
    name: "minference", summary: "a prompt of 1M tokens on one A100: how long it takes dense, and how much faster by patterns",
    source: "Jiang et al., MInference 1.0, NeurIPS 2024, arXiv 2407.02490, abstract")

  private static let tokens = 1 << 20
  private static let chunk = 16_384

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    let gpu = try stepDevice("a100-80", "llama-3-8b")
    let dense = try Self.seconds(gpu, nil)
    let operations = (0..<Self.tokens / Self.chunk).reduce(0.0) { $0 + Double(Self.chunk) * gpu.model.operationsPerToken(context: $1 * Self.chunk + Self.chunk / 2) }
    var points: [ClaimResult.Curve.Point] = []
    for share in [20, 10, 5, 2] {
      let blocks = Self.tokens / 2 * share / 100 / 64
      points.append(.init(at: "\(share) %", value: dense / (try Self.seconds(gpu, .patterns(blocks: blocks, tokensPerBlock: 64)))))
    }
    let assumed: [(name: String, value: String)] = [
      ("model", "Llama-3-8B, its context taken as long enough"), ("device", "A100-80"), ("chunks", "\(Self.chunk.grouped) tokens"),
      ("memory", "whether keys and values fit is not asked"),
    ]
    return [
      ClaimResult(
        id, row: "dense, 1M tokens", metric: "time over the published 30 minutes", published: .ratio(1), ours: dense / 1_800, assumed: assumed,
        reason: "\((dense / 60).fixed(1)) minutes for \((operations / 1e17).fixed(2))e17 operations: \((operations / dense / gpu.accelerator.peaks.bf16 / 1e10).fixed(0)) % of the peak"),
      ClaimResult(
        id, row: "by patterns", metric: "prefill latency", published: .ratio(10, isPeak: true), ours: points.first { $0.at == "5 %" }?.value ?? 0,
        assumed: assumed + [("kept", "5 % of the keys that a token sees on average, in blocks of 64; not measured at this length"), ("index", "64 queries of every chunk over all keys")],
        curve: .init(over: "keys kept", points: points)),
    ]
  }

  private static func seconds(_ gpu: ModelledGPU, _ sparse: SparseAttention?) throws(ClaimFault) -> Double {
    var seconds = 0.0
    for read in stride(from: 0, to: tokens, by: chunk) {
      var batch = Batch(decodes: 0, context: 0, chunk: chunk, after: read)
      batch.sparse = sparse
      seconds += try gpu.seconds(batch)
    }
    return seconds
  }
}
