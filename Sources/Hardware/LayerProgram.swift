import Core

/// The kernels of one step other than attention, tabulated, in the order in which they run on each rank.
///
///     opening │ before attention, (attention), after attention │ × layers │ closing
///
/// Layers of one kind share their kernels, so there are as many variants as kinds of layers.
struct LayerProgram: Sendable {
  /// What a kernel's rows are.
  enum Rows: Sendable {
    case tokens, logits
    /// Of latent attention: query tokens of decodes, and tokens of the contexts of chunks.
    case latentDecodes, latentContexts
  }

  struct Entry: Sendable {
    var kind: KernelRun.Kind
    var rows = Rows.tokens
    var table: EstimateTable
  }

  /// Layers that are alike.
  struct Variant: Sendable {
    var kind: ModelCard.LayerKind
    var count = 0
    var beforeAttention: [Entry] = []
    var afterAttention: [Entry] = []

    /// Attention is one.
    var operators: Int { beforeAttention.count + 1 + afterAttention.count }
  }

  /// Once, by tokens: the embedding.
  var opening: [Entry] = []
  var variants: [Variant] = []
  /// Variant of each layer.
  var order: [Int] = []
  /// Once, by tokens: the last norm. By rows of logits: the head, and gathering its parts.
  var closing: [Entry] = []
  var sampler: Sampler
  /// Times of the sampler where a profile has them.
  var samplerTable: EstimateTable?

  /// - Parameter expertChip: The chip with the constants of the routed experts' format.
  init(model: ModelCard, ranks: Int, chip: Chip, expertChip: Chip, profile: OperatorProfile? = nil) {
    func tabulated(
      _ kind: KernelRun.Kind, _ operation: OperatorProfile.Operation?, rows: Rows = .tokens,
      _ estimate: (Int) -> KernelEstimate
    ) -> Entry {
      guard let operation, let times = profile?[operation] else {
        return Entry(kind: kind, rows: rows, table: EstimateTable(estimate))
      }
      return Entry(kind: kind, rows: rows, table: EstimateTable { times.replacing(estimate, rows: $0) })
    }
    func elementwise(_ bytes: Int, as operation: OperatorProfile.Operation?) -> Entry {
      let kernel = Elementwise(bytesPerRow: Double(bytes))
      return tabulated(.normalise, operation) { kernel.estimate(rows: $0, on: chip) }
    }
    func product(
      _ kind: KernelRun.Kind, columns: Int, depth: Int, weights: NumberFormat? = nil,
      rows: Rows = .tokens, as operation: OperatorProfile.Operation? = nil
    ) -> Entry {
      // Projections are in the model's format; what names another one is never sparse.
      let kernel = Gemm(
        columns: columns, depth: depth, weights: weights ?? model.weightFormat, zeros: weights == nil ? model.zeroWeights : 0)
      return tabulated(kind, operation, rows: rows) { kernel.estimate(rows: $0, on: chip) }
    }
    /// Nothing to say when there is one rank.
    func exchange(_ operation: Communication.Operation, _ bytes: Int, rows: Rows = .tokens) -> [Entry] {
      if ranks == 1 { return [] }
      let kernel = Communication(operation, bytesPerRow: Double(bytes), ranks: ranks)
      return [tabulated(.allReduce, nil, rows: rows) { kernel.estimate(rows: $0, on: chip) }]
    }

    let heads = model.heads(ranks: ranks)
    let kvHeads = model.kvHeads(ranks: ranks)
    let dimension = model.headDimension
    let hidden = model.hidden
    // Two bytes a number: read the input and the residual, write both.
    let norm = elementwise(8 * hidden, as: .norm)

    opening = [elementwise((model.learnedPositions > 0 ? 6 : 4) * hidden, as: .embedding)] + exchange(.allReduce, 2 * hidden)

    var before = [norm]
    var after: [Entry] = []
    if let latent = model.latent {
      // What shrinks the hidden state is one product, on every rank in full.
      let queries = heads * model.keyDimension
      before.append(product(.qkv, columns: (latent.queryRank ?? queries) + latent.width, depth: hidden))
      before.append(elementwise(4 * ((latent.queryRank ?? 0) + latent.rank), as: nil))
      if let queryRank = latent.queryRank { before.append(product(.qkv, columns: queries, depth: queryRank)) }
      before.append(elementwise(4 * (heads + 1) * latent.rotary, as: nil))
      // Decodes: queries go into the latent space, results come back. Chunks: keys and values are expanded.
      before.append(
        product(.qkv, columns: heads * latent.rank, depth: latent.plain, weights: .bf16, rows: .latentDecodes))
      before.append(
        product(.qkv, columns: heads * (latent.plain + latent.value), depth: latent.rank, rows: .latentContexts))
      after.append(
        product(.output, columns: heads * latent.value, depth: latent.rank, weights: .bf16, rows: .latentDecodes))
    } else {
      before.append(product(.qkv, columns: (heads + 2 * kvHeads) * dimension, depth: hidden, as: .qkv))
      if model.queryKeyNorm { before.append(elementwise(4 * (heads + kvHeads) * dimension, as: .queryKeyNorm)) }
      // Queries and keys are read, rotated and written.
      if model.learnedPositions == 0 { before.append(elementwise(4 * (heads + kvHeads) * dimension, as: .rotary)) }
    }
    after.append(product(.output, columns: hidden, depth: heads * model.valueDimension, as: .output))
    // Beside attention, the MLP reads the same normalised input; the sums of both are exchanged once.
    if !model.isParallel {
      after += exchange(.allReduce, 2 * hidden)
      if model.normsPerLayer > 2 { after.append(norm) }
      after.append(norm)
    } else if model.normsPerLayer > 1 {
      before.append(norm)
    }

    func mlp(width: Int, isGated: Bool, profiled: Bool) -> [Entry] {
      if width == 0 { return [] }
      return [
        product(.gateUp, columns: (isGated ? 2 : 1) * width, depth: hidden, as: profiled ? .gateUp : nil),
        // Gate and up are read, their product is written.
        elementwise((isGated ? 6 : 4) * width, as: profiled ? .activation : nil),
        product(.down, columns: hidden, depth: width, as: profiled ? .down : nil),
      ]
    }
    let dense = mlp(width: model.intermediate / ranks, isGated: model.isGated, profiled: true)
    var sparse: [Entry] = []
    if let experts = model.experts {
      let format = model.expertFormat ?? model.weightFormat
      let layer = Experts(shape: experts, hidden: hidden, ranks: ranks, weights: format)
      sparse = [product(.experts, columns: experts.count, depth: hidden, weights: .bf16)]
      sparse.append(tabulated(.experts, .experts) { layer.estimate(rows: $0, on: expertChip) })
      sparse += mlp(width: experts.sharedIntermediate / ranks, isGated: true, profiled: false)
    }
    let last = exchange(.allReduce, 2 * hidden) + (model.normsPerLayer > 2 ? [norm] : [])

    for layer in 0..<model.layers {
      let kind = model.kind(ofLayer: layer)
      let found = variants.firstIndex { $0.kind == kind }
      let variant = found ?? variants.count
      if found == nil {
        variants.append(
          Variant(
            kind: kind, beforeAttention: before, afterAttention: after + (kind.hasExperts ? sparse : dense) + last))
      }
      variants[variant].count += 1
      order.append(variant)
    }

    closing = [elementwise(8 * hidden, as: .lastNorm)]
    closing.append(
      product(.head, columns: model.vocabulary / ranks, depth: hidden, weights: .bf16, rows: .logits, as: .head))
    closing += exchange(.allGather, 2 * model.vocabulary, rows: .logits)
    let sampler = Sampler(vocabulary: model.vocabulary)
    self.sampler = sampler
    if let times = profile?[.sampler] {
      samplerTable = EstimateTable { times.replacing({ sampler.estimate(rows: $0, on: chip) }, rows: $0) }
    }
  }
}
