import Core
import KVMemory

/// Decides who computes which tokens next.
///
/// `plan` is a function of values: the same state gives the same plan and the
/// same memory afterwards, and nothing else is touched, so a step is previewed
/// by planning on a copy. It hands out blocks as it goes rather than counting
/// first, because vLLM's decisions depend on it: an admission can hit a block
/// that was given its content earlier in the same step, or miss one that was
/// evicted for it.
///
/// Whether the step before has ended is all one to it: what that step will
/// sample counts as a token in flight, and who needs only that one is left out.
///
/// The work is proportional to what is scheduled, never to the length of the queue.
public struct Planner: Sendable {
  public var limits: Limits
  public var batching: Batching
  public private(set) var policy: any SchedulingPolicy

  public init(limits: Limits, batching: Batching = .continuous, policy: any SchedulingPolicy) {
    self.limits = limits
    self.batching = batching
    self.policy = policy
  }

  /// Switches the policy; the queue must then be ordered anew.
  public mutating func setPolicy(_ policy: any SchedulingPolicy) { self.policy = policy }

  public func plan(step: StepIndex, _ state: inout SchedulerState) -> StepPlan {
    var pass = Pass(step: step, limits: limits, policy: policy, live: state.liveCount)
    let evictionsBefore = state.memory.evictions
    switch batching {
    case .static: planStatic(&pass, &state)
    case .continuous: planContinuous(&pass, &state)
    }
    pass.finish(&state)
    pass.plan.evictedBlocks = state.memory.evictions - evictionsBefore
    return pass.plan
  }

  private func planContinuous(_ pass: inout Pass, _ state: inout SchedulerState) {
    switch policy.composition {
    case .runningFirst:
      pass.holdsPrefill = state.interval.holds(every: limits.prefillInterval)
        && state.running.contains { !state.requests[Int($0)].isReading }
      pass.serveRunning(.all, &state)
      pass.admit(&state)
    case .decodesFirst:
      pass.serveRunning(.decoding, &state)
      pass.serveRunning(.reading, &state)
      pass.admit(&state)
    case .promptsAlone:
      pass.readsWholePrompts = true
      pass.serveRunning(.reading, &state)
      pass.admit(&state)
      guard pass.plan.slots.isEmpty else { return }
      pass.serveRunning(.decoding, &state)
    }
  }

  /// A batch forms from those that wait when it is opened; while it forms, prompts are read in chunks
  /// of the token budget; then all decode until the last has left.
  private func planStatic(_ pass: inout Pass, _ state: inout SchedulerState) {
    if state.running.isEmpty { state.staticBatch = StaticBatch(phase: .forming, members: state.arrived) }
    if state.staticBatch.phase == .forming {
      pass.joinsBelow = state.staticBatch.members ?? state.arrived
      pass.serveRunning(.reading, &state)
      pass.admit(&state)
      guard pass.plan.slots.isEmpty else { return }
      state.staticBatch.phase = .decoding
    }
    pass.serveRunning(.all, &state)
    pass.plan.admissionEnd = .batchClosed
  }
}

/// One planning in progress: budgets left, decisions taken.
struct Pass {
  enum Share { case all, decoding, reading }

  let step: StepIndex
  let limits: Limits
  let policy: any SchedulingPolicy
  let victim: Victim
  var plan = StepPlan()

  /// Tokens that may still be computed in this step.
  var budget: Int
  /// Rows of the drafter's input that are left; falls faster than `budget` when drafts need slots.
  var input: Int
  /// A chunk's greatest length while others live; 0 is no limit.
  let threshold: Int
  var holdsPrefill = false
  var readsWholePrompts = false
  /// Only requests with lower numbers may leave the queue.
  var joinsBelow = Int.max
  var servedReading = false
  var reachedAdmission = false
  var admittedReading = false

  init(step: StepIndex, limits: Limits, policy: any SchedulingPolicy, live: Int) {
    self.step = step
    self.limits = limits
    self.policy = policy
    victim = policy.victim
    budget = limits.maxBatchedTokens
    input = limits.maxBatchedTokens
    if live > 1, limits.longPrefillThreshold > 0 {
      threshold = limits.longPrefillThresholdAdapts
        ? max(limits.longPrefillThreshold, limits.maxBatchedTokens / live) : limits.longPrefillThreshold
    } else {
      threshold = 0
    }
    plan.slots.reserveCapacity(min(limits.maxSequences, 256))
  }

  private var draftSlots: Int { limits.speculation.draftSlots }
  /// Tokens that one request may still take.
  private var room: Int { min(budget, input - draftSlots) }

  // MARK: Running requests

  mutating func serveRunning(_ share: Share, _ state: inout SchedulerState) {
    var position = 0
    while position < state.running.count, budget > 0, input > draftSlots {
      let row = Int(state.running[position])
      let reading = state.requests[row].isReading
      let isServed = state.requests[row].plannedStep == step
      if isServed || (share == .decoding && reading) || (share == .reading && !reading) || (holdsPrefill && reading) {
        position += 1
        continue
      }
      let computed = state.requests[row].computed
      var want = state.requests[row].pending
      if threshold > 0 { want = min(want, threshold) }
      if readsWholePrompts && reading {
        guard want <= room || plan.slots.isEmpty else { break }
      } else {
        want = min(want, room)
      }
      want = min(want, limits.maxModelLength - computed - 1)
      guard want > 0 else {
        position += 1
        continue
      }
      let slots = min(computed + want + limits.speculation.lookahead, limits.maxModelLength)
      let blocksStart = plan.blocks.count
      guard makeRoom(for: row, slots: slots, position: &position, &state) else {
        if victim == .newest { break }
        continue
      }
      let fresh = state.memory.allocate(row, slots: slots, into: &plan.blocks)
      let known = state.requests[row].known
      let drafts = max(0, want + computed - known - state.requests[row].inFlight)
      if drafts > 0 || !state.requests[row].draft.isEmpty {
        state.requests[row].draft.removeAll(keepingCapacity: true)
      }
      state.publish(row, upTo: min(computed + want, known))
      if reading { servedReading = true }
      take(
        StepPlan.Slot(
          row: Int32(row), request: state.requests[row].id, entry: .continued, isReading: reading,
          first: Int32(computed), count: Int32(want), drafts: Int32(drafts), draftsArePadding: false,
          blocksStart: Int32(blocksStart), hitBlocks: 0, newBlocks: Int32(fresh)), &state)
      position += 1
    }
  }

  /// Preempts until `row` can hold `slots` tokens.
  /// - Returns: False when it had to be preempted itself.
  private mutating func makeRoom(
    for row: Int, slots: Int, position: inout Int, _ state: inout SchedulerState
  ) -> Bool {
    while state.memory.need(of: row, slots: slots) > state.memory.pool.freeCount {
      let victimPosition = choose(&state)
      let victimRow = Int(state.running.remove(at: victimPosition))
      if victimPosition < position { position -= 1 }
      if state.requests[victimRow].plannedStep == step { giveBack(row: victimRow, &state) }
      plan.preempted.append(state.preempt(row: victimRow, policy: policy))
      if victimRow == row { return false }
    }
    return true
  }

  /// The position in the running list of who loses its blocks.
  private func choose(_ state: inout SchedulerState) -> Int {
    switch victim {
    case .newest:
      return state.running.lastIndex { state.requests[Int($0)].plannedStep != step } ?? state.running.count - 1
    case .leastUrgent:
      var worst = 0
      for position in state.running.indices.dropFirst() {
        let candidate = state.requests[Int(state.running[position])]
        let champion = state.requests[Int(state.running[worst])]
        if (candidate.priority, candidate.arrival) > (champion.priority, champion.arrival) { worst = position }
      }
      return worst
    }
  }

  /// A request that was already served loses its place in the step.
  private mutating func giveBack(row: Int, _ state: inout SchedulerState) {
    guard let position = plan.slots.firstIndex(where: { $0.row == Int32(row) }) else { return }
    let slot = plan.slots.remove(at: position)
    budget += Int(slot.count)
    input += Int(slot.count) + draftSlots
    plan.tokens -= Int(slot.count)
    state.requests[row].plannedStep = -1
  }

  private mutating func take(_ slot: StepPlan.Slot, _ state: inout SchedulerState) {
    budget -= Int(slot.count)
    input -= Int(slot.count) + draftSlots
    plan.tokens += Int(slot.count)
    state.requests[Int(slot.row)].plannedStep = step
    plan.slots.append(slot)
  }

  // MARK: The queue

  /// Admits from the head of the queue, in order, until the first that cannot be.
  mutating func admit(_ state: inout SchedulerState) {
    guard plan.preempted.isEmpty else {
      plan.admissionEnd = .preemption
      return
    }
    reachedAdmission = true
    plan.admissionEnd = .queueEmpty
    while let row = state.waiting.head() {
      if let end = admitHead(row, &state) {
        plan.admissionEnd = end
        return
      }
    }
  }

  /// - Returns: Nil when the head was admitted, else what kept it out.
  private mutating func admitHead(_ row: Int, _ state: inout SchedulerState) -> StepPlan.AdmissionEnd? {
    guard budget > 0, input > draftSlots else { return .tokenBudget }
    guard state.running.count < limits.maxSequences else { return .sequences }
    guard state.requests[row].id.index < joinsBelow else { return .batchClosed }

    let known = state.requests[row].known
    state.memory.extendHashes(of: row, request: state.requests[row])
    // The last known token is always computed: its logits are what is sampled from.
    var match = state.memory.match(row, limit: (known - 1) / state.memory.tokensPerBlock)
    if limits.speculation.dropsLastHitBlock { match = state.memory.shortened(match, of: row) }
    let hit = match.blocks * state.memory.tokensPerBlock
    if holdsPrefill, hit < known - 1 { return .heldBack }

    var want = known - hit
    var padding = 0
    if limits.speculation.maxDrafts > 0, want == 1, !servedReading, hasServedRunning || hit > 0,
      hit + 1 + limits.speculation.maxDrafts + 1 <= limits.maxModelLength
    {
      padding = limits.speculation.maxDrafts
      want = 1 + padding
      guard want <= room else { return .tokenBudget }
    }
    if threshold > 0 { want = min(want, threshold) }
    if !limits.chunksPrefill, want > room { return .wholePrompt(tokens: want, left: room) }
    if readsWholePrompts {
      // A prompt longer than the whole budget is read in a step of its own.
      guard want <= room || plan.slots.isEmpty else { return .wholePrompt(tokens: want, left: room) }
    } else {
      want = min(want, room)
    }

    let reserve = state.running.isEmpty ? 0 : Int(limits.watermark * Double(state.memory.pool.blockCount))
    let slots = min(hit + want + limits.speculation.lookahead, limits.maxModelLength)
    let fullNeed = limits.reservesFullPrompt ? state.memory.need(of: row, slots: min(known, limits.maxModelLength), match: match) : 0
    let need = max(fullNeed, state.memory.need(of: row, slots: slots, match: match)) + reserve
    guard need <= state.memory.pool.freeCount else { return .memory(needed: need, free: state.memory.pool.freeCount) }

    state.waiting.removeHead()
    let blocksStart = plan.blocks.count
    let fresh = state.memory.allocate(row, slots: slots, match: match, into: &plan.blocks)
    state.publish(row, upTo: min(hit + want, known))
    let entry: StepPlan.Slot.Entry = state.requests[row].phase == .preempted ? .resumed : .admitted
    state.requests[row].phase = .running
    state.requests[row].computed = hit
    state.running.append(Int32(row))
    if hit < known - 1 { admittedReading = true }
    take(
      StepPlan.Slot(
        row: Int32(row), request: state.requests[row].id, entry: entry, isReading: hit < known - 1,
        first: Int32(hit), count: Int32(want), drafts: Int32(padding), draftsArePadding: padding > 0,
        blocksStart: Int32(blocksStart), hitBlocks: Int32(match.blocks), newBlocks: Int32(fresh)), &state)
    return nil
  }

  private var hasServedRunning: Bool { plan.slots.first?.entry == .continued }

  // MARK: The end of planning

  mutating func finish(_ state: inout SchedulerState) {
    for slot in plan.slots {
      let row = Int(slot.row)
      state.requests[row].computed = Int(slot.first) + Int(slot.count)
      let sampled = state.requests[row].known + state.requests[row].inFlight
      state.requests[row].isReading = state.requests[row].computed < sampled
      if !state.requests[row].isReading { state.requests[row].inFlight += 1 }
    }
    plan.freeBlocks = state.memory.pool.freeCount
    plan.running = state.running.count
    plan.waiting = state.waiting.count
    guard limits.prefillInterval > 1 else { return }
    if !plan.slots.isEmpty { state.interval.steps += 1 }
    if servedReading || admittedReading { state.interval.lastPrefill = state.interval.steps }
    if !holdsPrefill, reachedAdmission { state.interval.hasBacklog = !state.waiting.isEmpty }
  }
}
