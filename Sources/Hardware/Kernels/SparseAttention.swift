import Core

/// What a batch asks of the kernels that say which keys its attention reads.
struct IndexLoad: Equatable, Sendable {
  /// What is scanned of the keys, in tokens of as many bytes as keys and values take.
  var scan = DecodeAttention.Load()
  /// Queries of prompts that go over all keys, to see where their weight lies.
  var probe = PrefillAttention.Load()
  /// Sequences, and the scores among which something is chosen for each KV head.
  var sequences = 0
  var scores = 0
}

/// Attention that reads a part of the keys: an index over all of them, a choice, and the kernels of dense attention over
/// what was chosen.
///
///     top pages       a page's least and greatest keys are as many numbers as one token's key and value: scanning the bounds
///                     of p pages is decode attention over p tokens
///     double sparse   one channel in c of the keys: 1 / 2c of the bytes of keys and values
///     patterns        the last 64 queries of a chunk over all keys, then tiles that walk so many keys at most, as if behind a
///                     window; but each tile has its own, so all keys are read from memory once
///     choice          reads each score and writes a number for it, 32 bits each: a launch and its traffic
///
/// The constants are those of the dense kernels: nothing was measured in these forms. Chosen pages and tokens lie apart, but
/// each is 256 bytes a head or more.
///
/// - Source: Tang et al. 2024, Quest (arXiv 2406.10774), 3.3; Yang et al. 2024, Double Sparsity (arXiv 2408.07092), 3;
///   Jiang et al. 2024, MInference (arXiv 2407.02490), 3.2.
extension Attention {
  /// Queries at the end of a chunk that are compared with all keys.
  static let probeQueries = 64

  /// Adds the slots of a step as they are when attention leaves keys out, and what choosing those takes.
  func add(_ batch: Batch, leavingOut sparse: SparseAttention, hasChunks: Bool, to load: inout AttentionLoad, index: inout IndexLoad) {
    var slots = batch.slots
    for number in slots.indices where slots[number].count > 0 {
      let slot = slots[number]
      if sparse.isOfDecodes, slot.isDecode {
        let kept = sparse.kept(of: slot.context)
        guard kept < slot.context else { continue }
        slots[number].first -= Int32(slot.context - kept)
        slots[number].promptCount -= Int32(slot.context - kept)
        switch sparse {
        case .pages(_, let size):
          let pages = (slot.context - 1) / size
          decode.add(context: pages, to: &index.scan)
          index.scores += pages
        case .labels(_, let channels):
          decode.add(context: (slot.context + 2 * channels - 1) / (2 * channels), to: &index.scan)
          index.scores += slot.context
        case .patterns: break
        }
        index.sequences += 1
      } else if case .patterns(let blocks, let size) = sparse, !slot.isDecode, slot.context > blocks * size {
        prefill.add(rows: min(Self.probeQueries, Int(slot.count)), history: slot.context - min(Self.probeQueries, Int(slot.count)), to: &index.probe)
        index.sequences += 1
        index.scores += slot.context
      }
    }
    add(slots, hasChunks: hasChunks, to: &load) { slot, load in
      guard case .patterns(let blocks, let size) = sparse else { return false }
      prefill.reading(blocks * size).add(rows: Int(slot.count), history: slot.held, to: &load)
      return true
    }
  }

  func forEachIndexKernel(of load: IndexLoad, _ body: (KernelEstimate) -> Void) {
    if load.sequences == 0 { return }
    if load.scan.sequences > 0 { body(decode.estimate(load.scan)) }
    if load.probe.units > 0 { body(prefill.estimate(load.probe)) }
    let choice = Elementwise(bytesPerRow: Double(8 * decode.kvHeads) * Double(load.scores) / Double(load.sequences))
    body(choice.estimate(rows: load.sequences, on: prefill.chip))
  }
}

extension PrefillAttention {
  /// The same for tiles that walk `keys` keys at most, each its own.
  func reading(_ keys: Int) -> Self {
    var limited = self
    limited.window = min(keys, window ?? keys)
    limited.readsAll = true
    return limited
  }
}
