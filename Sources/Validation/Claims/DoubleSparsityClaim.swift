import Analysis
import Core
import Hardware

/// Decodes that read one token in sixteen, found by one channel in sixteen.
struct DoubleSparsityClaim: Claim {
  static let descriptor = Descriptor(
    name: "double-sparsity", summary: "attention over the tokens that a few channels choose against all of them: attention, and a whole step",
    source: "Yang et al., Double Sparsity, arXiv 2408.07092, abstract")

  private static let batches = [1, 4, 16, 32]
  private static let contexts = [2_048, 8_192, 32_768, 131_072]

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    let gpu = try stepDevice("a100-80", "llama-2-7b")
    var attention: [ClaimResult.Curve.Point] = []
    var steps: [ClaimResult.Curve.Point] = []
    for batch in Self.batches {
      for context in Self.contexts {
        let dense = Batch(decodes: batch, context: context)
        var sparse = dense
        sparse.sparse = .labels(tokens: 16, channels: 16)
        let at = "\(batch) × \(context.grouped)"
        attention.append(.init(at: at, value: Self.attention(gpu, dense) / Self.attention(gpu, sparse)))
        // What memory holds of keys and values beside the weights.
        if batch * context * 524_288 < 55_000_000_000 { steps.append(.init(at: at, value: try gpu.seconds(dense) / gpu.seconds(sparse))) }
      }
    }
    let assumed: [(name: String, value: String)] = [
      ("model", "Llama-2-7B"), ("device", "A100-80"), ("sparsity", "1 token in 16, by 1 channel in 16 of every key, 16 bits"),
      ("traffic", "1/16 of keys and values, and 1/32 for the labels: 10.7 times less"), ("choice", "a launch and a pass over the scores"),
    ]
    return [
      ClaimResult(
        id, row: "attention", metric: "time of its kernels", published: .ratio(14.1, isPeak: true), ours: attention.map(\.value).max() ?? 0,
        assumed: assumed, reason: "1 / (1/16 + 1/32) = 10.7 is the bound of the traffic with labels of 16 bits; theirs may have 4",
        curve: .init(over: "requests × context", points: attention)),
      ClaimResult(
        id, row: "end to end", metric: "time of a step", published: .ratio(1.9, isPeak: true), ours: steps.map(\.value).max() ?? 0,
        assumed: assumed + [("batch", "where keys and values of all fit beside the weights, 55 GB")], curve: .init(over: "requests × context", points: steps)),
      ClaimResult(
        id, row: "keys on the host, 256K", metric: "decoding", published: .ratio(16.3),
        impossible: "chosen tokens are not fetched from host memory one by one here; blocks are"),
    ]
  }

  private static func attention(_ gpu: ModelledGPU, _ batch: Batch) -> Double {
    gpu.kernels(of: batch).reduce(0) { $0 + ([.attentionIndex, .attentionDecode].contains($1.kind) ? $1.duration.seconds : 0) }
  }
}
