import Core
import Hardware
import ServingEngine
import Transformer

/// The traffic of a system prompt, and what it does to the answers: nothing.
struct RelayAttentionClaim: Claim {
  static let descriptor = Descriptor(
    name: "relayattention", summary: "a long system prompt read once for the whole batch, with the same outputs",
    source: "Zhu et al., RelayAttention, arXiv 2402.14808, abstract and 3.3")

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    let gpu = try stepDevice("a100-80", "llama-2-7b")
    let prefix = 2_048
    var points: [ClaimResult.Curve.Point] = []
    for count in [2, 8, 32, 128] {
      var batch = Batch(decodes: count, context: prefix + 256)
      batch.shared = [Batch.SharedPart(positions: 0..<prefix, slots: Array(0..<count), depth: 0)]
      let kernel = gpu.kernels(of: batch).first { $0.kind == .attentionShared }
      // Queries and results go with the batch: 2 bytes each.
      points.append(.init(at: String(count), value: ((kernel?.bytes ?? 0) - Double(count * 2 * 2 * gpu.model.hidden)) / 1e6))
    }
    let (dense, shared) = (try Self.answers("dense"), try Self.answers("shared-prefix:64:2"))
    return [
      ClaimResult(
        id, row: "KV of the system prompt", metric: "MB read in a step and layer",
        published: .statement("the prompt's keys and values are read once, whatever the batch"),
        ours: points.allSatisfy { $0.value == points[0].value } && points[0].value > 0 ? 1 : 0,
        assumed: [("model", "Llama-2-7B"), ("device", "A100-SXM-80GB"), ("prompt", "2,048 tokens, and 256 of each request's own")],
        curve: .init(over: "requests in the batch", points: points)),
      ClaimResult(
        id, row: "outputs", metric: "tokens of 16 requests", published: .statement("the outputs are those of ordinary attention"),
        ours: !dense.isEmpty && dense == shared ? 1 : 0,
        assumed: [
          ("model", "workbench-small, on this machine"), ("requests", "16 behind a prompt of 256 tokens, 24 outputs each"),
          ("sums", "each query's softmax goes on from the shared keys to its own: the same additions in the same order"),
        ],
        reason: "\(dense.reduce(0) { $0 + $1.count }) tokens compared"),
    ]
  }

  /// Real tokens, computed here.
  private static func answers(_ attention: String) throws(ClaimFault) -> [[TokenID]] {
    var configuration = Configuration.cpu
    configuration.tokens = RealModel(name: "workbench-small", source: .builtIn(.small))
    configuration.tokens?.ignoresEndOfText = true
    configuration.attention = attention
    let arrivals = (0..<16).map {
      Arrival(time: .zero, prompt: Prompt([TokenRun(.shared(1), count: 256), TokenRun(.own($0), count: 10 + $0)]), outputLimit: 24)
    }
    var answers = [[TokenID]](repeating: [], count: arrivals.count)
    do {
      var engine = try configuration.engine(for: Trace(name: "system prompt", arrivals: arrivals))
      while let report = try engine.step() {
        for (request, tokens) in report.emitted { answers[request.index] += tokens }
      }
    } catch {
      throw ClaimFault("\(error)")
    }
    return answers
  }
}
