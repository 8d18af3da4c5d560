import Core
import KVMemory

/// One planning in progress: budgets left, decisions taken.
struct Pass {
  enum Share { case all, decoding, reading }

  let step: StepIndex
  let scope: BatchScope
  let limits: Limits
  let policy: any SchedulingPolicy
  let reservation: any Reservation
  let retention: any Retention
  /// False where everything is kept.
  let compacts: Bool
  let protected: Int
  let victim: Victim
  let swaps: Bool
  /// `turn` decides who is admitted next.
  let hasTurns: Bool
  var plan = StepPlan()

  /// Tokens that may still be computed in this step.
  var budget: Int
  /// Rows of the drafter's input that are left; falls faster than `budget` when drafts need slots.
  var input: Int
  /// A chunk's greatest length while others live; 0 is no limit.
  let threshold: Int
  var holdsPrefill = false
  var readsWholePrompts = false
  /// A prompt longer than all the budget is cut even so.
  var cutsGiants = false
  /// Prompts go through the model in parts, in so many steps; 0: by their length; nil: they do not.
  let groups: Int?
  let layers: Int
  let cutsLayers: Bool
  /// Prompts may begin their way through the layers.
  var beginsWays = true
  /// Only who is more urgent may be admitted; nil: all.
  var mostUrgency: Urgency?
  /// Tokens of prompts that may still be read in this step.
  var promptBudget = Int.max
  /// Only prompts of this queue are read on; nil: all.
  var readingLane: Int?
  /// Only requests with lower numbers may leave the queue.
  var joinsBelow = Int.max
  /// Chunks that stand elsewhere are reused, and this part of their tokens is computed again.
  let recomputedShare: Int
  var blends: Bool { recomputedShare < 100 }
  var servedReading = false
  var reachedAdmission = false
  var admittedReading = false

  init(step: StepIndex, planner: Planner, live: Int, scope: BatchScope) {
    let limits = planner.limits
    self.step = step
    self.scope = scope
    self.limits = limits
    policy = planner.policy
    reservation = planner.reservation
    retention = planner.retention
    compacts = !planner.retention.keepsAll
    protected = planner.protected
    victim = policy.victim
    swaps = planner.preemption != .recompute
    recomputedShare = planner.prefill.cutsLayers || planner.limits.speculation.maxDrafts > 0 ? 100 : planner.recomputedShare
    hasTurns = policy.hasTurns
    layers = planner.layers
    cutsLayers = planner.prefill.cutsLayers
    if case .layered(let number) = planner.prefill { groups = number } else { groups = nil }
    budget = limits.maxBatchedTokens
    input = limits.maxBatchedTokens
    switch planner.prefill {
    case .chunked(let tokens) where tokens > 0: threshold = tokens
    case .whole, .layered, .interruptible:
      threshold = 0
      readsWholePrompts = true
      cutsGiants = true
    case .chunked where live > 1 && limits.longPrefillThreshold > 0:
      threshold = limits.longPrefillThresholdAdapts
        ? max(limits.longPrefillThreshold, limits.maxBatchedTokens / live) : limits.longPrefillThreshold
    case .chunked: threshold = 0
    }
    plan.slots.reserveCapacity(min(limits.maxSequences, 256))
  }

  var draftSlots: Int { limits.speculation.draftSlots }
  /// Tokens that one request may still take.
  var room: Int { min(budget, input - draftSlots) }

  // MARK: Running requests

  mutating func serveRunning(_ share: Share, _ state: inout SchedulerState) {
    let hasCompany = scope != .alone
    var position = 0
    while position < state.running.count, budget > 0, input > draftSlots {
      let row = Int(state.running[position])
      let reading = state.requests[row].isReading
      let isServed = state.requests[row].plannedStep == step
      if isServed || (hasCompany && state.requests[row].inFlight > 0) || (share == .decoding && reading) || (share == .reading && !reading) || (holdsPrefill && reading)
        || (reading && (state.requests[row].underWay > 0 || !beginsWays || promptBudget <= 0 || (readingLane != nil && readingLane != Int(state.requests[row].lane))))
      {
        position += 1
        continue
      }
      let computed = state.requests[row].computed
      var want = state.requests[row].pending
      if threshold > 0 { want = min(want, threshold) }
      if reading { want = min(want, promptBudget) }
      if reading && readsWhole(want) {
        guard fitsWhole(want) else { break }
      } else {
        want = blends && reading ? stretch(row, from: computed, want: want, state) : min(want, room)
      }
      want = min(want, limits.maxModelLength - computed - 1)
      guard want > 0 else {
        position += 1
        continue
      }
      if compacts, !reading { compact(row, &state) }
      let slots = min(computed + want + limits.speculation.lookahead, limits.maxModelLength)
      let blocksStart = plan.blocks.count
      var fresh = 0
      if slots - Int(state.memory.tables[row].dropped) > state.memory.tables[row].blocks.count * state.memory.tokensPerBlock {
        guard makeRoom(for: row, slots: slots, position: &position, &state) else {
          if victim == .newest, plan.preempted.last?.outgrew == false { break }
          continue
        }
        fresh = state.memory.allocate(row, slots: slots, into: &plan.blocks)
      }
      let known = state.requests[row].known
      let drafts = max(0, want + computed - known - state.requests[row].inFlight)
      if drafts > 0 || !state.requests[row].draft.isEmpty {
        state.requests[row].draft.removeAll(keepingCapacity: true)
      }
      // What decodes beside them write, prompts find when it is there.
      if scope != .decodes, !(reading && cutsLayers) { state.publish(row, upTo: min(computed + want, known)) }
      if reading { servedReading = true }
      var slot = StepPlan.Slot(
        row: Int32(row), request: state.requests[row].id, entry: .continued, isReading: reading,
        first: Int32(computed), count: Int32(want), drafts: Int32(drafts), draftsArePadding: false,
        blocksStart: Int32(blocksStart), hitBlocks: 0, newBlocks: Int32(fresh))
      if blends, reading { blend(&slot, state) }
      take(slot, &state)
      position += 1
    }
  }

  func readsWhole(_ tokens: Int) -> Bool { readsWholePrompts && !(cutsGiants && tokens > limits.maxBatchedTokens) }

  /// Whether a prompt that is read whole can be read now. One that is longer than all the budget is read in a step of
  /// its own.
  func fitsWhole(_ tokens: Int) -> Bool { tokens <= room || plan.slots.isEmpty }

  /// Preempts until `row` can hold `slots` tokens. Who is in a batch under way keeps its blocks, and is waited for before
  /// `row` loses its own.
  /// - Returns: False when it was preempted itself, or must wait.
  mutating func makeRoom(
    for row: Int, slots: Int, position: inout Int, _ state: inout SchedulerState
  ) -> Bool {
    let need = state.memory.need(of: row, slots: slots)
    if state.requests[row].flights > 0, state.memory.tables[row].isReserved || need > state.memory.pool.freeCount {
      position += 1
      return false
    }
    if state.memory.tables[row].isReserved {
      // The reservation was too short, and what lies behind it may be another's.
      state.requests[row].reserved = Int32(2 * state.memory.tables[row].blocks.count * state.memory.tokensPerBlock)
      state.running.remove(at: position)
      var preemption = state.preempt(row: row, policy: policy, swaps: swaps)
      preemption.outgrew = true
      plan.preempted.append(preemption)
      return false
    }
    while need > state.memory.pool.freeCount {
      let victimPosition = choose(&state)
      if state.flying > 0, Int(state.running[victimPosition]) == row {
        position += 1
        return false
      }
      let victimRow = Int(state.running.remove(at: victimPosition))
      if victimPosition < position { position -= 1 }
      if state.requests[victimRow].plannedStep == step { giveBack(row: victimRow, &state) }
      if !plan.compactions.isEmpty { plan.compactions.removeAll { $0.request == state.requests[victimRow].id } }
      plan.preempted.append(state.preempt(row: victimRow, policy: policy, swaps: swaps))
      if victimRow == row { return false }
    }
    return true
  }

  /// The position in the running list of who loses its blocks.
  func choose(_ state: inout SchedulerState) -> Int {
    switch victim {
    case .newest:
      // Who is on its way through the layers was served first, and is no older for it.
      return state.running.lastIndex {
        let request = state.requests[Int($0)]
        return (request.plannedStep != step || request.underWay > 0) && request.flights == 0
      } ?? state.running.lastIndex { state.requests[Int($0)].flights == 0 } ?? state.running.count - 1
    case .leastUrgent:
      var worst = state.running.firstIndex { state.requests[Int($0)].flights == 0 } ?? 0
      for position in state.running.indices.dropFirst(worst + 1) {
        let candidate = state.requests[Int(state.running[position])]
        let champion = state.requests[Int(state.running[worst])]
        if candidate.flights > 0 { continue }
        if (candidate.priority, candidate.arrival) > (champion.priority, champion.arrival) { worst = position }
      }
      return worst
    case .lastRanked:
      var worst = 0
      var worstRank = Int.min
      for (position, row) in state.running.enumerated() where state.requests[Int(row)].flights == 0 {
        let rank = policy.rank(state.requests[Int(row)], state.outlook)
        if rank >= worstRank { (worst, worstRank) = (position, rank) }
      }
      return worst
    }
  }

  /// A request that is about to decode gives up what its policy says.
  private mutating func compact(_ row: Int, _ state: inout SchedulerState) {
    guard state.requests[row].underWay == 0, state.requests[row].flights == 0 else { return }
    let holding = state.memory.holding(row, request: state.requests[row], protected: protected)
    guard let order = retention.order(holding),
      let compaction = state.memory.compact(row, request: state.requests[row], order)
    else { return }
    let dropped = compaction.slots - compaction.kept
    state.filledSlots -= dropped
    state.droppedTokens += dropped
    plan.compactions.append(compaction)
  }

  /// A request that was already served loses its place in the step.
  mutating func giveBack(row: Int, _ state: inout SchedulerState) {
    guard let position = plan.slots.firstIndex(where: { $0.row == Int32(row) }) else { return }
    let slot = plan.slots.remove(at: position)
    budget += Int(slot.computes)
    input += Int(slot.computes) + draftSlots
    plan.tokens -= Int(slot.count)
    if slot.isReading, promptBudget < .max { promptBudget += Int(slot.count) }
    state.requests[row].plannedStep = -1
  }

  @inline(__always)
  mutating func take(_ slot: StepPlan.Slot, _ state: inout SchedulerState) {
    budget -= Int(slot.computes)
    input -= Int(slot.computes) + draftSlots
    plan.tokens += Int(slot.count)
    if slot.isReading, promptBudget < .max { promptBudget -= Int(slot.count) }
    state.requests[Int(slot.row)].plannedStep = step
    plan.slots.append(slot)
  }

  // MARK: The end of planning

  mutating func finish(_ state: inout SchedulerState) {
    if let groups { cutLayers(into: groups) }
    var filled = plan.tokens
    for slot in plan.slots {
      let row = Int(slot.row)
      guard slot.isWhole, !plan.isInterruptible, !(slot.isReading && cutsLayers) else {
        filled -= Int(slot.count)
        state.pass(slot, to: plan.isInterruptible ? slot.from : slot.to)
        continue
      }
      state.requests[row].advance(to: Int(slot.first) + Int(slot.count))
    }
    state.filledSlots += filled
    if scope != .alone { state.takeOff(plan) }
    if let charges = policy.charges { charge(charges, &state) }
    plan.freeBlocks = state.memory.pool.freeCount
    plan.running = state.running.count
    plan.waiting = state.waiting.count
    if case .scattered(_, _, let free) = plan.admissionEnd { plan.strandedBlocks = free }
    guard limits.prefillInterval > 1 else { return }
    if !plan.slots.isEmpty { state.interval.steps += 1 }
    if servedReading || admittedReading { state.interval.lastPrefill = state.interval.steps }
    if !holdsPrefill, reachedAdmission { state.interval.hasBacklog = !state.waiting.isEmpty }
  }

  /// Tenants pay for the tokens that the step will sample.
  func charge(_ charges: Charges, _ state: inout SchedulerState) {
    for slot in plan.slots where !state.requests[Int(slot.row)].isReading {
      state.ledger.charge(Int(state.requests[Int(slot.row)].lane), charges.writing)
    }
  }
}
