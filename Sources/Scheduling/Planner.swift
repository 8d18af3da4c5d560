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
  public var prefill = PrefillShape.chunked(0)
  /// Of the device's model, for prompts that go through them in parts.
  public package(set) var layers = 1
  public var preemption = Preemption.recompute
  /// Per cent of a chunk's tokens that are computed again when it stands elsewhere; 100: chunks are not reused.
  public var recomputedShare = 100
  public package(set) var reservation: any Reservation = Paged()
  /// Which keys and values requests keep, and so many tokens at the beginning of each prompt in any case.
  public package(set) var retention: any Retention = KeepAll()
  public package(set) var protected = 0
  public private(set) var policy: any SchedulingPolicy

  public init(limits: Limits, batching: Batching = .continuous, policy: any SchedulingPolicy) {
    self.limits = limits
    self.batching = batching
    self.policy = policy
  }

  /// Switches the policy; the queue must then be ordered anew.
  public mutating func setPolicy(_ policy: any SchedulingPolicy) { self.policy = policy }

  /// - Parameter step: Marks who was served; another one for each plan.
  public func plan(step: StepIndex, _ state: inout SchedulerState, scope: BatchScope = .alone) -> StepPlan {
    var pass = Pass(step: step, planner: self, live: state.liveCount, scope: scope)
    let evictionsBefore = state.memory.evictions
    if scope == .decodes {
      pass.serveRunning(.decoding, &state)
      pass.plan.admissionEnd = .decodesAlone
    } else {
      if policy.surveys { state.survey(policy: policy) }
      if policy.hasTurns { openTurns(&state) }
      switch batching {
      case .static: planStatic(&pass, &state)
      case .continuous: planContinuous(&pass, &state)
      }
    }
    pass.finish(&state)
    pass.plan.evictedBlocks = state.memory.evictions - evictionsBefore
    (pass.plan.spilledBlocks, pass.plan.chunkBlocks) = state.memory.takeSpilled()
    return pass.plan
  }

  private func openTurns(_ state: inout SchedulerState) {
    state.laneOfStep = nil
    if let bound = policy.overdue(state) {
      for row in state.waiting.move(below: bound) { state.requests[row].lane = 1 }
    }
    state.waiting.tidy()
  }

  private func planContinuous(_ pass: inout Pass, _ state: inout SchedulerState) {
    guard policy.shapesSteps else { return compose(policy.composition, &pass, &state) }
    let shape = policy.shape(state)
    pass.promptBudget = shape.promptTokens
    pass.readingLane = shape.readingLane
    compose(shape.composition, &pass, &state)
    guard shape.leavesOut, pass.plan.slots.isEmpty, pass.plan.preempted.isEmpty, state.flying == 0 else { return }
    pass.promptBudget = .max
    pass.readingLane = nil
    pass.serveRunning(.reading, &state)
    if pass.plan.slots.isEmpty, pass.plan.preempted.isEmpty { pass.admit(&state) }
  }

  private func compose(_ composition: StepComposition, _ pass: inout Pass, _ state: inout SchedulerState) {
    guard prefill != .interruptible else { return readAlone(&pass, &state) }
    goOn(&pass, &state)
    if pass.scope == .prompts {
      pass.readsWholePrompts = pass.readsWholePrompts || composition == .promptsAlone
      pass.cutsGiants = pass.cutsGiants && composition != .promptsAlone
      pass.serveRunning(.reading, &state)
      pass.admit(&state)
      return
    }
    switch composition {
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
      pass.cutsGiants = false
      pass.serveRunning(.reading, &state)
      pass.admit(&state)
      guard pass.plan.slots.isEmpty else { return }
      pass.serveRunning(.decoding, &state)
    }
  }

  /// What is on its way through the layers goes on, and nothing else begins.
  private func goOn(_ pass: inout Pass, _ state: inout SchedulerState) {
    guard state.underWay > 0 else { return }
    pass.beginsWays = !prefill.cutsLayers
    pass.goOn(&state)
  }

  /// Prompts before decodes, and never in one step with them.
  private func readAlone(_ pass: inout Pass, _ state: inout SchedulerState) {
    pass.promptBudget = .max
    pass.readInterruptibly(&state)
    guard pass.plan.slots.isEmpty else { return }
    pass.serveRunning(.decoding, &state)
  }

  /// A batch forms from those that wait when it is opened; while it forms, prompts are read in chunks
  /// of the token budget; then all decode until the last has left.
  private func planStatic(_ pass: inout Pass, _ state: inout SchedulerState) {
    if state.running.isEmpty { state.staticBatch = StaticBatch(phase: .forming, members: state.arrived) }
    if state.staticBatch.phase == .forming {
      pass.joinsBelow = state.staticBatch.members ?? state.arrived
      if prefill == .interruptible {
        pass.readInterruptibly(&state)
      } else {
        goOn(&pass, &state)
        pass.serveRunning(.reading, &state)
        pass.admit(&state)
      }
      // Members may be in a batch under way still.
      guard pass.plan.slots.isEmpty, state.flying == 0 else { return }
      state.staticBatch.phase = .decoding
    }
    goOn(&pass, &state)
    if pass.scope != .prompts { pass.serveRunning(.all, &state) }
    pass.plan.admissionEnd = .batchClosed
  }
}
