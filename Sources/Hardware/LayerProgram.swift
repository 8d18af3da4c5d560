import Core

/// The kernels of one step other than attention, tabulated, in the order in which they run on each rank.
///
///     opening │ before attention, (attention), after attention │ × layers │ closing
struct LayerProgram: Sendable {
  struct Entry: Sendable {
    var kind: KernelRun.Kind
    var table: EstimateTable
  }

  /// Once, by tokens: the embedding.
  var opening: [Entry] = []
  /// In each layer, by tokens.
  var beforeAttention: [Entry] = []
  var afterAttention: [Entry] = []
  /// Once, by tokens: the last norm.
  var closing: [Entry] = []
  /// Once, by rows of logits: the head, and gathering its parts.
  var head: [Entry] = []
  var sampler: Sampler

  init(model: ModelCard, ranks: Int, chip: Chip) {
    func elementwise(_ bytes: Int) -> Entry {
      let kernel = Elementwise(bytesPerRow: Double(bytes))
      return Entry(kind: .normalise, table: EstimateTable { kernel.estimate(rows: $0, on: chip) })
    }
    func product(_ kind: KernelRun.Kind, columns: Int, depth: Int, weights: NumberFormat = model.weightFormat) -> Entry {
      let kernel = Gemm(columns: columns, depth: depth, weights: weights)
      return Entry(kind: kind, table: EstimateTable { kernel.estimate(rows: $0, on: chip) })
    }
    /// Nothing to say when there is one rank.
    func exchange(_ operation: Communication.Operation, _ bytes: Int) -> [Entry] {
      if ranks == 1 { return [] }
      let kernel = Communication(operation, bytesPerRow: Double(bytes), ranks: ranks)
      return [Entry(kind: .allReduce, table: EstimateTable { kernel.estimate(rows: $0, on: chip) })]
    }

    let heads = model.heads(ranks: ranks)
    let kvHeads = model.kvHeads(ranks: ranks)
    let dimension = model.headDimension
    let hidden = model.hidden
    // Two bytes a number: read the input and the residual, write both.
    let norm = elementwise(8 * hidden)

    opening = [elementwise(4 * hidden)] + exchange(.allReduce, 2 * hidden)

    beforeAttention = [
      norm,
      product(.qkv, columns: (heads + 2 * kvHeads) * dimension, depth: hidden),
      // Queries and keys are read, rotated and written.
      elementwise(4 * (heads + kvHeads) * dimension),
    ]

    afterAttention = [product(.output, columns: hidden, depth: heads * dimension)]
    afterAttention += exchange(.allReduce, 2 * hidden)
    afterAttention.append(norm)
    if let experts = model.experts {
      let layer = Experts(shape: experts, hidden: hidden, ranks: ranks, weights: model.weightFormat)
      afterAttention.append(product(.experts, columns: experts.count, depth: hidden, weights: .bf16))
      afterAttention.append(Entry(kind: .experts, table: EstimateTable { layer.estimate(rows: $0, on: chip) }))
    }
    let width = (model.experts?.sharedIntermediate ?? model.intermediate) / ranks
    if width > 0 {
      afterAttention += [
        product(.gateUp, columns: 2 * width, depth: hidden),
        // Gate and up are read, their product is written.
        elementwise(6 * width),
        product(.down, columns: hidden, depth: width),
      ]
    }
    afterAttention += exchange(.allReduce, 2 * hidden)

    closing = [norm]
    head = [product(.head, columns: model.vocabulary / ranks, depth: hidden, weights: .bf16)]
    head += exchange(.allGather, 2 * model.vocabulary)
    sampler = Sampler(vocabulary: model.vocabulary)
  }
}
