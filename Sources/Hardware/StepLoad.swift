import Core

/// What a batch asks of attention with one reach (the whole context, or a window).
struct AttentionLoad: Equatable {
  var decode = DecodeAttention.Load()
  var prefill = PrefillAttention.Load()
  /// The decodes once more, as rows of the prefill kernel; empty where there is no chunk that they could run with.
  var decodeAsPrefill = PrefillAttention.Load()
}

/// The attention kernels of one reach.
final class Attention: Sendable {
  let decode: DecodeAttention
  let prefill: PrefillAttention
  let shared: SharedAttention

  init(_ model: ModelCard, ranks: Int, window: Int?, chip: Chip) {
    let heads = model.heads(ranks: ranks)
    let kvHeads = model.kvHeads(ranks: ranks)
    decode = DecodeAttention(
      heads: heads, kvHeads: kvHeads, headDimension: model.headDimension, kvFormat: model.kvFormat, window: window, on: chip)
    prefill = PrefillAttention(
      heads: heads, kvHeads: kvHeads, headDimension: model.headDimension, kvFormat: model.kvFormat, window: window, on: chip)
    shared = SharedAttention(prefill, heads: heads, headDimension: model.headDimension, on: chip)
  }

  /// Adds the slots of a step.
  @inline(__always)
  func add(_ slots: [Batch.Slot], hasChunks: Bool, to load: inout AttentionLoad) {
    let decodesAreRows = hasChunks && prefill.constants.mixing == .asPrefill
    // A sum of its own stays in registers.
    var decodes = load.decode
    for slot in slots where slot.count > 0 {
      if slot.isDecode, !decodesAreRows {
        decode.add(context: slot.context, tokens: Int(slot.count), to: &decodes)
      } else {
        load.decode = decodes
        add(slot, decodesAreRows: decodesAreRows, to: &load)
        decodes = load.decode
      }
    }
    load.decode = decodes
  }

  /// Adds the slots of a step.
  ///
  /// - Parameter addChunk: Takes chunks that are not read whole; false leaves them to this kernel.
  func add(
    _ slots: [Batch.Slot], hasChunks: Bool, to load: inout AttentionLoad, addChunk: (Batch.Slot, inout PrefillAttention.Load) -> Bool
  ) {
    let decodesAreRows = hasChunks && prefill.constants.mixing == .asPrefill
    for slot in slots where slot.count > 0 {
      if !slot.isDecode, addChunk(slot, &load.prefill) { continue }
      add(slot, decodesAreRows: decodesAreRows, to: &load)
    }
  }

  private func add(_ slot: Batch.Slot, decodesAreRows: Bool, to load: inout AttentionLoad) {
    let count = Int(slot.count)
    let history = slot.held
    if slot.isDecode {
      decode.add(context: slot.context, tokens: count, to: &load.decode)
      if decodesAreRows { prefill.add(rows: count, history: history, to: &load.decodeAsPrefill) }
    } else {
      prefill.add(rows: count, history: history, to: &load.prefill)
    }
  }

  /// A uniform batch.
  func load(of point: AttentionProfile.Point) -> AttentionLoad {
    var load = AttentionLoad()
    let count = point.decodes
    if count > 0 {
      let rows = decode.packedRows(tokens: 1)
      load.decode.sequences = count
      load.decode.contexts = count * point.context
      load.decode.longest = point.context
      load.decode.packedContexts = count * point.context * rows
      load.decode.blocks = count * decode.blocks(point.context)
      if prefill.constants.mixing == .asPrefill {
        for _ in 0..<count { prefill.add(rows: 1, history: point.context - 1, to: &load.decodeAsPrefill) }
      }
    }
    if point.chunk > 0 { prefill.add(rows: point.chunk, history: point.history, to: &load.prefill) }
    return load
  }

  /// One or two kernels, as the backend carries out a batch of chunks and decodes.
  @inline(__always)
  func forEachKernel(of load: AttentionLoad, apart: Bool = false, _ body: (KernelRun.Kind, KernelEstimate) -> Void) {
    if load.prefill.units == 0 {
      body(.attentionDecode, decode.estimate(load.decode))
    } else if load.decode.sequences == 0 {
      body(.attentionPrefill, prefill.estimate(load.prefill))
    } else if apart {
      body(.attentionPrefill, prefill.estimate(load.prefill))
      body(.attentionDecode, decode.estimate(load.decode))
    } else if prefill.constants.mixing == .asPrefill {
      // Never less than the decodes alone would take in their own kernel.
      var mixed = prefill.estimate(load.prefill + load.decodeAsPrefill)
      mixed.time = max(mixed.time, decode.estimate(load.decode).time)
      body(.attentionPrefill, mixed)
    } else {
      body(.attentionPrefill, prefill.estimate(load.prefill))
      let sharesLaunch = prefill.constants.mixing == .oneLaunch
      body(.attentionDecode, decode.estimate(load.decode, sharesLaunch: sharesLaunch))
    }
  }
}

/// The attention of a model's layers on a chip: what `StepLoad` counts for.
final class AttentionKernels: Sendable {
  /// Of layers that see the whole context; nil when there are none, or attention is latent.
  let full: Attention?
  /// Of layers with a window.
  let windowed: Attention?
  let latent: LatentAttention?

  init(_ model: ModelCard, ranks: Int, chip: Chip, isBlackwell: Bool) {
    if let shape = model.latent {
      latent = LatentAttention(heads: model.heads(ranks: ranks), latent: shape, on: chip, isBlackwell: isBlackwell)
      (full, windowed) = (nil, nil)
      return
    }
    latent = nil
    let count = model.windowedLayerCount
    full = count < model.layers ? Attention(model, ranks: ranks, window: nil, chip: chip) : nil
    windowed = count > 0 ? Attention(model, ranks: ranks, window: model.window?.tokens, chip: chip) : nil
  }
}

/// What a batch asks of the chip, gathered from its slots.
struct StepLoad: Equatable {
  var tokens = 0
  /// Rows of logits: one for each sequence, sampled or not (vLLM computes them all), and one for each draft.
  var logits = 0
  /// Of layers that see the whole context, and of those that see a window.
  var full = AttentionLoad()
  var windowed = AttentionLoad()
  /// Of what decodes have in common in layers that see the whole context, level by level; a window ends before it.
  var shared: [SharedAttention.Load] = []
  /// Of latent attention: decodes, and chunks over the contexts that are expanded for them.
  var latentDecode = LatentAttention.Load()
  var latentPrefill = PrefillAttention.Load()
  var expandedContexts = 0
  /// Tokens of all chunks, and the sum of tokens × cached tokens before them.
  var chunkTokens = 0
  var chunkHistories = 0.0
  /// Keys and values that are given up, and attention that is watched.
  var retain = RetainKernel.Load()
  /// Of attention that leaves keys out.
  var index = IndexLoad()
  /// Attention over chunks and over decodes are kernels of their own, whatever the backend would do.
  var isApart = false

  init(_ batch: Batch, for kernels: AttentionKernels) {
    for slot in batch.slots where slot.count > 0 {
      let count = Int(slot.count)
      tokens += count
      logits += 1 + Int(slot.drafts)
      if !slot.isDecode {
        chunkTokens += count
        chunkHistories += Double(count) * Double(slot.held)
      }
    }
    if let work = batch.retaining {
      retain = RetainKernel.Load(batch)
      full.decode.reach(batch.slots, work)
    }
    // One pass for each reach that the model has.
    if let attention = kernels.full, let sparse = batch.sparse {
      attention.add(batch, leavingOut: sparse, hasChunks: chunkTokens > 0, to: &full, index: &index)
    } else if let attention = kernels.full, !batch.shared.isEmpty {
      shared = attention.shared.loads(of: batch)
      attention.add(attention.shared.ownParts(of: batch), hasChunks: chunkTokens > 0, to: &full)
    } else {
      kernels.full?.add(batch.slots, hasChunks: chunkTokens > 0, to: &full)
    }
    kernels.windowed?.add(batch.slots, hasChunks: chunkTokens > 0, to: &windowed)
    guard let latent = kernels.latent else { return }
    for slot in batch.slots where slot.count > 0 {
      if slot.isDecode {
        latent.add(tokens: Int(slot.count), context: slot.context, to: &latentDecode)
      } else {
        latent.add(rows: Int(slot.count), history: slot.held, to: &latentPrefill)
        expandedContexts += slot.context
      }
    }
  }
}
