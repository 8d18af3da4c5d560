import Core
import Hardware
import KVMemory
import Scheduling

/// A batch under way beside others.
struct Flight: Sendable {
  var lane: Int
  var step: DecidedStep
  var start: EngineTime
  /// SMs it runs on; 0 where its lane has GPUs of its own.
  var share: Int
}

/// Several batches in flight at once. A step is then the time until the first of them ends, or until somebody comes for
/// whom a lane is free:
///
/// ```
/// prompts   ├────────── batch 1 ──────────┤├───── batch 4 …
/// decodes   ├─ batch 0 ─┤├─ batch 2 ─┤├─ batch 3 ─┤├ …
///           │  step 0   │  step 1    │ 2 │ step 3 │
/// ```
///
/// A batch is planned when its lane is free, of requests that no other has. Whom it preempts and admits is told by the step
/// in which it begins, what it computed by the step in which it ends.
extension Engine {
  mutating func stepLanes(told: BatchOutcome?) throws(DeviceError) -> StepReport? {
    var events = state.pendingEvents
    state.pendingEvents = []
    admitArrivals(&events)
    let start = state.now
    state.scheduler.now = start
    let recomputed = state.scheduler.memory.recomputations
    let launched = launch(&events)

    let limit = timeToArrival
    guard let stretch = lanes?.advance(for: limit) else { fatalError("a step on lanes without lanes") }
    var outcome = BatchOutcome(slots: [], tokens: [], duration: stretch.duration)
    var landed = DecidedStep(plan: StepPlan(), batch: Batch())
    var share = 0
    if let lane = stretch.landed, let position = state.flights.firstIndex(where: { $0.lane == lane }) {
      let flight = state.flights.remove(at: position)
      landed = flight.step
      share = flight.share
      if let told {
        outcome = told
      } else {
        if device.language != nil { landed.batch.contents = contents(landed) }
        outcome = try device.execute(landed.batch)
      }
      outcome.duration = stretch.duration
      state.scheduler.land(landed.plan)
      absorb(landed, outcome, &events)
      learn(from: flight, at: start + stretch.duration)
    }
    outcome.cost = stretch.cost
    state.clock.advance(by: stretch.duration)

    var record = makeRecord(landed.plan, outcome, events, start: start)
    record.lane = Int32(stretch.landed ?? -1)
    record.flights = Int32(state.flights.count)
    record.share = Int32(share)
    record.bubble = stretch.bubble
    record.count(launched.plans, swaps: state.memory.hasHost)
    record.transfer = launched.transfer
    record.recomputedBlocks = state.scheduler.memory.recomputations &- recomputed
    state.step += 1
    state.history.fold(events, record)
    return StepReport(record: record, plan: landed.plan, batch: landed.batch, outcome: outcome, events: events)
  }

  /// Until the next arrival that a free lane could serve; nil when nobody is waited for so. A pipeline takes its next
  /// batch when one has left it, as vLLM's does.
  private var timeToArrival: EngineTime? {
    guard split != nil, let next = membership == nil ? nextArrival.map({ trace.arrivals[$0.index].time }) : state.horizon, state.flights.allSatisfy({ $0.lane != 0 }), freeSMs > 0 else { return nil }
    return max(.zero, next - state.now)
  }

  private var freeSMs: Int { (lanes?.multiprocessors ?? 0) - state.flights.reduce(0) { $0 + $1.share } }

  // MARK: Beginning

  /// What began, and the time of its copies to and from host memory.
  private struct Launch {
    var plans: [StepPlan] = []
    var transfer = EngineTime.zero
  }

  private mutating func launch(_ events: inout [EngineEvent]) -> Launch {
    var launch = Launch()
    if split != nil {
      launchSplit(&launch, &events)
    } else if runsOnLanes {
      while let lane = freeLane, let step = decideBeside(.beside, &launch, &events) {
        start(step, on: lane, share: 0, &launch)
      }
    }
    return launch
  }

  private var freeLane: Int? {
    (0..<(lanes?.count ?? 0)).first { lane in state.flights.allSatisfy { $0.lane != lane } }
  }

  private mutating func launchSplit(_ launch: inout Launch, _ events: inout [EngineEvent]) {
    guard var split, let lanes, let all = lanes.multiprocessors else { return }
    let keepsShares = type(of: split).keepsShares
    func flight(_ lane: Int) -> Flight? { state.flights.first { $0.lane == lane } }
    let (promptsBefore, decodesBefore) = (flight(0), flight(1))
    let decodes = decodesBefore == nil && freeSMs > 0 ? decideBeside(.decodes, &launch, &events) : nil
    let prompts = promptsBefore == nil && freeSMs > 0 ? decideBeside(.prompts, &launch, &events) : nil
    guard prompts != nil || decodes != nil else { return }

    if keepsShares || prompts != nil {
      let memory = state.memory.pool
      state.promptShare = split.promptShare(
        SplitMoment(
          prompts: prompts?.batch ?? promptsBefore?.step.batch ?? Batch(),
          decodes: decodes?.batch ?? decodesBefore?.step.batch ?? Batch(),
          usedMemory: Double(memory.usedCount) / Double(max(1, memory.usableCount)), lanes: lanes))
      self.split = split
    }
    if let prompts {
      start(prompts, on: 0, share: min(state.promptShare, all - (decodesBefore?.share ?? 0)), &launch)
    }
    if let decodes {
      let taken = flight(0)?.share ?? 0
      let share = keepsShares || taken > 0 ? all - state.promptShare : all
      start(decodes, on: 1, share: min(share, all - taken), &launch)
    }
  }

  /// Plans a batch of those that no other has; nil when there is nobody.
  private mutating func decideBeside(_ scope: BatchScope, _ launch: inout Launch, _ events: inout [EngineEvent]) -> DecidedStep? {
    guard state.scheduler.liveCount > 0 else { return nil }
    state.plans += 1
    // Plans for the whole device are marked with the numbers of their steps.
    let plan = planner.plan(step: -1 - state.plans, &state.scheduler, scope: scope)
    report(plan, &events)
    launch.plans.append(plan)
    guard !plan.slots.isEmpty else { return nil }
    return DecidedStep(plan: plan, batch: makeBatch(plan), tables: device.language == nil ? [] : tables(plan))
  }

  private mutating func start(_ step: DecidedStep, on lane: Int, share: Int, _ launch: inout Launch) {
    let copies = copyTime(step.plan, besides: .zero)
    launch.transfer += copies
    lanes?.start(step.batch, on: lane, share: share, after: copies)
    state.flights.append(Flight(lane: lane, step: step, start: state.now, share: share))
  }

  // MARK: Ending

  private mutating func learn(from flight: Flight, at end: EngineTime) {
    let plan = flight.step.plan
    let reads = plan.slots.contains { $0.isReading }
    if reads { state.scheduler.outlook.learn(tokens: plan.tokens, took: end - flight.start) }
    guard split != nil else { return }
    let outlook = state.scheduler.outlook
    var landing = SplitLanding()
    if flight.lane == 1 {
      landing.tpot = outlook.tpot.map { (end - flight.start).seconds / $0.seconds }
    } else if let promised = outlook.ttft {
      for slot in plan.slots {
        let request = state.requests[Int(slot.row)]
        if request.id == slot.request, request.firstToken == end { landing.ttft.append((end - request.arrival).seconds / promised.seconds) }
      }
    }
    split?.observe(landing)
  }

  /// A batch under way has this request: it cannot leave before that has ended.
  func isFlying(_ request: RequestID) -> Bool {
    state.flights.contains { $0.step.plan.slots.contains { $0.request == request } }
  }

  /// What ran in the step that was taken last, in order of start; empty where nobody can tell.
  public func kernels(of last: StepReport) -> [KernelRun] {
    if let kernels = last.outcome.measurement?.kernels { return kernels }
    let side = lanes?.kernels ?? []
    return side.isEmpty ? device.kernels(of: last.batch) : side
  }

  /// New batches begin on lanes.
  var runsOnLanes: Bool { split != nil || hasStages }
}

extension StepRecord {
  /// What planning did in this step, whatever ended in it.
  mutating func count(_ plans: [StepPlan], swaps: Bool) {
    preemptions = 0
    evictedBlocks = 0
    strandedBlocks = 0
    swappedBlocks = 0
    for plan in plans {
      preemptions += Int32(plan.preempted.count)
      evictedBlocks += Int32(plan.evictedBlocks)
      strandedBlocks = max(strandedBlocks, Int32(plan.strandedBlocks))
      if swaps { swappedBlocks += plan.copiedBlocks }
    }
  }
}
