import Core
import KVMemory
import Scheduling

/// Everything the engine knows, and no tensors. Copying it is cheap until one of the copies is changed.
public struct EngineState: Sendable {
  public internal(set) var clock = EngineClock()
  /// The number of the next step.
  public internal(set) var step: StepIndex = 0
  /// Arrivals that have come in so far: of the trace, or of what was sent here.
  public internal(set) var arrived = 0
  public internal(set) var scheduler: SchedulerState
  /// The next step, when it was decided before this one had ended. What it preempts and admits has left
  /// and joined `scheduler` already; the events follow when it is taken.
  public internal(set) var ahead: DecidedStep?
  /// Batches under way beside others, in order of their start; empty while there is one at a time.
  var flights: [Flight] = []
  /// Plans of such batches so far.
  var plans = 0
  /// SMs that prompts have beside decodes, as divided last.
  public internal(set) var promptShare = 0
  /// Folded over every event: equal digests, equal histories.
  public internal(set) var history = Digest()
  /// Requests that a router sent here and that have not come in, in order.
  var inbox: [RequestID] = []
  /// When somebody arrives who may be sent here; nil: nobody any more.
  var horizon: EngineTime?
  /// Clients that will hang up, soonest first.
  var hangUps: [HangUp] = []
  /// What was switched since the last step.
  var pendingEvents: [EngineEvent] = []

  struct HangUp: Sendable {
    var time: EngineTime
    var id: RequestID
  }

  init(scheduler: SchedulerState) { self.scheduler = scheduler }

  /// The request that comes in next, of a trace of so many or of those that were sent here.
  @inline(__always)
  func next(of count: Int, isMember: Bool) -> RequestID? {
    isMember ? inbox.first : arrived < count ? RequestID(arrived) : nil
  }

  public var now: EngineTime { clock.now }
  public var memory: KVCache { scheduler.memory }
  public var requests: [Request] { scheduler.requests }
}

/// A step that has been planned and not yet taken.
public struct DecidedStep: Equatable, Sendable {
  public internal(set) var plan: StepPlan
  public internal(set) var batch: Batch
  /// The block table of each slot as it was planned, where the device reads tokens: a later plan may change the request's.
  var tables: [[BlockID]] = []
  /// The drafts of each slot that the step verifies, likewise; empty where nothing is drafted.
  var drafts: [[TokenID]] = []

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

extension StepReport {
  /// The tokens that requests kept of this step, in the order of the batch.
  public var emitted: [(request: RequestID, tokens: ArraySlice<TokenID>)] {
    var emitted: [(RequestID, ArraySlice<TokenID>)] = []
    var token = 0
    var slot = 0
    for event in events {
      guard case .computed(let request, _, _, _, _, let kept) = event else { continue }
      // Slots of requests that had left have no event.
      while plan.slots[slot].request != request {
        token += Int(outcome.slots[slot].emitted)
        slot += 1
      }
      if kept > 0 { emitted.append((request, outcome.tokens[token..<token + Int(kept)])) }
      token += Int(outcome.slots[slot].emitted)
      slot += 1
    }
    return emitted
  }
}
