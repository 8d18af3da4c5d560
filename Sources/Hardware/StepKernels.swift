import Core

/// The kernels of a step of one model on one chip.
///
/// An object, not a value: tables and constants are some kilobytes that every step reads where they lie. So does
/// each `Attention`.
final class StepKernels: Sendable {
  let chip: Chip
  let program: LayerProgram
  let attention: AttentionKernels
  private let attentionProfile: AttentionProfile?

  init(chip: Chip, program: LayerProgram, attention: AttentionKernels, attentionProfile: AttentionProfile?) {
    self.chip = chip
    self.program = program
    self.attention = attention
    self.attentionProfile = attentionProfile
  }

  enum Place: Equatable { case opening, layer(variant: Int), closing }

  /// Calls `body` with each kernel of a step in order; those of layers that are alike only once.
  @inline(__always)
  func forEachKernel(of load: StepLoad, _ body: (KernelRun.Kind, Place, KernelEstimate) -> Void) {
    if load.tokens == 0 { return }
    let tokens = RowLadder.position(of: load.tokens)
    let logits = RowLadder.position(of: load.logits)
    let decodes = RowLadder.position(of: load.latentDecode.tokens)
    let contexts = RowLadder.position(of: load.expandedContexts)
    func run(_ entry: LayerProgram.Entry, _ place: Place) {
      switch entry.rows {
      case .tokens: body(entry.kind, place, entry.table[tokens])
      case .logits: body(entry.kind, place, entry.table[logits])
      case .latentDecodes: if load.latentDecode.tokens > 0 { body(entry.kind, place, entry.table[decodes]) }
      case .latentContexts: if load.expandedContexts > 0 { body(entry.kind, place, entry.table[contexts]) }
      }
    }
    for entry in program.opening { run(entry, .opening) }
    for index in program.variants.indices {
      let place = Place.layer(variant: index)
      for entry in program.variants[index].beforeAttention { run(entry, place) }
      if let latent = attention.latent {
        // Chunks in their expanded form, decodes in their absorbed one.
        if load.latentPrefill.units > 0 { body(.attentionPrefill, place, latent.prefill(load.latentPrefill)) }
        if load.latentDecode.sequences > 0 { body(.attentionDecode, place, latent.decode(load.latentDecode)) }
      } else if program.variants[index].kind.isWindowed {
        attention.windowed?.forEachKernel(of: load.windowed) { body($0, place, $1) }
      } else if let full = attention.full {
        if !load.shared.isEmpty { full.shared.forEachKernel(of: load.shared) { body(.attentionShared, place, $0) } }
        if let ratio = measuredRatio(of: load, for: full) {
          full.forEachKernel(of: load.full) {
            body($0, place, $1.taking(microseconds: Double($1.time.nanoseconds) / 1000 * ratio))
          }
        } else {
          full.forEachKernel(of: load.full) { body($0, place, $1) }
        }
      }
      for entry in program.variants[index].afterAttention { run(entry, place) }
    }
    for entry in program.closing { run(entry, .closing) }
    if let table = program.samplerTable {
      body(.sampler, .closing, table[logits])
    } else {
      body(.sampler, .closing, program.sampler.estimate(rows: load.logits, on: chip))
    }
  }

  /// Measured over modelled time of attention at the uniform batch of the profile that is nearest to `load`; nil
  /// where nothing of its kind was measured. The model then accounts for what the grid cannot hold: unequal
  /// lengths, several chunks, and what lies outside.
  @inline(__always)
  private func measuredRatio(of load: StepLoad, for full: Attention) -> Double? {
    guard let profile = attentionProfile else { return nil }
    var point = AttentionProfile.Point()
    if load.chunkTokens > 0 {
      point.chunk = load.chunkTokens
      point.history = Int(load.chunkHistories / Double(load.chunkTokens))
    }
    if load.full.decode.sequences > 0 {
      point.decodes = load.full.decode.sequences
      point.context = load.full.decode.contexts / load.full.decode.sequences
    }
    guard let (nearest, measured) = profile.nearest(to: point) else { return nil }
    var modelled: Int64 = 0
    full.forEachKernel(of: full.load(of: nearest)) { modelled += $1.time.nanoseconds }
    return modelled > 0 ? measured * 1000 / Double(modelled) : nil
  }
}
