public import Core

/// Drafts that are made while others are verified.
extension ModelledGPU {
  /// - Parameter overlap: Where the draft model lies, and so when it drafts.
  public func drafting(_ overlap: DraftOverlap) -> ModelledGPU {
    var gpu = self
    gpu.overlap = overlap
    gpu.hostWork = .zero
    return gpu
  }

  /// Of the drafts that are made during a step only those are of use that go on from drafts that all stand, and whose first
  /// is the model's own token; that one is known then and not verified.
  ///
  /// `acceptance` says how much of a draft that goes on from a right text stands, and that is what both guess about.
  func draftMeanwhile(_ task: DraftTask, _ acceptance: Acceptance) -> [Draft] {
    var standing: Set<RequestID> = []
    for (slot, accepted) in zip(task.batch.slots, task.accepted) where Int(slot.drafts) == accepted { standing.insert(slot.request) }
    return task.wishes.compactMap { wish in
      guard standing.contains(wish.request.id), wish.limit > 1 else { return nil }
      let (count, stand) = acceptance.draw(wish.request.id, outputs: wish.request.output.count, label: wish.request.label, limit: wish.limit)
      let drafts = min(count, wish.limit)
      return stand > 0 && drafts > 1 ? Draft(request: wish.request.id, tokens: [TokenID](repeating: 0, count: drafts - 1)) : nil
    }
  }

  /// What the host's cores manage while the GPU computes a step: they read its prompts, and draft with the time that is left,
  /// evenly for all. What they have not read by then they read in the next.
  mutating func shareHostTime(_ task: inout DraftTask, drafting: Int, reading: Int) {
    let prompts = task.batch.slots.reduce(0) { $0 + ($1.isDecode ? 0 : Int($1.count)) }
    hostWork += .seconds(Double(prompts) / Double(reading))
    let spare = max(.zero, task.verifying - hostWork)
    hostWork = max(.zero, hostWork - task.verifying)
    let tokens = Int(spare.seconds * Double(drafting))
    let count = max(1, task.wishes.count)
    for number in task.wishes.indices {
      task.wishes[number].limit = min(task.wishes[number].limit, tokens / count + (number < tokens % count ? 1 : 0))
    }
  }
}

extension Acceptance {
  /// Tokens of a step on average where drafts of so many are made while others are verified; nil where such drafts are not known.
  ///
  /// A step has drafts if all of the last one stood and the guess behind them was right. With r(i) the likelihood that i stand,
  /// drafts follow a step with some with likelihood r(n) and one without with r(1); a step with drafts gives Σ r(i) / r(1).
  public func expectedOverlapped(_ label: UInt16, drafts: Int) -> Double? {
    let kind = kind(ofLabel: label)
    guard drafts > 0 else { return 1 }
    guard drafts <= kind.most, !isOfTrees else { return nil }
    let rates = kind.rates.prefix(drafts).compactMap { $0 }
    guard rates.count == drafts, let first = rates.first, let last = rates.last else { return nil }
    return (1 - last + rates.reduce(0, +)) / (1 + first - last)
  }
}
