import Core

/// What a batch asks of the chip, gathered in one pass over its slots.
struct StepLoad: Equatable {
  var tokens = 0
  /// Rows of logits: one for each sequence, sampled or not (vLLM computes them all), and one for each draft.
  var logits = 0
  var decode = DecodeAttention.Load()
  var prefill = PrefillAttention.Load()
  /// The decodes once more, as rows of the prefill kernel.
  var decodeAsPrefill = PrefillAttention.Load()

  init(_ batch: Batch, decode decodeKernel: DecodeAttention, prefill prefillKernel: PrefillAttention) {
    let mixes = prefillKernel.constants.mixing == .asPrefill
    for slot in batch.slots where slot.count > 0 {
      let count = Int(slot.count)
      tokens += count
      logits += 1 + Int(slot.drafts)
      if slot.isDecode {
        decodeKernel.add(context: slot.context, tokens: count, to: &decode)
        if mixes { prefillKernel.add(rows: count, history: Int(slot.first), to: &decodeAsPrefill) }
      } else {
        prefillKernel.add(rows: count, history: Int(slot.first), to: &prefill)
      }
    }
  }
}
