import Core
import KVMemory
import Scheduling

/// Everything the engine knows, and no tensors. Copying it is cheap until one of the copies is changed.
public struct EngineState: Sendable {
  public internal(set) var clock = EngineClock()
  /// The number of the next step.
  public internal(set) var step: StepIndex = 0
  /// Arrivals of the trace that have come in so far.
  public internal(set) var arrived = 0
  public internal(set) var scheduler: SchedulerState
  /// The next step, when it was decided before this one had ended. What it preempts and admits has left
  /// and joined `scheduler` already; the events follow when it is taken.
  public internal(set) var ahead: DecidedStep?
  /// Folded over every event: equal digests, equal histories.
  public internal(set) var history = Digest()
  /// Clients that will hang up, soonest first.
  var hangUps: [HangUp] = []
  /// What was switched since the last step.
  var pendingEvents: [EngineEvent] = []

  struct HangUp: Sendable {
    var time: EngineTime
    var id: RequestID
  }

  init(scheduler: SchedulerState) { self.scheduler = scheduler }

  public var now: EngineTime { clock.now }
  public var memory: KVCache { scheduler.memory }
  public var requests: [Request] { scheduler.requests }
}

/// A step that has been planned and not yet taken.
public struct DecidedStep: Equatable, Sendable {
  public internal(set) var plan: StepPlan
  public internal(set) var batch: Batch

  /// The token that was in flight when it was preempted turned out to be its last: it finished, and lost nothing.
  mutating func forgetPreemption(of request: RequestID) {
    guard !plan.preempted.isEmpty else { return }
    plan.preempted.removeAll { $0.request == request }
  }
}

/// One step, told three ways: the decision, what came back, and what happened.
public struct StepReport: Sendable {
  public var record: StepRecord
  public var plan: StepPlan
  public var batch: Batch
  public var outcome: BatchOutcome
  public var events: [EngineEvent]
}
