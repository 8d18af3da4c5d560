public import Core

/// A GPU, or a tensor-parallel group of them, that takes the time equations say it takes.
///
/// Every kernel of a step is estimated from its shape and the chip (`Gemm`, `DecodeAttention`, …), or taken
/// from a profile of the machine; the step takes the host's time and the sum of its kernels. Tokens come from a
/// formula: it computes no text. All ranks of a group do the same at the same time, so one rank is modelled.
///
///     var device = try ModelledGPU(accelerator: h100, model: llama)
///     let outcome = try device.execute(batch)
///
/// Energy is that of all ranks, from `EnergyModel`: an order of magnitude; nil where that makes no statement. Operations
/// and bytes of a step's cost are one rank's, as are its kernels.
public struct ModelledGPU: Device {
  /// Time per step during which the GPU waits for the host (launching, reading back), and what each sequence adds to it
  /// (its inputs, its sampled token, its block table).
  ///
  /// vLLM 0.19 in two recorded runs, beside the sum of kernels: 0.1 to 0.3 ms with one sequence, 0.3 with 35, 0.5 to 1.2
  /// with 80 to 128.
  public static let defaultHostTime = EngineTime.microseconds(100)
  public static let defaultHostTimePerSequence = EngineTime.microseconds(6)

  public let accelerator: Accelerator
  public internal(set) var model: ModelCard
  /// GPUs that share every layer.
  public let tensorParallel: Int
  public let hostTime: EngineTime
  public let hostTimePerSequence: EngineTime
  public var chip: Chip { kernels.chip }
  public let name: String
  /// Nil where there is no statement about power.
  public let energy: EnergyModel?
  /// What is measured and what is modelled, a line each.
  public let notes: [String]
  public var isModelled: Bool { true }
  public var layers: Int { model.layers }
  public var modelledGPU: ModelledGPU? { self }

  private(set) var kernels: StepKernels
  /// With all that was measured.
  private let kernelsAsBegun: StepKernels
  /// Says which drafts stand; nil where nobody does.
  public internal(set) var acceptance: Acceptance?
  /// What may draft; nil where there is none.
  public internal(set) var draftModel: DraftCard?
  /// Those of its own drafts with keys and values in four bits; nil where those are not modelled.
  var quantisedKernels: StepKernels?
  /// Whether it drafts while drafts are verified, and where.
  public internal(set) var overlap = DraftOverlap.off
  /// What the host's cores, where they draft, have still to do.
  var hostWork = EngineTime.zero
  let linkBandwidth: Double?
  /// Some times are from a profile of the whole GPU.
  public let isProfiled: Bool
  /// What it was divided into.
  let parts = GPUParts()

  /// - Parameters:
  ///   - linkBandwidth: GB/s in one direction between the GPUs of the node; nil takes the datasheet's,
  ///     which behind PCIe is more than most nodes reach.
  ///   - profile: Measured times that go before the model's.
  /// - Complexity: Tabulates some ten kernels at 212 sizes: a few milliseconds in release, more in debug.
  public init(
    accelerator: Accelerator, model: ModelCard, tensorParallel: Int = 1,
    hostTime: EngineTime = ModelledGPU.defaultHostTime,
    hostTimePerSequence: EngineTime = ModelledGPU.defaultHostTimePerSequence, linkBandwidth: Double? = nil,
    profile: OperatorProfile? = nil
  ) throws(DeviceError) {
    try self.init(
      accelerator: accelerator, model: model, tensorParallel: tensorParallel, hostTime: hostTime,
      hostTimePerSequence: hostTimePerSequence, linkBandwidth: linkBandwidth, profile: profile, share: nil)
  }

  /// - Parameter share: What its kernels may use of the chip; nil for all of it.
  init(
    accelerator: Accelerator, model: ModelCard, tensorParallel: Int, hostTime: EngineTime, hostTimePerSequence: EngineTime,
    linkBandwidth: Double?, profile: OperatorProfile?, share: Chip.Share?
  ) throws(DeviceError) {
    let ranks = tensorParallel
    let label =
      (ranks > 1 ? "\(ranks)× " : "") + "\(accelerator.name), \(model.name)" + (profile == nil ? "" : ", profiled")
    guard model.canSplit(ranks: ranks) else {
      throw DeviceError(
        device: label, problem: .unevenSplit(parallel: ranks, heads: model.heads, kvHeads: model.kvHeads))
    }
    self.accelerator = accelerator
    self.model = model
    self.tensorParallel = ranks
    self.hostTime = hostTime
    self.hostTimePerSequence = hostTimePerSequence
    self.linkBandwidth = linkBandwidth
    isProfiled = profile != nil
    name = label
    let arithmetic = model.scalesBlocks ? Chip.Arithmetic.blockScaled : .tensorScaled
    let whole = Chip(accelerator, weights: model.weightFormat, arithmetic: arithmetic, wideTiles: model.wideTiles, linkBandwidth: linkBandwidth)
    let chip = whole.limited(to: share)
    let expertChip =
      model.expertFormat.map { Chip(accelerator, weights: $0, linkBandwidth: linkBandwidth).limited(to: share) } ?? chip
    energy = EnergyModel(accelerator)
    var notes = [profile.map { "times \($0.notes)" } ?? accelerator.confidence]
    notes.append(
      energy.map { "energy modelled from \($0.source)" + (ranks > 1 ? ", that of \(ranks) GPUs" : "") } ?? "no statement about energy")
    self.notes = notes
    kernelsAsBegun = StepKernels(
      chip: chip, program: LayerProgram(model: model, ranks: ranks, chip: chip, expertChip: expertChip, profile: profile),
      attention: AttentionKernels(model, ranks: ranks, chip: chip, isBlackwell: accelerator.isDataCentreBlackwell),
      retain: RetainKernel(model, ranks: ranks, chip: chip), attentionProfile: profile?.attention)
    kernels = model.kvFormat == .f16
      ? kernelsAsBegun : kernelsAsBegun.with(kernelsAsBegun.attention, measured: false)
  }

  /// Not with a profile: its times are those of the whole GPU.
  public var sharesSMs: Bool { !isProfiled && !SharedLanes.shares(of: accelerator).isEmpty }
  public func sharedLanes() -> (any BatchLanes)? { sharesSMs ? try? SharedLanes(self) : nil }

  /// The same GPU as a stream sees it that has a share of it.
  func limited(to share: Chip.Share) throws(DeviceError) -> ModelledGPU {
    try ModelledGPU(
      accelerator: accelerator, model: model, tensorParallel: tensorParallel, hostTime: hostTime,
      hostTimePerSequence: hostTimePerSequence, linkBandwidth: linkBandwidth, profile: nil, share: share)
  }

  public func nanoBatched(_ most: Int) -> (any Device)? {
    if isProfiled { return nil }
    return most > 1 ? try? NanoBatchedGPU(self, most: most) : self
  }

  /// The kernels for the format that keys and values are in now.
  mutating func setAttention() {
    kernels = kernelsAsBegun.with(
      AttentionKernels(model, ranks: tensorParallel, chip: chip, isBlackwell: accelerator.isDataCentreBlackwell),
      retain: RetainKernel(model, ranks: tensorParallel, chip: chip), measured: model.kvFormat == .f16)
  }

  public func hostTime(sequences: Int) -> EngineTime {
    hostTime + EngineTime(nanoseconds: hostTimePerSequence.nanoseconds * Int64(sequences))
  }

  /// Never throws. Which drafts stand says `acceptance`; without it none does.
  ///
  /// - Complexity: A pass over the slots for each reach of attention, and a table lookup for each kernel of each
  ///   kind of layer; nothing is allocated but the outcome.
  public mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    let kernels = kernels
    var totals = StepTotals(
      hostTime: hostTime(sequences: batch.slots.count), energy: energy, ranks: tensorParallel, chip: kernels.chip)
    var stopped: Depth?
    if batch.passages.isEmpty, batch.interruption == nil {
      kernels.forEachKernel(of: StepLoad(batch, for: kernels.attention)) { kind, place, kernel in
        var times = 1
        if case .layer(let variant) = place { times = kernels.program.variants[variant].count }
        totals.add(kernel, kind: kind, times: times)
      }
    } else {
      let (launches, depth) = passingLaunches(of: batch)
      for launch in launches { totals.add(launch.estimate, kind: launch.kind, times: 1) }
      stopped = depth
    }
    if let stopped {
      return BatchOutcome(
        slots: batch.slots.map { _ in BatchOutcome.Slot(accepted: 0, emitted: 0) }, tokens: [], duration: totals.duration,
        cost: totals.cost, stopped: stopped)
    }

    var drafts = 0
    for slot in batch.slots { drafts += Int(slot.drafts) }
    var slots: [BatchOutcome.Slot] = []
    let tokens = [TokenID](capacity: batch.slots.count + drafts) { tokens in
      slots = [BatchOutcome.Slot](capacity: batch.slots.count) { slots in
        for slot in batch.slots {
          let accepted = drafts == 0 ? 0 : accepted(of: slot)
          slots.append(BatchOutcome.Slot(accepted: accepted, emitted: slot.samples ? accepted + 1 : 0))
          guard slot.samples else { continue }
          let output = TokenStream.output(of: slot.request)
          tokens.append(output.token(at: Int(slot.outputs)))
          for number in 0..<accepted { tokens.append(output.token(at: Int(slot.outputs) + number + 1)) }
        }
      }
    }
    return BatchOutcome(slots: slots, tokens: tokens, duration: totals.duration, cost: totals.cost)
  }

  /// How many of a slot's drafts stand.
  private func accepted(of slot: Batch.Slot) -> Int {
    guard slot.drafts > 0, !slot.draftsArePadding, let acceptance else { return 0 }
    let stand = acceptance.draw(slot.request, outputs: Int(slot.outputs), label: slot.label, limit: Int(slot.drafts)).stand
    // Drafts that were made beside the last step had one before them, which stood.
    return min(Int(slot.drafts), overlap == .off ? stand : max(0, stand - 1))
  }

  public func kernels(of batch: Batch) -> [KernelRun] {
    var now = hostTime(sequences: batch.slots.count)
    return launches(of: batch).map { launch in
      defer { now += launch.estimate.time }
      return KernelRun(launch.kind, launch.estimate, layer: launch.layer, start: now)
    }
  }

  /// Nanoseconds and bytes of all kernels of a step.
  func sums(of batch: Batch) -> (time: Double, bytes: Double) {
    var (time, bytes) = (Int64(0), 0.0)
    kernels.forEachKernel(of: StepLoad(batch, for: kernels.attention)) { _, place, kernel in
      var times = 1
      if case .layer(let variant) = place { times = kernels.program.variants[variant].count }
      time += kernel.time.nanoseconds * Int64(times)
      bytes += kernel.bytes * Double(times)
    }
    return (Double(time), bytes)
  }

  /// A kernel of a step, and the layer it belongs to.
  struct Launch {
    var kind: KernelRun.Kind
    var layer: Int?
    var estimate: KernelEstimate
  }

  /// Kernels of a step, those of layers that are alike once and without a number; attention over prompts and over decodes
  /// apart.
  func launchesOnce(of batch: Batch) -> [(place: StepKernels.Place, launch: Launch)] {
    var load = StepLoad(batch, for: kernels.attention)
    load.isApart = true
    var once: [(place: StepKernels.Place, launch: Launch)] = []
    kernels.forEachKernel(of: load) { once.append(($1, Launch(kind: $0, layer: nil, estimate: $2))) }
    return once
  }

  /// Every kernel of a step, in order.
  func launches(of batch: Batch) -> [Launch] {
    guard batch.passages.isEmpty, batch.interruption == nil else { return passingLaunches(of: batch).launches }
    var once: [(kind: KernelRun.Kind, place: StepKernels.Place, estimate: KernelEstimate)] = []
    kernels.forEachKernel(of: StepLoad(batch, for: kernels.attention)) { once.append(($0, $1, $2)) }
    var launches: [Launch] = []
    launches.reserveCapacity(once.count * model.layers)
    func run(_ place: StepKernels.Place, layer: Int?) {
      for kernel in once where kernel.place == place {
        launches.append(Launch(kind: kernel.kind, layer: layer, estimate: kernel.estimate))
      }
    }
    run(.opening, layer: nil)
    for layer in 0..<model.layers { run(.layer(variant: kernels.program.order[layer]), layer: layer) }
    run(.closing, layer: nil)
    return launches
  }
}

/// The sums over a step's kernels.
struct StepTotals: Sendable {
  var duration: EngineTime
  private let energy: EnergyModel?
  private let ranks: Int
  private let bandwidth: Double
  private let multiprocessors: Int
  private var operations = 0.0
  private var bytes = 0.0
  private var joules = 0.0
  /// Nanoseconds during which SMs, and tensor cores at their peak, had work.
  private var smTime = 0.0
  private var tensorTime = 0.0
  /// And during which SMs had none because the last wave had no tile for them.
  private var tailTime = 0.0

  init(hostTime: EngineTime, energy: EnergyModel?, ranks: Int, chip: Chip) {
    duration = hostTime
    self.energy = energy
    self.ranks = ranks
    bandwidth = chip.bandwidth
    multiprocessors = chip.multiprocessors
    if let energy { joules = energy.watts() * hostTime.seconds }
  }

  @inline(__always)
  mutating func add(_ kernel: KernelEstimate, kind: KernelRun.Kind, times: Int) {
    let time = kernel.time.nanoseconds * Int64(times)
    duration.nanoseconds += time
    operations += kernel.operations * Double(times)
    bytes += kernel.bytes * Double(times)
    let busy = kernel.smBusy * Double(time)
    smTime += busy
    tailTime += busy * (Double(multiprocessors * kernel.waves) / Double(kernel.tiles) - 1)
    tensorTime += kernel.tensorBusy * Double(time)
    guard let energy, kernel.time > .zero else { return }
    let alone = Double(kernel.time.nanoseconds)
    // A message of n bytes is read and written once here, and crosses the link about as often.
    let link = kind == .allReduce || kind == .send ? kernel.bytes / alone * 1e9 : 0
    let watts = energy.watts(
      sm: kernel.smBusy, tensor: kernel.tensorBusy, memory: min(1, kernel.bytes * 1000 / (bandwidth * alone)), link: link)
    joules += watts * Double(time) * 1e-9
  }

  /// Fractions of the whole step, the host's time included. They follow from the model; no source
  /// holds hardware counters to check them against.
  var cost: StepCost {
    var cost = StepCost()
    cost.operations = operations
    cost.bytes = bytes
    cost.energy = energy == nil ? nil : Double(ranks) * joules
    let time = max(1, Double(duration.nanoseconds))
    cost.smBusy = min(1, smTime / time)
    cost.tailIdle = min(1, tailTime / time)
    cost.tensorBusy = min(1, tensorTime / time)
    cost.bandwidthBusy = min(1, bytes * 1000 / (bandwidth * time))
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
