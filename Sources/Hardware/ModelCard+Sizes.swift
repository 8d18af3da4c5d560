/// Counts and bytes that follow from a model's shape.
///
/// Under tensor parallelism each rank holds `heads / ranks` heads, the same share of every
/// projection and of the vocabulary, and at least one KV head (then ranks hold copies).
extension ModelCard {
  /// Weights of all ranks together when there is one rank.
  public var parameterCount: Int { projections(ranks: 1) + otherWeights(ranks: 1) }

  /// Bytes of weights on each of `ranks` GPUs.
  public func weightBytes(ranks: Int = 1) -> Int {
    Int((Double(projections(ranks: ranks)) * weightFormat.bytes).rounded()) + otherWeights(ranks: ranks) * 2
  }

  /// Bytes that the keys and values of one token take on each rank, over all layers, in bf16.
  public func kvBytesPerToken(ranks: Int = 1) -> Int {
    layers * 2 * kvHeads(ranks: ranks) * headDimension * 2
  }

  /// Operations to compute one token whose context is `context` tokens, itself included (a multiply-add counts two).
  /// All weights a token meets, and its scores and mixes over the context; no norms, no embedding.
  public func operationsPerToken(context: Int) -> Double {
    var weights = attentionProjections(ranks: 1)
    if let experts {
      weights += 3 * hidden * (experts.active * experts.intermediate + experts.sharedIntermediate) + hidden * experts.count
    } else {
      weights += 3 * hidden * intermediate
    }
    let attention = 4 * Double(context) * Double(heads * headDimension)
    return Double(layers) * (2 * Double(weights) + attention) + 2 * Double(hidden * vocabulary)
  }

  public func heads(ranks: Int) -> Int { heads / ranks }
  public func kvHeads(ranks: Int) -> Int { max(1, kvHeads / ranks) }

  /// Whether heads and KV heads can be shared out evenly.
  public func canSplit(ranks: Int) -> Bool {
    ranks >= 1 && heads % ranks == 0 && (kvHeads % ranks == 0 || ranks % kvHeads == 0)
  }

  /// Weights that `weightFormat` applies to.
  private func projections(ranks: Int) -> Int {
    var perLayer = attentionProjections(ranks: ranks)
    if let experts {
      perLayer += 3 * hidden * (experts.count * experts.intermediate + experts.sharedIntermediate) / ranks
    } else {
      perLayer += 3 * hidden * intermediate / ranks
    }
    return layers * perLayer
  }

  private func attentionProjections(ranks: Int) -> Int {
    hidden * headDimension * (2 * heads(ranks: ranks) + 2 * kvHeads(ranks: ranks))
  }

  /// Embedding, head, norms, biases and the routing of experts.
  private func otherWeights(ranks: Int) -> Int {
    var perLayer = 2 * hidden
    if attentionBias { perLayer += headDimension * (heads(ranks: ranks) + 2 * kvHeads(ranks: ranks)) }
    if queryKeyNorm { perLayer += 2 * headDimension }
    if let experts { perLayer += hidden * experts.count }
    let tables = tiedEmbeddings ? 1 : 2
    return layers * perLayer + hidden + tables * hidden * vocabulary / ranks
  }
}
