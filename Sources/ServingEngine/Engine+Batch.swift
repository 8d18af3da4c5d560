import Core
import Hardware
import KVMemory
import Scheduling

/// A plan as a work order for the device.
extension Engine {
  func makeBatch(_ plan: StepPlan) -> Batch {
    let isInterruptible = plan.isInterruptible
    let requests = state.scheduler.requests
    let tables = state.scheduler.memory.tables
    var passages: [Batch.Passage] = []
    let slots = [Batch.Slot](capacity: plan.slots.count) { slots in
      for position in plan.slots.indices {
        let slot = plan.slots[position]
        let row = Int(slot.row)
        // Where it may be interrupted, nothing is in flight before it has come to its end.
        let samples = isInterruptible ? Int(slot.first + slot.count) == requests[row].known : !requests[row].isReading
        if !slot.isWhole { passages.append(Batch.Passage(slot: position, from: slot.from, to: slot.to)) }
        slots.append(
          Batch.Slot(
            request: slot.request, first: Int(slot.first + slot.blended), count: Int(slot.computes), drafts: Int(slot.drafts),
            draftsArePadding: slot.draftsArePadding, promptCount: requests[row].prompt.count,
            outputs: requests[row].output.count + requests[row].inFlight - (samples && !isInterruptible ? 1 : 0),
            samples: samples, label: requests[row].label, dropped: Int(tables[row].dropped)))
      }
    }
    var batch = Batch(slots: slots)
    if attention != .dense {
      batch.shared = attention.sharedParts(of: slots, tables: self.tables(plan), tokensPerBlock: state.memory.tokensPerBlock)
    }
    batch.sparse = attention.sparse(tokensPerBlock: state.memory.tokensPerBlock)
    batch.passages = passages
    batch.retaining = retaining(plan)
    if isInterruptible { batch.interruption = .never }
    return batch
  }

  private func retaining(_ plan: StepPlan) -> Retaining? {
    // Who has given something up is remembered as long as he runs.
    guard !planner.retention.keepsAll || state.scheduler.droppedTokens > 0 else { return nil }
    var retaining = Retaining(policy: planner.retention.choice, protected: planner.protected, watch: planner.retention.watch)
    retaining.compactions = plan.compactions
    if device.language != nil { retaining.running = state.scheduler.running.map { state.scheduler.requests[Int($0)].id } }
    retaining.folded = folded(plan)
    return retaining
  }

  func tables(_ plan: StepPlan) -> [[BlockID]] {
    plan.slots.map { state.scheduler.memory.tables[Int($0.row)].blocks }
  }

  /// The drafts of each slot. Padding has the shape of drafts and no meaning.
  func drafts(_ plan: StepPlan, _ proposed: [[TokenID]]) -> [[TokenID]] {
    guard speculates else { return [] }
    return plan.slots.map { slot in
      slot.draftsArePadding ? [TokenID](repeating: 0, count: Int(slot.drafts)) : Array(proposed[Int(slot.row)].prefix(Int(slot.drafts)))
    }
  }

  /// The tokens that a step computes. They are known only now: with asynchronous scheduling the step before gave some of
  /// them after this one was planned.
  func contents(_ step: DecidedStep) -> [Batch.Content] {
    step.plan.slots.indices.map { number in
      let slot = step.plan.slots[number]
      var (tokens, before): ([TokenID], [TokenID]) = ([], [])
      if state.scheduler.isAlive(slot.request, row: Int(slot.row)) {
        let request = state.scheduler.requests[Int(slot.row)]
        let drafts = Int(slot.drafts)
        let end = Int(slot.first) + Int(slot.count) - drafts
        tokens.reserveCapacity(Int(slot.count))
        request.forEachToken(in: Int(slot.first)..<end) { tokens.append($0) }
        if drafts > 0 { tokens += step.drafts[number] }
        if slot.first > 0, device.wantsHistory(of: slot.request) { request.forEachToken(in: 0..<Int(slot.first)) { before.append($0) } }
      }
      var tree = slot.drafts > 0 && !slot.draftsArePadding ? drafting.trees[slot.request] : nil
      tree?.cut(to: Int(slot.drafts))
      return Batch.Content(tokens: tokens, table: step.tables[number], before: before, tree: tree)
    }
  }
}
