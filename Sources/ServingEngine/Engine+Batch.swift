import Core
import KVMemory
import Scheduling

/// A plan as a work order for the device.
extension Engine {
  func makeBatch(_ plan: StepPlan) -> Batch {
    var slots: [Batch.Slot] = []
    var passages: [Batch.Passage] = []
    slots.reserveCapacity(plan.slots.count)
    for (position, slot) in plan.slots.enumerated() {
      let request = Int(slot.row)
      // Where it may be interrupted, nothing is in flight before it has come to its end.
      let samples = plan.isInterruptible
        ? Int(slot.first + slot.count) == state.scheduler.requests[request].known : !state.scheduler.requests[request].isReading
      if !slot.isWhole { passages.append(Batch.Passage(slot: position, from: slot.from, to: slot.to)) }
      slots.append(
        Batch.Slot(
          request: slot.request, first: Int(slot.first), count: Int(slot.count), drafts: Int(slot.drafts),
          draftsArePadding: slot.draftsArePadding, promptCount: state.scheduler.requests[request].prompt.count,
          outputs: state.scheduler.requests[request].output.count + state.scheduler.requests[request].inFlight
            - (samples && !plan.isInterruptible ? 1 : 0),
          samples: samples))
    }
    var batch = Batch(slots: slots)
    batch.passages = passages
    if plan.isInterruptible { batch.interruption = .never }
    return batch
  }

  func tables(_ plan: StepPlan) -> [[BlockID]] {
    plan.slots.map { state.scheduler.memory.tables[Int($0.row)].blocks }
  }

  /// The tokens that a step computes. They are known only now: with asynchronous scheduling the step before gave some of
  /// them after this one was planned.
  func contents(_ step: DecidedStep) -> [Batch.Content] {
    zip(step.plan.slots, step.tables).map { slot, table in
      var tokens: [TokenID] = []
      if state.scheduler.isAlive(slot.request, row: Int(slot.row)) {
        let request = state.scheduler.requests[Int(slot.row)]
        let drafts = Int(slot.drafts)
        let end = Int(slot.first) + Int(slot.count) - drafts
        tokens.reserveCapacity(Int(slot.count))
        request.forEachToken(in: Int(slot.first)..<end) { tokens.append($0) }
        tokens += request.draft.prefix(drafts)
        // Padding has the shape of drafts and no meaning.
        while tokens.count < Int(slot.count) { tokens.append(0) }
      }
      return Batch.Content(tokens: tokens, table: table)
    }
  }
}
