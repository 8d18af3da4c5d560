import Core

/// What a batch asks of attention with one reach (the whole context, or a window).
struct AttentionLoad: Equatable {
  var decode = DecodeAttention.Load()
  var prefill = PrefillAttention.Load()
  /// The decodes once more, as rows of the prefill kernel.
  var decodeAsPrefill = PrefillAttention.Load()
}

/// The attention kernels of a model on a chip: what `StepLoad` counts for.
struct AttentionKernels: Sendable {
  let decode: DecodeAttention
  let prefill: PrefillAttention
  let latent: LatentAttention?
  /// Tokens seen in windowed layers; nil where no layer has a window.
  let window: Int?
  /// False when every layer has a window.
  let seesAll: Bool

  init(_ model: ModelCard, ranks: Int, chip: Chip, isBlackwell: Bool) {
    let heads = model.heads(ranks: ranks)
    let kvHeads = model.kvHeads(ranks: ranks)
    decode = DecodeAttention(heads: heads, kvHeads: kvHeads, headDimension: model.headDimension, on: chip)
    prefill = PrefillAttention(heads: heads, kvHeads: kvHeads, headDimension: model.headDimension, on: chip)
    latent = model.latent.map { LatentAttention(heads: heads, latent: $0, on: chip, isBlackwell: isBlackwell) }
    let windowed = model.windowedLayerCount
    window = windowed > 0 ? model.window?.tokens : nil
    seesAll = windowed < model.layers
  }
}

/// What a batch asks of the chip, gathered in one pass over its slots.
struct StepLoad: Equatable {
  var tokens = 0
  /// Rows of logits: one for each sequence, sampled or not (vLLM computes them all), and one for each draft.
  var logits = 0
  /// Of layers that see the whole context, and of those that see a window.
  var full = AttentionLoad()
  var windowed = AttentionLoad()
  /// Of latent attention: decodes, and chunks over the contexts that are expanded for them.
  var latentDecode = LatentAttention.Load()
  var latentPrefill = PrefillAttention.Load()
  var expandedContexts = 0
  /// Tokens of all chunks, and the sum of tokens × cached tokens before them.
  var chunkTokens = 0
  var chunkHistories = 0.0

  init(_ batch: Batch, for kernels: borrowing AttentionKernels) {
    let lone = kernels.decode.packedRows(tokens: 1)
    let mixes = kernels.prefill.constants.mixing == .asPrefill
    for slot in batch.slots where slot.count > 0 {
      let count = Int(slot.count)
      let history = Int(slot.first)
      tokens += count
      logits += 1 + Int(slot.drafts)
      if let latent = kernels.latent {
        if slot.isDecode {
          latent.add(tokens: count, context: slot.context, to: &latentDecode)
        } else {
          latent.add(rows: count, history: history, to: &latentPrefill)
          expandedContexts += slot.context
        }
        continue
      }
      if slot.isDecode {
        let packed = count == 1 ? lone : kernels.decode.packedRows(tokens: count)
        if kernels.seesAll {
          full.decode.add(context: slot.context, packedRows: packed)
          if mixes { kernels.prefill.add(rows: count, history: history, to: &full.decodeAsPrefill) }
        }
        if let window = kernels.window {
          let seen = min(history, window - 1)
          windowed.decode.add(context: seen + count, packedRows: packed)
          if mixes { kernels.prefill.add(rows: count, history: seen, to: &windowed.decodeAsPrefill) }
        }
      } else {
        chunkTokens += count
        chunkHistories += Double(count * history)
        if kernels.seesAll { kernels.prefill.add(rows: count, history: history, to: &full.prefill) }
        if let window = kernels.window {
          kernels.prefill.add(rows: count, history: history, window: window, to: &windowed.prefill)
        }
      }
    }
  }
}

extension AttentionLoad {
  /// A uniform batch.
  init(_ point: AttentionProfile.Point, for kernels: borrowing AttentionKernels) {
    let (count, context) = (point.decodes, point.context)
    if count > 0 {
      decode.sequences = count
      decode.contexts = count * context
      decode.longest = context
      decode.packedContexts = count * context * kernels.decode.packedRows(tokens: 1)
      if kernels.prefill.constants.mixing == .asPrefill {
        kernels.prefill.add(rows: 1, history: context - 1, to: &decodeAsPrefill)
        decodeAsPrefill.units *= count
        decodeAsPrefill.work *= Double(count)
        decodeAsPrefill.operations *= Double(count)
        decodeAsPrefill.bytes *= Double(count)
      }
    }
    if point.chunk > 0 { kernels.prefill.add(rows: point.chunk, history: point.history, to: &prefill) }
  }
}

extension DecodeAttention.Load {
  @inline(__always)
  mutating func add(context: Int, packedRows: Int) {
    sequences += 1
    contexts += context
    longest = max(longest, context)
    packedContexts += context * packedRows
  }
}

extension PrefillAttention {
  /// Adds a sequence of which each token sees the last `window` tokens only, itself included.
  ///
  /// Counted as a chunk with the same number of tiles whose mean reach is that of the window:
  ///
  ///     reach of row i = min(history + i + 1, window);  a tile walks its rows' mean and half a tile more
  func add(rows: Int, history: Int, window: Int, to load: inout Load) {
    let all = history + rows
    if all <= window { return add(rows: rows, history: history, to: &load) }
    let tile = constants.tileRows
    let growing = min(rows, max(0, window - history))
    let pairs = growing * history + growing * (growing + 1) / 2 + (rows - growing) * window
    let slack = tile / 2 * (rows - growing) / rows
    var chunk = Load()
    add(rows: rows, history: pairs / rows - rows / 2 + slack, to: &chunk)
    // The longest walk is a window and a tile, not what the chunk above ends with.
    let last = min(rows, tile)
    var longest = Load()
    add(rows: last, history: min(all, window + tile) - last, to: &longest)
    chunk.longest = longest.longest
    load = load + chunk
  }
}
