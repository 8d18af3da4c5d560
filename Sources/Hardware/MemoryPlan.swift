/// How vLLM shares out a GPU's memory, and how many KV blocks remain.
///
///     | weights | activations | other |      KV blocks      | not used |
///     0                                  visible × utilization     visible
///
/// vLLM measures: it loads the weights, runs the largest batch once (the profile run), and gives what
/// is left of its share to KV blocks. Here each term is computed. Of eight runs recorded with vLLM 0.15 and
/// 0.19 (RTX 4090 and H100, tp 1 to 4, dense models) the terms below give the number of blocks within 1 %,
/// 0.3 % on average. It decides how much is preempted, so where it is known, state it instead.
///
/// A block of `blocks` holds its tokens' keys and values of every layer: what the engine hands out. Where some layers have
/// a window, vLLM's pool has smaller blocks, one for each of `KVGroups` (`poolBlocks`), and takes them back behind the
/// window; the engine here keeps them, as vLLM does with `--disable-hybrid-kv-cache-manager`. So for such models `blocks`
/// is what contexts within the window get, and `sequences(of:)` says what the pool holds of longer ones. The latent cache
/// of latent attention is held in full by every rank.
public struct MemoryPlan: Equatable, Sendable {
  /// Part of the memory that vLLM takes unless told otherwise: 0.9 for years and in all recorded runs
  /// we compare with; versions from 2026 on take 0.92.
  public static let defaultUtilization = 0.9

  /// Bytes a program sees on each GPU: the size it is sold by, in GiB, less about 1.5 % for driver and page tables.
  public let visibleBytes: Int
  /// Part of `visibleBytes` that the engine may use.
  public let utilization: Double
  /// Bytes of weights on each rank. vLLM: memory after loading less memory before.
  public let weightBytes: Int
  /// Bytes at the worst moment of the profile run: the MLP of a full batch, or the logits of all
  /// sequences with what top-p sampling sorts, whichever is more. vLLM: peak of PyTorch's allocator.
  public let activationBytes: Int
  /// Bytes outside PyTorch: CUDA context, NCCL, libraries. vLLM: rise of used memory that the allocator does not explain.
  /// And the windows of a format that keeps any.
  public let otherBytes: Int
  /// Bytes of one KV block on each rank, over all layers, padding included.
  public let blockBytes: Int
  /// KV blocks, the null block included.
  public let blocks: Int
  /// What vLLM's pool is cut into: `num_gpu_blocks`. Each holds the tokens of one group of layers.
  public let poolBlocks: Int
  public let groups: KVGroups
  private let tokensPerBlock: Int
  private let maxBatchedTokens: Int
  /// Tokens; nil without a window.
  private let window: Int?

  /// - Parameters:
  ///   - tensorParallel: Ranks.
  ///   - stages: Of a pipeline; the one with the least room for blocks decides, and its terms are those of the plan.
  ///   - tokensPerBlock: vLLM's default is 16.
  ///   - maxBatchedTokens: Tokens of the largest step.
  ///   - maxSequences: Sequences of the largest step.
  ///   - draftModel: A smaller model that drafts: its weights lie beside the target's, and its keys and values in the same
  ///     blocks, as in vLLM.
  public init(
    accelerator: Accelerator, model: ModelCard, tensorParallel: Int = 1, stages: Int = 1, tokensPerBlock: Int = 16,
    maxBatchedTokens: Int = 2048, maxSequences: Int = 256, utilization: Double = defaultUtilization, draftModel: ModelCard? = nil
  ) throws(DeviceError) {
    var plans: [MemoryPlan] = []
    for stage in PipelineStages.layers(model.layers, stages: min(max(1, stages), model.layers)) {
      plans.append(
        try MemoryPlan(
          accelerator: accelerator, model: model, tensorParallel: tensorParallel, stage: stage, tokensPerBlock: tokensPerBlock,
          maxBatchedTokens: maxBatchedTokens, maxSequences: maxSequences, utilization: utilization, draftModel: draftModel))
    }
    self = plans.dropFirst().reduce(plans[0]) { $1.blocks < $0.blocks ? $1 : $0 }
  }

  private init(
    accelerator: Accelerator, model: ModelCard, tensorParallel: Int, stage: Range<Int>, tokensPerBlock: Int,
    maxBatchedTokens: Int, maxSequences: Int, utilization: Double, draftModel: ModelCard?
  ) throws(DeviceError) {
    let name = "\(model.name) on \(accelerator.name)"
    guard model.canSplit(ranks: tensorParallel) else {
      throw DeviceError(
        device: name, problem: .unevenSplit(parallel: tensorParallel, heads: model.heads, kvHeads: model.kvHeads))
    }
    self.utilization = utilization
    visibleBytes = Int(accelerator.memory * 1_073_741_824 * Self.visiblePart)
    weightBytes = model.weightBytes(of: stage, ranks: tensorParallel) + (draftModel?.weightBytes(ranks: tensorParallel) ?? 0)
    otherBytes = Self.contextBytes
      + model.kvWindowBytes(sequences: maxSequences, tokensPerBlock: tokensPerBlock, layers: stage.count, ranks: tensorParallel)

    let sparse = model.experts.map { $0.active * $0.intermediate + $0.sharedIntermediate } ?? 0
    let dense = model.expertLayerCount < model.layers ? model.intermediate : 0
    let residual = maxBatchedTokens * model.hidden * 2 * 2
    let layer = maxBatchedTokens * max(3 * sparse, model.feedForwardMatrices * dense) * 2 / tensorParallel
    let logits = stage.upperBound == model.layers ? maxSequences * model.vocabulary * Self.bytesPerLogit : 0
    activationBytes = residual + max(layer, logits)
    // A stage keeps its layers' part of a block.
    blockBytes = model.kvBlockBytes(layers: stage.count, tokensPerBlock: tokensPerBlock, ranks: tensorParallel, draft: draftModel)

    let usable = Int(Double(visibleBytes) * utilization)
    let remaining = usable - weightBytes - activationBytes - otherBytes
    if remaining < blockBytes {
      if weightBytes + otherBytes + blockBytes > usable {
        let others = activationBytes + otherBytes
        let fitting = [2, 4, 8, 16].first {
          $0 > tensorParallel && model.canSplit(ranks: $0) && model.weightBytes(ranks: $0) + others < usable
        }
        throw DeviceError(
          device: name, problem: .weightsDoNotFit(weights: weightBytes, memory: usable, parallel: fitting))
      }
      throw DeviceError(device: name, problem: .noRoomForKV(needs: blockBytes, remaining: max(0, remaining)))
    }
    groups = model.kvGroups
    poolBlocks = remaining / (blockBytes / groups.count)
    blocks = poolBlocks / groups.count
    self.tokensPerBlock = tokensPerBlock
    self.maxBatchedTokens = maxBatchedTokens
    window = model.window?.tokens
  }

  /// Bytes of KV memory.
  public var kvBytes: Int { poolBlocks * (blockBytes / groups.count) }

  /// Tokens that fit while no window has passed over any: "GPU KV cache size" in vLLM's log.
  public var tokens: Int { poolBlocks / groups.count * tokensPerBlock }

  /// Sequences of `context` tokens that the pool holds while they decode, when windowed layers keep their window only;
  /// a window reaches back into a block that it begins in the middle of.
  public func sequences(of context: Int) -> Int {
    poolBlocks / poolBlocks(of: context, seen: min(context, (window ?? context) + tokensPerBlock - 1))
  }

  /// "Maximum concurrency for … tokens per request" in vLLM's log: windowed layers are counted with their window, a
  /// whole step's tokens and a block more.
  public func concurrency(of context: Int) -> Double {
    guard let window else { return Double(poolBlocks) / Double(poolBlocks(of: context, seen: context)) }
    let seen = min(context, window - 1 + maxBatchedTokens) + tokensPerBlock
    return Double(poolBlocks) / Double(poolBlocks(of: context, seen: seen))
  }

  private func poolBlocks(of context: Int, seen: Int) -> Int {
    let blocks = { (tokens: Int) in (tokens + tokensPerBlock - 1) / tokensPerBlock }
    return groups.full * blocks(context) + groups.windowed * blocks(seen)
  }

  /// RTX 4090 24 GiB → 23.6 GiB visible to PyTorch, H100 80 GiB → 79.2: 0.983 to 0.99.
  private static let visiblePart = 0.985
  /// A CUDA context with the libraries loaded takes 0.3 to 0.6 GB.
  private static let contextBytes = 500_000_000
  /// 32-bit logits (4), sorted values (4), their positions (8), probabilities (4) and running sums (4).
  private static let bytesPerLogit = 24
}
