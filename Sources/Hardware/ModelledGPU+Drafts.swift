public import Core

/// Drafts whose tokens stand for nothing: how many there are and which stand says `acceptance`, what they cost the kernels.
extension ModelledGPU {
  public func fault(of means: DraftMeans) -> String? {
    if acceptance == nil {
      return "nothing says which drafts a modelled model would accept — give --acceptance 0.8,0.7,… (share of drafts whose first, first two, … tokens stand), --acceptance FILE of `workbench profile-acceptance`, or --tokens-from MODEL"
    }
    switch means {
    case .text: return nil
    case .smallModel: return draftModelFault
    case .ownLayers(let first, let last):
      return first + last < model.layers ? nil : "\(model.name) has \(model.layers) layers: draft with fewer"
    case .ownCache: return ownCacheFault
    }
  }

  var draftModelFault: String? { draftModel == nil ? "no smaller model is loaded — begin with --draft-model CARD" : nil }

  /// The four bits are the upper half of eight, as in QuantSpec (arXiv 2502.10424): they take no memory of their own.
  var ownCacheFault: String? {
    if quantisedKernels == nil { return "keys and values of \(model.name) are not modelled in four bits" }
    return model.kvFormat == .int8 ? nil : "on a modelled GPU the four bits are the upper half of an eight-bit cache — give --kv-format int8"
  }

  public var mostDrafts: Int? { acceptance?.most }

  public mutating func draft(_ task: DraftTask) -> DraftOutcome? {
    guard let acceptance else { return nil }
    if overlap != .off {
      var task = task
      if case .duodecoding(let drafting, let reading) = overlap { shareHostTime(&task, drafting: drafting, reading: reading) }
      let isOnGPU = overlap == .pearl
      var outcome = DraftOutcome(drafts: draftMeanwhile(task, acceptance), duration: isOnGPU ? drafting(task).duration : .zero)
      outcome.isBeside = true
      return outcome
    }
    let drafts = task.wishes.compactMap { acceptance.draft($0.request, limit: $0.limit) }
    let (duration, cost) = drafting(task)
    return DraftOutcome(drafts: drafts, duration: duration, cost: cost)
  }

  /// What a step's drafts cost.
  ///
  /// As vLLM drafts: the smaller model reads all that the step has computed, prompts too, and gives the first draft; each
  /// further pass gives one more to every sequence. The target's own layers have read it already and start at the last
  /// token; so does all of it with its cache in four bits, whose reading is that of `KVFormat.int4`. The host launches passes ahead (they are captured once), so its time is counted once, with the step.
  /// Lookups in the text are free here; on a real machine they take the host some microseconds. A tree takes a pass for each
  /// of its levels, over the tokens of the level before.
  ///
  /// - Parameter drafts: What came of it where tokens are real; nil where `acceptance` says how trees look.
  func drafting(_ task: DraftTask, giving drafts: [Draft]? = nil) -> (duration: EngineTime, cost: StepCost) {
    let widths = task.wishes.map { wish in task.isTree ? levels(of: wish, drafts) : [Int](repeating: 1, count: wish.limit) }
    let passes = widths.reduce(0) { max($0, $1.count) }
    switch task.means {
    case .text: return (.zero, StepCost())
    case .smallModel:
      guard let draftModel else { return (.zero, StepCost()) }
      // It keeps all of its own keys and values.
      var total = cost(of: task.batch.keepingAll, on: draftModel.kernels, layers: nil)
      for pass in 1..<max(1, passes) {
        add(cost(of: decodes(task, pass, widths).keepingAll, on: draftModel.kernels, layers: nil), to: &total)
      }
      return total
    case .ownLayers(let first, let last):
      let first = first == 0 && last == 0 ? max(1, model.layers / 2) : first
      let layers = (0..<model.layers).filter { $0 < first || $0 >= model.layers - last }
      var total = (duration: EngineTime.zero, cost: StepCost())
      for pass in 0..<passes { add(cost(of: decodes(task, pass, widths), on: kernels, layers: layers), to: &total) }
      return total
    case .ownCache:
      guard let quantisedKernels else { return (.zero, StepCost()) }
      var total = (duration: EngineTime.zero, cost: StepCost())
      for pass in 0..<passes { add(cost(of: decodes(task, pass, widths), on: quantisedKernels, layers: nil), to: &total) }
      return total
    }
  }

  private func levels(of wish: DraftTask.Wish, _ drafts: [Draft]?) -> [Int] {
    guard let drafts else { return acceptance?.levels(wish.request.label, tokens: wish.limit) ?? [] }
    return drafts.first { $0.request == wish.request.id }?.tree?.levels ?? []
  }

  /// One token for each sequence that still wants drafts; of a tree those of the level before.
  private func decodes(_ task: DraftTask, _ pass: Int, _ widths: [[Int]]) -> Batch {
    Batch(
      slots: zip(task.wishes, widths).filter { $1.count > pass }.map { wish, widths in
        let count = pass > 0 ? widths[pass - 1] : 1
        return Batch.Slot(
          request: wish.request.id, first: wish.request.known - 1 + pass, count: count, drafts: count - 1,
          promptCount: wish.request.prompt.count, outputs: wish.request.output.count, samples: true, dropped: wish.dropped)
      })
  }

  private func add(_ part: (duration: EngineTime, cost: StepCost), to total: inout (duration: EngineTime, cost: StepCost)) {
    total.cost = total.duration > .zero ? total.cost.followed(by: part.cost, after: total.duration, lasting: part.duration) : part.cost
    total.duration += part.duration
  }

  /// The kernels of a pass without the host's time.
  ///
  /// - Parameter layers: Nil for all.
  private func cost(of batch: Batch, on kernels: StepKernels, layers: [Int]?) -> (duration: EngineTime, cost: StepCost) {
    var totals = StepTotals(hostTime: .zero, energy: energy, ranks: tensorParallel, chip: kernels.chip)
    var times = kernels.program.variants.map(\.count)
    if let layers {
      times = [Int](repeating: 0, count: times.count)
      for layer in layers { times[kernels.program.order[layer]] += 1 }
    }
    kernels.forEachKernel(of: StepLoad(batch, for: kernels.attention)) { kind, place, kernel in
      if case .layer(let variant) = place { totals.add(kernel, kind: kind, times: times[variant]) } else { totals.add(kernel, kind: kind, times: 1) }
    }
    return (totals.duration, totals.cost)
  }
}

extension Batch {
  /// The same over whole contexts.
  fileprivate var keepingAll: Batch {
    guard retaining != nil || slots.contains(where: { $0.dropped > 0 }) else { return self }
    var batch = self
    batch.retaining = nil
    for number in batch.slots.indices { batch.slots[number].dropped = 0 }
    return batch
  }
}

/// A smaller model on the same GPUs.
public struct DraftCard: Sendable {
  public let model: ModelCard
  let kernels: StepKernels
}

extension ModelledGPU {
  /// Whether drafts can be made beside their verification; if not, why.
  public func fault(ofOverlapping overlap: DraftOverlap, _ means: DraftMeans, isTree: Bool) -> String? {
    if overlap == .off { return nil }
    if means != .smallModel || isTree { return "only --speculate draft-model drafts while others are verified — choose it, or --draft-overlap off" }
    return overlap.fault
  }

  /// The same with a smaller model beside the target, and a source that says which drafts stand.
  public func speculating(draftModel card: ModelCard?, acceptance: Acceptance?) throws(DeviceError) -> ModelledGPU {
    var gpu = self
    gpu.acceptance = acceptance
    if model.latent == nil, model.headDimension % 16 == 0 {
      var card = model
      card.kvFormat = .int4
      gpu.quantisedKernels = kernels.with(
        AttentionKernels(card, ranks: tensorParallel, chip: chip, isBlackwell: accelerator.isDataCentreBlackwell), measured: false)
    }
    if let card {
      let beside = try ModelledGPU(accelerator: accelerator, model: card, tensorParallel: tensorParallel)
      gpu.draftModel = DraftCard(model: card, kernels: beside.kernels)
    }
    return gpu
  }
}
