import Analysis
import Core
import Hardware
import KVMemory

/// One long request whose streaming heads keep sinks and a window: memory, a decode step, and reading the prompt in chunks.
struct DuoAttentionClaim: Claim {
  static let descriptor = Descriptor(
    name: "duoattention", summary: "full keys and values for retrieval heads alone: memory, decoding and prefill of one long request",
    source: "Xiao et al., DuoAttention, ICLR 2025 (arXiv 2410.10819), abstract and section 3.4")

  private static let blockSize = 16
  private static let chunk = 16_384
  /// Side by side in the same memory.
  private static let requests = [1, 2, 4, 8, 16, 32]
  private static let millions = 3_300_000.0

  func run() throws(ClaimFault) -> [ClaimResult] {
    var results: [ClaimResult] = []
    for (name, kind, share, memory, decode, prefill) in [("llama-2-7b", "MHA", 25, 2.55, 2.18, 1.73), ("llama-3-8b", "GQA", 50, 1.67, 1.50, 1.63)] {
      let gpu = try stepDevice("a100-80", name)
      let plan = try Self.plan(gpu.model, .asLoaded, .f16)
      // What memory holds of one request when all heads keep everything.
      let context = plan.tokens - Self.blockSize
      let fold = try Self.fold(share, after: context)
      let blocks = (context + Self.blockSize - 1) / Self.blockSize
      let whole = plan.weightBytes + blocks * plan.blockBytes
      let kept = plan.weightBytes + (blocks - fold.saved) * plan.blockBytes
      let steps = try Self.requests.map { requests throws(ClaimFault) in
        ClaimResult.Curve.Point(at: "\(requests) × \((context / requests).grouped)", value: try Self.gain(gpu, requests, context / requests, share))
      }
      let (dense, split) = (try Self.prefill(gpu, context, share: nil), try Self.prefill(gpu, context, share: share))
      let setup: [(name: String, value: String)] = [
        ("model", "\(gpu.model.name), its context taken as long enough"), ("device", "A100-80"), ("requests", "1"),
        ("context", "\(context.grouped) tokens: all that fits beside the weights when every head keeps everything"),
        ("retrieval heads", "\(share) % of the key heads, as published for \(kind); 64 sinks and 256 recent tokens"),
      ]
      let id = Self.descriptor.name
      results += [
        ClaimResult(
          id, row: "\(kind), weights included", metric: "memory", published: .ratio(memory, isPeak: true), ours: Double(whole) / Double(kept), assumed: setup,
          reason: "\(blocks.grouped) blocks become \((blocks - fold.saved).grouped), as the engine folds them"),
        ClaimResult(
          id, row: "\(kind), decoding", metric: "time of a step", published: .ratio(decode, isPeak: true), ours: steps.map(\.value).max() ?? 0,
          assumed: setup + [("requests", "one, or as many shorter ones as take the same memory"), ("kernel", "one launch, in which retrieval heads walk the whole context")],
          reason: "\(steps[0].value.two) times for one request: \(Self.alone(kind))", curve: .init(over: "requests × context", points: steps)),
        ClaimResult(
          id, row: "\(kind), prefill", metric: "time of all chunks", published: .ratio(prefill, isPeak: true), ours: dense / split,
          assumed: setup + [("chunks", "\(Self.chunk.grouped) tokens")],
          reason: "steps of a device whose streaming heads give up keys between chunks; the engine itself reads prompts whole, so that a text does not depend on how its prompt was cut"),
      ]
    }
    return results + [try longest()]
  }

  /// The longest context of Llama-3-8B on one GPU with weights of eight bits and keys and values of four.
  private func longest() throws(ClaimFault) -> ClaimResult {
    let plan = try Self.plan(stepDevice("a100-80", "llama-3-8b").model, .int8, .int4)
    var (low, high) = (plan.tokens, 4 * plan.tokens)
    while high - low > Self.blockSize {
      let middle = (low + high) / 2
      let taken = middle / Self.blockSize + 1 - (try Self.fold(50, after: middle)).saved
      if taken <= plan.blocks - 1 { low = middle } else { high = middle }
    }
    return ClaimResult(
      Self.descriptor.name, row: "3.3M tokens on one A100, with quantisation", metric: "longest context over the published", published: .ratio(1),
      ours: Double(low) / Self.millions,
      assumed: [
        ("model", "Llama-3-8B, weights of 8 bits"), ("device", "A100-80, 90 % of its memory"), ("keys and values", "int4: 4 bits and scales by token and head"),
        ("retrieval heads", "50 %"), ("prompt", "its memory while it is read is not asked"),
      ], reason: "\(low.grouped) tokens; \(plan.tokens.grouped) when every head keeps everything")
  }

  private static func plan(_ model: ModelCard, _ weights: WeightFormat, _ format: KVFormat) throws(ClaimFault) -> MemoryPlan {
    do {
      let accelerator = try AcceleratorCatalogue.accelerator(named: "a100-80")
      var model = try model.storing(weights, on: accelerator)
      model.kvFormat = format
      return try MemoryPlan(accelerator: accelerator, model: model, tokensPerBlock: blockSize, maxBatchedTokens: 2_048, maxSequences: 1)
    } catch {
      throw ClaimFault("\(error)")
    }
  }

  /// What the policy of the engine makes of a request's blocks.
  private static func fold(_ share: Int, after computed: Int) throws(ClaimFault) -> HeadFold {
    let policy = RetrievalHeads(values: [share, 64, 256])
    let holding = Holding(prompt: computed, computed: computed, slots: computed, tokensPerBlock: blockSize)
    guard case .fold(let fold) = policy.order(holding) else { throw ClaimFault("a request of \(computed) tokens is not folded") }
    return fold
  }

  private static func gain(_ gpu: ModelledGPU, _ requests: Int, _ context: Int, _ share: Int) throws(ClaimFault) -> Double {
    let whole = Batch(decodes: requests, context: context)
    let fold = try fold(share, after: context)
    var folded = whole
    var work = Retaining(policy: RetrievalHeads(values: [share, 64, 256]).choice, protected: 0, watch: .nobody)
    for number in folded.slots.indices {
      folded.slots[number].dropped = Int32(fold.saved * blockSize)
      work.folded.append(Retaining.Folded(request: folded.slots[number].request, fold: fold))
    }
    folded.retaining = work
    return try gpu.seconds(whole) / gpu.seconds(folded)
  }

  private static func alone(_ kind: String) -> String {
    kind == "MHA"
      ? "kernels of vLLM do not split the context of a head that shares no keys, so a retrieval head alone on its SM takes its time; theirs may"
      : "contexts are split over all SMs"
  }

  private static func prefill(_ gpu: ModelledGPU, _ tokens: Int, share: Int?) throws(ClaimFault) -> Double {
    var seconds = 0.0
    for read in stride(from: 0, to: tokens - chunk, by: chunk) {
      var batch = Batch(decodes: 0, context: 0, chunk: chunk, after: read)
      if let share, read > 0 { batch.slots[0].dropped = Int32(try fold(share, after: read).saved * blockSize) }
      seconds += try gpu.seconds(batch)
    }
    return seconds
  }
}
