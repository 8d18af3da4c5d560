import Core

/// Counts and bytes that follow from a model's shape.
///
/// Under tensor parallelism each rank holds `heads / ranks` heads, the same share of every
/// projection and of the vocabulary, and at least one KV head (then ranks hold copies). What makes the
/// latent vectors of latent attention is not shared out: each rank holds all of it, and all of the cache.
extension ModelCard {
  /// Weights of all ranks together when there is one rank.
  public var parameterCount: Int { projections(ranks: 1) + routedExperts(ranks: 1) + otherWeights(ranks: 1) }

  /// Weights that one token meets: all but the experts it is not sent to, the embedding's other rows aside.
  public var activeParameterCount: Int {
    guard let experts else { return parameterCount }
    return parameterCount - routedExperts(ranks: 1) / experts.count * (experts.count - experts.active)
  }

  /// Bytes of weights on each of `ranks` GPUs.
  public func weightBytes(ranks: Int = 1) -> Int { weightBytes(of: 0..<layers, ranks: ranks) }

  /// The same for a stage of a pipeline: some layers; with the first the embedding, with the last the head.
  public func weightBytes(of stage: Range<Int>, ranks: Int) -> Int {
    Int((Double(projections(ranks: ranks, stage)) * weightSize).rounded())
      + Int((Double(routedExperts(ranks: ranks, stage)) * (expertFormat ?? weightFormat).bytes).rounded())
      + otherWeights(ranks: ranks, stage) * 2
  }

  /// Of them those of projections and experts, which have a format of their own.
  public func projectionBytes(ranks: Int = 1) -> Int { weightBytes(ranks: ranks) - otherWeights(ranks: ranks) * 2 }

  /// Bytes that the keys and values of one token take on each rank, over all layers, scales included, while no
  /// window has passed over them.
  public func kvBytesPerToken(ranks: Int = 1) -> Int { layers * kvBytesPerLayer(ranks: ranks) }

  /// The same for one layer.
  public func kvBytesPerLayer(ranks: Int = 1) -> Int {
    if let latent { return 2 * latent.width }
    if kvFormat == .f16 { return 2 * kvHeads(ranks: ranks) * headDimension * 2 }
    return kvFormat.bytesPerTokenInTiles(kvHeads: kvHeads(ranks: ranks), headWidth: headDimension)
  }

  /// Bytes that a sequence of `context` tokens must keep on each rank: windowed layers need their window only.
  public func kvBytes(context: Int, ranks: Int = 1) -> Int {
    let windowed = windowedLayerCount
    let seen = min(context, window?.tokens ?? context)
    return kvBytesPerLayer(ranks: ranks) * ((layers - windowed) * context + windowed * seen)
  }

  /// Operations to compute one token whose context is `context` tokens, itself included (a multiply-add counts two).
  /// All weights a token meets, and its scores and mixes over the context; no norms, no embedding.
  public func operationsPerToken(context: Int) -> Double {
    let attention = attentionProjections(ranks: 1)
    let dense = feedForwardMatrices * hidden * intermediate
    let sparse =
      experts.map { 3 * hidden * ($0.active * $0.intermediate + $0.sharedIntermediate) + hidden * $0.count } ?? 0
    let weights = layers * attention + (layers - expertLayerCount) * dense + expertLayerCount * sparse
    let pair = Double(2 * heads * (keyDimension + valueDimension))
    let windowed = Double(windowedLayerCount)
    let seen = Double(min(context, window?.tokens ?? context))
    let pairs = (Double(layers) - windowed) * Double(context) + windowed * seen
    return 2 * Double(weights) + pair * pairs + 2 * Double(hidden * vocabulary)
  }

  public func heads(ranks: Int) -> Int { heads / ranks }
  public func kvHeads(ranks: Int) -> Int { max(1, kvHeads / ranks) }

  /// Whether heads and KV heads can be shared out evenly.
  public func canSplit(ranks: Int) -> Bool {
    guard ranks >= 1, heads % ranks == 0 else { return false }
    return latent != nil || kvHeads % ranks == 0 || ranks % kvHeads == 0
  }

  var feedForwardMatrices: Int { isGated ? 3 : 2 }

  /// Weights that `weightFormat` applies to.
  private func projections(ranks: Int, _ stage: Range<Int>? = nil) -> Int {
    let (layers, sparse) = counts(stage)
    let shared = (experts?.sharedIntermediate ?? 0)
    return layers * attentionProjections(ranks: ranks)
      + (layers - sparse) * feedForwardMatrices * hidden * intermediate / ranks
      + sparse * 3 * hidden * shared / ranks
  }

  private func routedExperts(ranks: Int, _ stage: Range<Int>? = nil) -> Int {
    guard let experts else { return 0 }
    return counts(stage).sparse * 3 * hidden * experts.count * experts.intermediate / ranks
  }

  private func attentionProjections(ranks: Int) -> Int {
    let heads = heads(ranks: ranks)
    guard let latent else { return hidden * headDimension * (2 * heads + 2 * kvHeads(ranks: ranks)) }
    let queries = heads * keyDimension
    return (latent.queryRank.map { hidden * $0 + $0 * queries } ?? hidden * queries)
      + hidden * latent.width + latent.rank * heads * (latent.plain + latent.value) + heads * latent.value * hidden
  }

  /// Embedding, positions, head, norms, biases, sinks and the routing of experts.
  private func otherWeights(ranks: Int, _ stage: Range<Int>? = nil) -> Int {
    let norm = biases.contains(.norms) ? 2 * hidden : hidden
    let heads = heads(ranks: ranks)
    var perLayer = normsPerLayer * norm
    if biases.contains(.queryKeyValue) { perLayer += headDimension * (heads + 2 * kvHeads(ranks: ranks)) }
    if biases.contains(.output) { perLayer += hidden }
    if queryKeyNorm { perLayer += 2 * headDimension }
    if attentionSinks { perLayer += heads }
    if let latent { perLayer += latent.rank + (latent.queryRank ?? 0) }
    var routing = 0
    var bias = hidden + (isGated ? 2 : 1) * intermediate / ranks
    if let experts {
      routing = hidden * experts.count
      if biases.contains(.feedForward) {
        routing += experts.count * (1 + 2 * experts.intermediate / ranks + hidden)
      }
      // A gate in front of the shared expert (Qwen2-MoE) is `hidden` weights; it is left out.
    }
    if !biases.contains(.feedForward) { bias = 0 }
    let isFirst = stage.map { $0.lowerBound == 0 } ?? true
    let isLast = stage.map { $0.upperBound == self.layers } ?? true
    let (layers, sparse) = counts(stage)
    // One table serves both where it is tied and both are here.
    let tables = tiedEmbeddings ? (isFirst || isLast ? 1 : 0) : (isFirst ? 1 : 0) + (isLast ? 1 : 0)
    return layers * perLayer + sparse * routing + (layers - sparse) * bias + (isLast ? norm : 0)
      + (isFirst ? learnedPositions * hidden : 0) + tables * hidden * vocabulary / ranks
  }

  /// Layers of a stage, and those of them with experts; nil for all.
  private func counts(_ stage: Range<Int>?) -> (layers: Int, sparse: Int) {
    guard let stage, stage != 0..<layers else { return (layers, expertLayerCount) }
    return (stage.count, experts == nil ? 0 : stage.count { expertLayers[$0] })
  }
}
