import Core

/// The kernels of a step of one model on one chip.
///
/// An object, not a value: tables and constants are some kilobytes that every step reads where they lie. So does
/// each `Attention`.
final class StepKernels: Sendable {
  let chip: Chip
  let program: LayerProgram
  let attention: AttentionKernels
  private let retain: RetainKernel
  private let attentionProfile: AttentionProfile?

  init(
    chip: Chip, program: LayerProgram, attention: AttentionKernels, retain: RetainKernel, attentionProfile: AttentionProfile?
  ) {
    self.retain = retain
    self.chip = chip
    self.program = program
    self.attention = attention
    self.attentionProfile = attentionProfile
  }

  /// The same kernels with attention over another cache. Measured times of attention are of the cache they were measured on.
  func with(_ attention: AttentionKernels, retain: RetainKernel? = nil, measured: Bool) -> StepKernels {
    StepKernels(
      chip: chip, program: program, attention: attention, retain: retain ?? self.retain, attentionProfile: measured ? attentionProfile : nil)
  }

  enum Place: Equatable { case opening, layer(variant: Int), closing }

  /// The sizes of a step at which tables are looked up.
  struct Sizes {
    let tokens, logits, decodes, contexts: RowLadder.Position
    let hasDecodes, hasContexts: Bool

    @inline(__always)
    init(_ load: StepLoad) {
      tokens = RowLadder.position(of: load.tokens)
      logits = RowLadder.position(of: load.logits)
      decodes = RowLadder.position(of: load.latentDecode.tokens)
      contexts = RowLadder.position(of: load.expandedContexts)
      hasDecodes = load.latentDecode.tokens > 0
      hasContexts = load.expandedContexts > 0
    }

    /// Nil where the step has no rows of this kind.
    @inline(__always)
    func estimate(_ entry: LayerProgram.Entry) -> KernelEstimate? {
      switch entry.rows {
      case .tokens: entry.table[tokens]
      case .logits: entry.table[logits]
      case .latentDecodes: hasDecodes ? entry.table[decodes] : nil
      case .latentContexts: hasContexts ? entry.table[contexts] : nil
      }
    }
  }

  /// Calls `body` with each kernel of a step in order; those of layers that are alike only once.
  @inline(__always)
  func forEachKernel(of load: StepLoad, _ body: (KernelRun.Kind, Place, KernelEstimate) -> Void) {
    if load.tokens == 0 { return }
    let sizes = Sizes(load)
    for entry in program.opening { if let estimate = sizes.estimate(entry) { body(entry.kind, .opening, estimate) } }
    for index in program.variants.indices {
      forEachKernel(ofVariant: index, load, sizes) { body($1, .layer(variant: index), $2) }
    }
    forEachClosingKernel(of: load, sizes) { body($0, .closing, $1) }
  }

  /// Those of one layer, each with its number among the layer's operators, which is the same whatever the load; attention
  /// is one operator, of one kernel or several.
  @inline(__always)
  func forEachKernel(ofVariant index: Int, _ load: StepLoad, _ sizes: Sizes, _ body: (Int, KernelRun.Kind, KernelEstimate) -> Void) {
    var number = 0
    for entry in program.variants[index].beforeAttention {
      if let estimate = sizes.estimate(entry) { body(number, entry.kind, estimate) }
      number += 1
    }
    if let latent = attention.latent {
      // Chunks in their expanded form, decodes in their absorbed one.
      if load.latentPrefill.units > 0 { body(number, .attentionPrefill, latent.prefill(load.latentPrefill)) }
      if load.latentDecode.sequences > 0 { body(number, .attentionDecode, latent.decode(load.latentDecode)) }
    } else if program.variants[index].kind.isWindowed {
      attention.windowed?.forEachKernel(of: load.windowed, apart: load.isApart) { body(number, $0, $1) }
    } else if let full = attention.full {
      full.forEachIndexKernel(of: load.index) { body(number, .attentionIndex, $0) }
      if !load.shared.isEmpty { full.shared.forEachKernel(of: load.shared) { body(number, .attentionShared, $0) } }
      if let ratio = measuredRatio(of: load, for: full) {
        full.forEachKernel(of: load.full) {
          body(number, $0, $1.taking(microseconds: Double($1.time.nanoseconds) / 1000 * ratio))
        }
      } else {
        full.forEachKernel(of: load.full, apart: load.isApart) { body(number, $0, $1) }
      }
    }
    if !load.retain.isEmpty { body(number, .retain, retain.estimate(load.retain)) }
    number += 1
    for entry in program.variants[index].afterAttention {
      if let estimate = sizes.estimate(entry) { body(number, entry.kind, estimate) }
      number += 1
    }
  }

  @inline(__always)
  func forEachClosingKernel(of load: StepLoad, _ sizes: Sizes, _ body: (KernelRun.Kind, KernelEstimate) -> Void) {
    for entry in program.closing { if let estimate = sizes.estimate(entry) { body(entry.kind, estimate) } }
    if let table = program.samplerTable {
      body(.sampler, table[sizes.logits])
    } else {
      body(.sampler, program.sampler.estimate(rows: load.logits, on: chip))
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
