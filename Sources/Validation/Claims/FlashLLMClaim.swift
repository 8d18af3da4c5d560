import Core
import Hardware
import KVMemory
import ServingEngine

/// Sparse weights: less to read, and fewer GPUs to hold them.
struct FlashLLMClaim: Claim {
  static let descriptor = Descriptor(
    name: "flash-llm-unstructured", summary: "weights loaded sparse and multiplied dense against dense ones: tokens per GPU-second",
    source: "Xia et al., Flash-LLM, VLDB 2024, arXiv 2309.10285, abstract")

  private static let zeros = 80
  private static let batches = [8, 16, 32, 64]

  func run() throws(ClaimFault) -> [ClaimResult] {
    var points: [ClaimResult.Curve.Point] = []
    var gpus: [String] = []
    for model in ["opt-30b", "opt-66b", "opt-175b"] {
      let dense = try Self.fewestGPUs(model, "as-loaded")
      let sparse = try Self.fewestGPUs(model, "sparse:\(Self.zeros)")
      gpus.append("\(model) \(dense) → \(sparse)")
      for batch in Self.batches {
        let ratio = try Self.throughput(model, "sparse:\(Self.zeros)", batch, gpus: sparse) / Double(sparse)
          / (try Self.throughput(model, "as-loaded", batch, gpus: dense) / Double(dense))
        points.append(.init(at: "\(model) × \(batch)", value: ratio))
      }
    }
    let best = points.map(\.value).max() ?? 0
    return [("against DeepSpeed", 3.8), ("against FasterTransformer", 3.6)].map { row, ratio in
      ClaimResult(
        Self.descriptor.name, row: row, metric: "tokens per GPU-second", published: .ratio(ratio, isPeak: true), ours: best,
        assumed: [
          ("device", "A100-80 behind NVLink, as few as hold the weights and 64 requests"), ("GPUs, dense → sparse", gpus.joined(separator: ", ")),
          ("sparsity", "\(Self.zeros) % of every projection"), ("stored", "16 bits for each weight that is left and a bit of the map for every one; the paper's tiles take 32 for each that is left"),
          ("baseline", "the same engine with dense weights, for either system"), ("prompt and output", "64 and 512 tokens, all at once"),
          ("placing a weight", "4 instructions, counted and not measured"),
        ],
        curve: .init(over: "model × requests", points: points))
    }
  }

  private static func trial(_ model: String, _ weights: String, _ batch: Int, gpus: Int) throws(ClaimFault) -> Trial {
    try Trial("all-at-once:\(batch),prompt=constant:64,output=constant:512") {
      $0.device = "a100-80"
      $0.model = model
      $0.weights = weights
      $0.tensorParallel = gpus
    }
  }

  private static func throughput(_ model: String, _ weights: String, _ batch: Int, gpus: Int) throws(ClaimFault) -> Double {
    try trial(model, weights, batch, gpus: gpus).throughput()
  }

  /// GPUs on which 64 requests of 576 tokens have room beside the weights.
  private static func fewestGPUs(_ model: String, _ weights: String) throws(ClaimFault) -> Int {
    for gpus in [1, 2, 4, 8] {
      let trial = try trial(model, weights, 1, gpus: gpus)
      if let engine = try? trial.configuration.engine(for: trial.trace), engine.state.memory.pool.blockCount * 16 >= 64 * 576 { return gpus }
    }
    throw ClaimFault("\(model) fits on no 8 GPUs")
  }
}
