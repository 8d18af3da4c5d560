public import Core

/// A GPU, or a tensor-parallel group of them, that takes the time equations say it takes.
///
/// Every kernel of a step is estimated from its shape and the chip (`Gemm`, `DecodeAttention`, …); the
/// step takes the host's time and the sum of its kernels. Tokens come from a formula: it computes no text.
/// All ranks of a group do the same at the same time, so one rank is modelled.
///
///     var device = try ModelledGPU(accelerator: h100, model: llama)
///     let outcome = try device.execute(batch)
///
/// Not for energy: no source relates a step to joules well enough, so that stays nil.
public struct ModelledGPU: Device {
  /// Time per step during which the GPU waits for the host: scheduling, launching, reading back.
  /// vLLM 0.19 with asynchronous scheduling showed 0 to 0.6 ms in two recorded runs; 0.3 fits both best.
  public static let defaultHostTime = EngineTime.microseconds(300)

  public let accelerator: Accelerator
  public let model: ModelCard
  /// GPUs that share every layer.
  public let tensorParallel: Int
  public let hostTime: EngineTime
  public let chip: Chip
  public let name: String
  public var isModelled: Bool { true }

  private let program: LayerProgram
  private let decodeAttention: DecodeAttention
  private let prefillAttention: PrefillAttention

  /// - Parameter linkBandwidth: GB/s in one direction between the GPUs of the node; nil takes the datasheet's,
  ///   which behind PCIe is more than most nodes reach.
  /// - Complexity: Tabulates some ten kernels at 131 sizes: 1 to 2 ms in release, 8 ms in debug.
  public init(
    accelerator: Accelerator, model: ModelCard, tensorParallel: Int = 1,
    hostTime: EngineTime = ModelledGPU.defaultHostTime, linkBandwidth: Double? = nil
  ) throws(DeviceError) {
    let ranks = tensorParallel
    let label = (ranks > 1 ? "\(ranks)× " : "") + "\(accelerator.name), \(model.name)"
    guard model.canSplit(ranks: ranks) else {
      throw DeviceError(
        device: label, problem: .unevenSplit(parallel: ranks, heads: model.heads, kvHeads: model.kvHeads))
    }
    self.accelerator = accelerator
    self.model = model
    self.tensorParallel = ranks
    self.hostTime = hostTime
    name = label
    chip = Chip(accelerator, weights: model.weightFormat, linkBandwidth: linkBandwidth)
    program = LayerProgram(model: model, ranks: ranks, chip: chip)
    let heads = model.heads(ranks: ranks)
    let kvHeads = model.kvHeads(ranks: ranks)
    decodeAttention = DecodeAttention(heads: heads, kvHeads: kvHeads, headDimension: model.headDimension, on: chip)
    prefillAttention = PrefillAttention(heads: heads, kvHeads: kvHeads, headDimension: model.headDimension, on: chip)
  }

  /// Never throws. Drafts are all rejected: nothing yet says which of them a model would have accepted.
  ///
  /// - Complexity: One pass over the slots and a table lookup for each kernel of a layer; 0.9 to 1.4 µs for
  ///   128 slots in release (one core of a 2-core virtual machine).
  public mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    var totals = StepTotals(hostTime: hostTime)
    let layers = model.layers
    forEachKernel(of: StepLoad(batch, decode: decodeAttention, prefill: prefillAttention)) { _, place, kernel in
      totals.add(kernel, times: place == .layer ? layers : 1)
    }

    var slots: [BatchOutcome.Slot] = []
    var tokens: [TokenID] = []
    slots.reserveCapacity(batch.slots.count)
    tokens.reserveCapacity(batch.slots.count)
    for slot in batch.slots {
      slots.append(BatchOutcome.Slot(accepted: 0, emitted: slot.samples ? 1 : 0))
      if slot.samples { tokens.append(TokenStream.output(of: slot.request).token(at: Int(slot.outputs))) }
    }
    return BatchOutcome(slots: slots, tokens: tokens, duration: totals.duration, cost: totals.cost(on: chip))
  }

  public func kernels(of batch: Batch) -> [KernelRun] {
    var once: [(kind: KernelRun.Kind, place: Place, estimate: KernelEstimate)] = []
    forEachKernel(of: StepLoad(batch, decode: decodeAttention, prefill: prefillAttention)) { once.append(($0, $1, $2)) }

    var runs: [KernelRun] = []
    runs.reserveCapacity(once.count * model.layers)
    var now = hostTime
    func run(_ place: Place, layer: Int?) {
      for kernel in once where kernel.place == place {
        runs.append(KernelRun(kernel.kind, kernel.estimate, layer: layer, start: now))
        now += kernel.estimate.time
      }
    }
    run(.opening, layer: nil)
    for layer in 0..<model.layers { run(.layer, layer: layer) }
    run(.closing, layer: nil)
    return runs
  }

  enum Place { case opening, layer, closing }

  /// Calls `body` with each kernel of a step in order, a layer's only once.
  @inline(__always)
  private func forEachKernel(of load: StepLoad, _ body: (KernelRun.Kind, Place, KernelEstimate) -> Void) {
    if load.tokens == 0 { return }
    let tokens = RowLadder.position(of: load.tokens)
    let logits = RowLadder.position(of: load.logits)
    for entry in program.opening { body(entry.kind, .opening, entry.table[tokens]) }
    for entry in program.beforeAttention { body(entry.kind, .layer, entry.table[tokens]) }
    forEachAttention(of: load) { body($0, .layer, $1) }
    for entry in program.afterAttention { body(entry.kind, .layer, entry.table[tokens]) }
    for entry in program.closing { body(entry.kind, .closing, entry.table[tokens]) }
    for entry in program.head { body(entry.kind, .closing, entry.table[logits]) }
    body(.sampler, .closing, program.sampler.estimate(rows: load.logits, on: chip))
  }

  /// One or two kernels, as the backend carries out a batch of chunks and decodes.
  @inline(__always)
  private func forEachAttention(of load: StepLoad, _ body: (KernelRun.Kind, KernelEstimate) -> Void) {
    if load.prefill.units == 0 {
      body(.attentionDecode, decodeAttention.estimate(load.decode))
    } else if load.decode.sequences == 0 {
      body(.attentionPrefill, prefillAttention.estimate(load.prefill))
    } else if prefillAttention.constants.mixing == .asPrefill {
      // Never less than the decodes alone would take in their own kernel.
      var mixed = prefillAttention.estimate(load.prefill + load.decodeAsPrefill)
      mixed.time = max(mixed.time, decodeAttention.estimate(load.decode).time)
      body(.attentionPrefill, mixed)
    } else {
      body(.attentionPrefill, prefillAttention.estimate(load.prefill))
      let sharesLaunch = prefillAttention.constants.mixing == .oneLaunch
      body(.attentionDecode, decodeAttention.estimate(load.decode, sharesLaunch: sharesLaunch))
    }
  }
}

/// The sums over a step's kernels.
private struct StepTotals {
  var duration: EngineTime
  var operations = 0.0
  var bytes = 0.0
  /// Nanoseconds during which SMs, and tensor cores at their peak, had work.
  var smTime = 0.0
  var tensorTime = 0.0

  init(hostTime: EngineTime) { duration = hostTime }

  @inline(__always)
  mutating func add(_ kernel: KernelEstimate, times: Int) {
    let time = kernel.time.nanoseconds * Int64(times)
    duration.nanoseconds += time
    operations += kernel.operations * Double(times)
    bytes += kernel.bytes * Double(times)
    smTime += kernel.smBusy * Double(time)
    tensorTime += kernel.tensorBusy * Double(time)
  }

  /// Fractions of the whole step, the host's time included. They follow from the model; no source
  /// holds hardware counters to check them against.
  func cost(on chip: Chip) -> StepCost {
    var cost = StepCost()
    cost.operations = operations
    cost.bytes = bytes
    let time = Double(duration.nanoseconds)
    if time > 0 {
      cost.smBusy = min(1, smTime / time)
      cost.tensorBusy = min(1, tensorTime / time)
      cost.bandwidthBusy = min(1, bytes * 1000 / (chip.bandwidth * time))
    }
    return cost
  }
}

extension KernelRun {
  init(_ kind: Kind, _ estimate: KernelEstimate, layer: Int?, start: EngineTime) {
    self.init(
      kind: kind, layer: layer, start: start, duration: estimate.time, operations: estimate.operations,
      bytes: estimate.bytes, tiles: estimate.tiles, waves: estimate.waves, activeSMs: estimate.activeSMs,
      tailFill: estimate.tailFill, bound: estimate.bound)
  }
}
