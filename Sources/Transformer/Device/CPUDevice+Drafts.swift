public import Core
public import Hardware

/// Drafts that are computed: by a smaller model, or by a part of the target's own layers.
///
/// All requests go through the drafter together, token by token: one pass reads what it has not read yet and gives the first
/// draft, each further pass gives one more.
extension CPUDevice {
  /// A sequence that is being drafted for.
  struct Drafting {
    var draft: Draft
    /// The distributions that drafts were drawn from, under sampling.
    var drawn: [Sampler.Drawn] = []
    var limit: Int
    /// Tokens of the next pass, from position `first` on.
    var pending: [TokenID]
    var first: Int
    var table: [BlockID]
    var dropped = 0
    var folded: FoldedTable?
    /// Tokens before it are known; later ones are drafts.
    var begin: Int

    var span: SequenceSpan {
      var span = SequenceSpan(tokens: pending, first: first, table: table, logits: pending.count - 1..<pending.count, dropped: dropped)
      span.begin = begin
      span.folded = folded
      return span
    }
  }

  public func fault(of means: DraftMeans) -> String? {
    switch means {
    case .text: nil
    case .smallModel: companion == nil ? "no smaller model is loaded — begin with --draft-model FILE" : nil
    case .ownLayers(let first, let last):
      used(first, last).count < model.shape.layers
        ? nil : "\(model.name) has \(model.shape.layers) layers: draft with fewer, or with a part of them"
    case .ownCache:
      QuantisedCopy.canCopy(cache) ? nil : "keys of \(cache.headWidth) channels cannot be kept in four bits"
    }
  }

  public func timed(_ body: () -> Void) -> EngineTime {
    let start = ContinuousClock.now
    body()
    return EngineTime(.now - start)
  }

  public mutating func draft(_ task: DraftTask) throws(DeviceError) -> DraftOutcome? {
    proposals.removeAll()
    let start = ContinuousClock.now
    var draftings: [Drafting] = []
    var cost = StepCost()
    switch task.means {
    case .text: return nil
    case .smallModel:
      guard let companion else { return nil }
      if draftMemory == nil { draftMemory = DraftMemory(companion.shape) }
      draftMemory?.keep(task.running)
      for wish in task.wishes { if let drafting = open(wish) { draftings.append(drafting) } }
      try draft(&draftings, of: task, in: \.draftMemory!.store, cost: &cost) { device, spans in
        companion.workspace.use { scratch in
          (companion.weights.forward(spans, in: &device.draftMemory!.store, scratch: &scratch), scratch.runs)
        }
      }
      // The last draft did not go through the drafter; of the others it is not known yet which stand.
      for drafting in draftings { draftMemory?.setComputed(drafting.first, of: drafting.draft.request) }
    case .ownLayers(let first, let last):
      let layers = used(first, last)
      // Keys and values of drafts lie where their verification will put the true ones.
      for wish in task.wishes {
        if var drafting = atEnd(of: wish) {
          drafting.folded = task.batch.retaining.flatMap { foldedTable(of: wish.request.id, $0) }
          draftings.append(drafting)
        }
      }
      try draft(&draftings, of: task, in: \.cache, cost: &cost) { device, spans in
        device.model.workspace.use { scratch in
          (device.model.weights.forward(spans, in: &device.cache, scratch: &scratch, layers: layers), scratch.runs)
        }
      }
    case .ownCache:
      var copy = quantised ?? QuantisedCopy(of: cache)
      quantised = nil
      copy.keep(task.running)
      // A copy has every token in its place; who gave some up gets no drafts.
      for wish in task.wishes where wish.dropped == 0 {
        guard let drafting = atEnd(of: wish) else { continue }
        copy.bring(wish.request.id, wish.table, tokens: drafting.first, from: cache, pool: model.workspace.pool)
        draftings.append(drafting)
      }
      quantised = copy
      try draft(&draftings, of: task, in: \.quantised!.store, cost: &cost) { device, spans in
        device.model.workspace.use { scratch in
          (device.model.weights.forward(spans, in: &device.quantised!.store, scratch: &scratch), scratch.runs)
        }
      }
    }
    let duration = EngineTime(.now - start)
    if let rate = facts.bytesPerSecond, duration > .zero { cost.bandwidthBusy = min(1, cost.bytes / rate / duration.seconds) }
    proposals = draftings.filter { !$0.drawn.isEmpty }
    return DraftOutcome(drafts: draftings.map(\.draft).filter { !$0.tokens.isEmpty }, duration: duration, cost: cost)
  }

  /// A drafter that reads the request's own blocks begins with its last known token.
  private func atEnd(of wish: DraftTask.Wish) -> Drafting? {
    let known = wish.request.known
    let limit = min(wish.limit, wish.table.count * cacheTokensPerBlock - (known - 1 - wish.dropped))
    guard limit > 0 else { return nil }
    return Drafting(
      draft: Draft(request: wish.request.id, tokens: []), limit: limit, pending: wish.request.tokens(in: known - 1..<known), first: known - 1,
      table: wish.table, dropped: wish.dropped, begin: known - 1)
  }

  /// The layers that `early-exit` computes.
  private func used(_ first: Int, _ last: Int) -> [Int] {
    let all = model.shape.layers
    let first = first == 0 && last == 0 ? max(1, all / 2) : first
    return (0..<all).filter { $0 < first || $0 >= all - last }
  }

  private mutating func open(_ wish: DraftTask.Wish) -> Drafting? {
    let known = wish.request.known
    guard let companion, known + wish.limit <= companion.shape.contextLength,
      let sequence = draftMemory?.open(wish.request.id, tokens: known + wish.limit)
    else { return nil }
    let computed = min(sequence.computed, known - 1)
    return Drafting(
      draft: Draft(request: wish.request.id, tokens: []), limit: wish.limit, pending: wish.request.tokens(in: computed..<known),
      first: computed, table: sequence.table, begin: computed)
  }

  private mutating func draft(
    _ draftings: inout [Drafting], of task: DraftTask, in store: WritableKeyPath<CPUDevice, KVStore>, cost: inout StepCost,
    by forward: (inout CPUDevice, [SequenceSpan]) -> (logits: [Float], runs: [StageRun])
  ) throws(DeviceError) {
    if task.isTree { return try grow(&draftings, in: store, cost: &cost, by: forward) }
    let most = draftings.reduce(0) { max($0, $1.limit) }
    for pass in 0..<most {
      let active = draftings.indices.filter { draftings[$0].limit > pass }
      let (logits, runs) = forward(&self, active.map { draftings[$0].span })
      cost.add(runs)
      for (row, number) in active.enumerated() {
        let drafting = draftings[number]
        let position = drafting.first + drafting.pending.count
        let guess = logits.withUnsafeBufferPointer { logits in
          sampler.draft(self.row(row, of: logits), request: drafting.draft.request, position: position)
        }
        guard let guess else { throw noNumbers }
        draftings[number].draft.tokens.append(guess.token)
        draftings[number].draft.confidence.append(guess.confidence)
        if let drawn = guess.drawn { draftings[number].drawn.append(drawn) }
        draftings[number].pending = [guess.token]
        draftings[number].first = position
      }
    }
  }

  func row(_ row: Int, of logits: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
    let vocabulary = model.shape.vocabulary
    return UnsafeBufferPointer(rebasing: logits[row * vocabulary..<(row + 1) * vocabulary])
  }

  var noNumbers: DeviceError { DeviceError(device: name, problem: .failed("the drafter's logits are no numbers — is its file whole?")) }

  /// The distributions from which the drafts of a slot were drawn; empty where they were not drawn.
  func drawn(_ slot: Batch.Slot, _ drafts: ArraySlice<TokenID>) -> [Sampler.Drawn] {
    guard slot.drafts > 0, !slot.draftsArePadding, let proposal = proposals.first(where: { $0.draft.request == slot.request }),
      proposal.draft.tokens.starts(with: drafts)
    else { return [] }
    return proposal.drawn
  }
}

extension Request {
  /// Known tokens.
  func tokens(in range: Range<Int>) -> [TokenID] {
    var tokens: [TokenID] = []
    tokens.reserveCapacity(range.count)
    forEachToken(in: range) { tokens.append($0) }
    return tokens
  }
}
