import Core

/// Attention of decodes over keys and values that several of them have in common, read once for all.
///
/// The queries of a group are one matrix and its shared keys another, as if they were a chunk without a causal mask; each
/// sequence then attends to what is its own as before, and the parts are merged by their log-sum-exps, which is exact:
///
///     shared part   rows = group · queries, tiles of them over the shared context, one launch for each level of the tree
///     own part      the decode kernel, over context − shared
///     merge         reads both results and their sums, writes one; a launch for each level
///
/// A shared context is split while its tiles leave SMs idle, as FlashAttention does for few queries; another small kernel
/// then adds up the pieces, in 32 bits. The constants are those of prefill attention: nothing was measured in this form.
///
/// - Source: Juravsky et al. 2024, "Hydragen" (arXiv 2402.05099), 3.1 to 3.3; Zhu et al. 2024, "RelayAttention"
///   (arXiv 2402.14808), 3.3; the merge of parts as in vLLM's `merge_attn_states`.
struct SharedAttention: Sendable {
  /// What a batch asks of one level of its tree of shared parts.
  struct Load: Equatable, Sendable {
    var prefill = PrefillAttention.Load()
    /// Query tokens whose results are merged.
    var queries = 0
  }

  private let prefill: PrefillAttention
  private let chip: Chip
  /// Two results of 16 bits and their sums are read, one is written.
  private let merge: Elementwise
  /// A piece's result, in 32 bits.
  private let pieceBytes: Double

  init(_ prefill: PrefillAttention, heads: Int, headDimension: Int, on chip: Chip) {
    self.prefill = prefill
    self.chip = chip
    merge = Elementwise(bytesPerRow: Double(heads * (3 * 2 * headDimension + 3 * 4)))
    pieceBytes = Double(heads * 4 * (headDimension + 1))
  }

  /// What each level of the batch's tree asks; empty where nothing is shared.
  func loads(of batch: Batch) -> [Load] {
    var loads: [Load] = []
    for part in batch.shared where !part.slots.isEmpty {
      if part.depth == loads.count { loads.append(Load()) }
      var queries = 0
      for slot in part.slots { queries += Int(batch.slots[slot].count) }
      prefill.addShared(rows: queries, context: part.positions.count, to: &loads[part.depth].prefill)
      loads[part.depth].queries += queries
    }
    return loads
  }

  /// The slots as they are when what they share is left out.
  func ownParts(of batch: Batch) -> [Batch.Slot] {
    var slots = batch.slots
    for part in batch.shared {
      for slot in part.slots {
        slots[slot].first -= Int32(part.positions.count)
        slots[slot].promptCount -= Int32(part.positions.count)
      }
    }
    return slots
  }

  func forEachKernel(of loads: [Load], _ body: (KernelEstimate) -> Void) {
    for load in loads {
      let (estimate, pieces) = prefill.estimateShared(load.prefill)
      body(estimate)
      if pieces > 1 {
        body(Elementwise(bytesPerRow: pieceBytes * Double(pieces + 1)).estimate(rows: load.queries, on: chip))
      }
      body(merge.estimate(rows: load.queries, on: chip))
    }
  }
}

extension PrefillAttention {
  /// Adds `rows` query tokens of several sequences that all see the same `context`.
  func addShared(rows: Int, context: Int, to load: inout Load) {
    let tiles = (rows * rowsPerToken + tileRows - 1) / tileRows
    let walk = walk(context)
    load.units += heads * tiles
    load.work += Double(heads * tiles) * walk
    load.longest = max(load.longest, walk)
    load.operations += operationsPerPair * Double(rows) * Double(context)
    let bytes = contextBytes * Double(context)
    load.bytes += rowBytes * Double(rows) + bytes
    load.contextBytes += bytes
    load.sequences += 1
    load.mostTiles = max(load.mostTiles, tiles)
  }

  /// - Returns: Also into how many pieces contexts are split.
  func estimateShared(_ load: Load) -> (KernelEstimate, pieces: Int) {
    let blocks = max(1, Int(((load.longest - constants.unit) / step).rounded()))
    let pieces = max(1, min(chip.multiprocessors / max(1, load.units), blocks))
    guard pieces > 1 else { return (estimate(load), 1) }
    var split = load
    split.work += Double(load.units * (pieces - 1)) * constants.unit
    split.units *= pieces
    split.longest = walk((blocks + pieces - 1) / pieces << constants.blockShift)
    return (estimate(split), pieces)
  }

  /// µs of a tile over `context` tokens.
  private func walk(_ context: Int) -> Double {
    let rest = (1 << constants.blockShift) - 1
    return step * Double((context + rest) >> constants.blockShift) + constants.unit
  }
}
