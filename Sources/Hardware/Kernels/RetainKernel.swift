import Core

extension DecodeAttention.Load {
  /// Contexts are counted as they take memory, which is the mean of all heads; where heads keep different tokens, those that
  /// keep everything walk it to its end.
  mutating func reach(_ slots: [Batch.Slot], _ work: Retaining) {
    if work.folded.isEmpty { return }
    for slot in slots where slot.isDecode && slot.dropped > 0 && work.fold(of: slot.request) != nil {
      longest = max(longest, Int(slot.first + slot.count))
    }
  }
}

/// What giving up keys and values costs a layer: watching attention, which flash kernels do not tell, and moving what stays.
///
/// ```
/// watching   the keys of the context are read once more, and scored against each watched query
/// moving     keys and values of a token are read and written
/// ```
///
/// At the rates that attention reaches on the chip, and a launch for each layer. Nobody has measured such kernels here: they
/// are bounded from below by their traffic, and no error is stated.
struct RetainKernel: Sendable {
  /// What a batch asks of each layer.
  struct Load: Equatable {
    /// Keys that are read, and pairs of a query and a key, for watching.
    var keys = 0
    var pairs = 0.0
    /// Tokens that are moved.
    var moved = 0

    init() {}

    @inline(__always)
    init(_ batch: Batch) {
      guard let work = batch.retaining else { return }
      if work.watch == .everyQuery {
        for slot in batch.slots where slot.count > 0 { watch(queries: Int(slot.count - slot.drafts), held: slot.held) }
      }
      for compaction in work.compactions {
        moved += compaction.moved
        if case .lastQueries(let count, _) = work.watch, compaction.cut == nil {
          keys += compaction.slots
          pairs += Double(count * compaction.slots)
        }
      }
    }

    private mutating func watch(queries: Int, held: Int) {
      keys += held + queries
      pairs += Double(queries) * (Double(held) + Double(queries + 1) / 2)
    }

    var isEmpty: Bool { keys == 0 && moved == 0 }
  }

  /// µs around the work.
  static let launch = 2.0
  /// Bytes of a token's keys and values in a layer, and operations of a pair over all query heads.
  let bytesPerToken: Double
  let operationsPerPair: Double
  let kvHeads: Int
  let chip: Chip

  init(_ model: ModelCard, ranks: Int, chip: Chip) {
    bytesPerToken = Double(model.kvBytesPerLayer(ranks: ranks))
    operationsPerPair = Double(2 * model.heads(ranks: ranks) * model.keyDimension)
    kvHeads = model.kvHeads(ranks: ranks)
    self.chip = chip
  }

  func estimate(_ load: Load) -> KernelEstimate {
    // Keys are half of it; a score of 32 bits for each key head is read and written.
    let bytes = Double(load.keys) * (bytesPerToken / 2 + Double(8 * kvHeads)) + 2 * bytesPerToken * Double(load.moved)
    let operations = load.pairs * operationsPerPair
    let memory = bytes / (chip.decodeAttention.memoryEfficiency * chip.bandwidth)
    let compute = operations / (chip.prefillAttention.arithmeticEfficiency * chip.tensorRate)
    return KernelEstimate(
      microseconds: Self.launch + max(memory, compute), launch: Self.launch, operations: operations, bytes: bytes,
      units: max(1, (load.keys + load.moved) / 64 * kvHeads), on: chip, tensorRate: chip.tensorRate,
      bound: KernelEstimate.bound(compute: compute, memory: memory, latency: Self.launch))
  }
}
