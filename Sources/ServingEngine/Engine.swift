import Core
import Hardware
import KVMemory
import Scheduling
import Speculation

/// A serving engine over a trace of arrivals. A value: copying it forks it.
///
/// ```
/// arrivals ─▶ admit ─▶ plan ─▶ execute ─▶ absorb ─▶ tick ─▶ events
/// ```
///
/// A step is one batch on the device. With asynchronous scheduling its batch was decided when the step
/// before began, so that the device never waits for a plan, and who arrives meanwhile waits for the
/// rest of that step and for all of the next:
///
/// ```
/// synchronous    plan 0 │ step 0 │ plan 1 │ step 1 │ …
/// asynchronous   plan 0, plan 1  │ plan 2          │ plan 3
///                       │ step 0 │ step 1          │ step 2 …
/// ```
///
/// On lanes several batches are in flight at once (`stepLanes`); each is then planned when its lane is free, asynchronous
/// scheduling or not.
public struct Engine: Sendable {
  public internal(set) var trace: Trace
  public internal(set) var state: EngineState
  public internal(set) var planner: Planner
  public internal(set) var device: any Device
  var drafting = Drafting()
  /// Where batches run that are in flight at once; nil while there is one at a time.
  public internal(set) var lanes: (any BatchLanes)?
  /// How SMs are divided between prompts and decodes; nil when they run together.
  var split: (any SMSplit)?
  /// The device is a pipeline of stages, each with a batch.
  public let hasStages: Bool
  /// What becomes of a request whose prompt and output exceed the model's context.
  let overlong: Overlong
  /// Asynchronous scheduling: the next step is planned when this one begins.
  public internal(set) var plansAhead: Bool
  /// The way to host memory; nil where there is none, and nothing can be swapped.
  public internal(set) var hostLink: HostLink?
  /// Memory behind the prefix cache.
  public internal(set) var hostCache = HostCache.off
  /// How keys and values are kept from the next step on; until then as the device says.
  public internal(set) var kvFormat: KVFormat
  /// How many blocks a format leaves; nil where their number stays.
  var kvBudget: KVBudget?
  /// In what the weights of the device's model are kept.
  public internal(set) var weights = WeightFormat.asLoaded
  /// What decodes have in common is read once for all, or not.
  public internal(set) var attention = AttentionForm.dense
  /// What it is among several engines that serve one trace; nil when it serves all of it.
  public internal(set) var membership: Membership?
  /// As it was chosen; memory that is reserved in one piece shares nothing all the same.
  public internal(set) var prefixCache: String

  public enum Overlong: Sendable {
    /// It is turned away when it arrives.
    case reject
    /// It is cut where the context ends, as vLLM does with `max_tokens`.
    case truncate
  }

  /// Tokens that end a text; none where tokens are not real, or outputs shall have the lengths of the trace.
  let endsOfText: [TokenID]

  public init(
    trace: Trace, planner: Planner, memory: KVCache, device: any Device, drafter: any Drafter = NoSpeculation(),
    overlong: Overlong = .reject, plansAhead: Bool = false, endsOfText: [TokenID] = [], hostLink: HostLink? = nil,
    outlook: Outlook = Outlook()
  ) {
    require(
      !plansAhead || planner.limits.speculation.maxDrafts == 0,
      "asynchronous scheduling with \(planner.limits.speculation.maxDrafts) drafts: a plan made ahead knows no drafts")
    self.trace = trace
    self.planner = planner
    self.planner.layers = device.layers
    self.device = device
    kvFormat = device.kvFormat
    drafting.drafter = drafter
    if planner.limits.speculation.maxDrafts > 0 { drafting.controller = DraftController(.fixed(planner.limits.speculation.maxDrafts)) }
    self.overlong = overlong
    self.plansAhead = plansAhead
    self.endsOfText = endsOfText
    self.hostLink = hostLink
    prefixCache = memory.reusesPrefixes ? "lru" : "off"
    lanes = device.stageLanes()
    hasStages = lanes != nil
    state = EngineState(scheduler: SchedulerState(memory: memory, outlook: outlook))
    _ = setReservation(planner.reservation)
    _ = setPreemption(planner.preemption)
  }

  /// Nothing lives and nothing more will arrive.
  public var isDone: Bool { state.scheduler.liveCount == 0 && nextArrival == nil }

  /// The request that comes in next: the trace's, or one that a router sent here.
  var nextArrival: RequestID? { state.next(of: trace.arrivals.count, isMember: membership != nil) }

  /// Whether batches can be in flight at once. Asked in every step: comparing `lanes` with nil would copy them.
  private var hasLanes: Bool { if case .some = lanes { true } else { false } }

  /// When the next step can begin: now, or at the next arrival when nobody lives; nil when the engine is done.
  public var nextStart: EngineTime? {
    if state.scheduler.liveCount > 0 { return state.now }
    return nextArrival.map { max(state.now, trace.arrivals[$0.index].time) }
  }

  /// Takes one step: who computes what, what it gave, what it took.
  ///
  /// When nobody lives the clock first jumps to the next arrival.
  /// - Parameter told: What came of this step when it was taken; then the device is not asked.
  /// - Returns: Nil when the engine is done.
  public mutating func step(told: BatchOutcome? = nil) throws(DeviceError) -> StepReport? {
    guard !isDone else { return nil }
    if hasLanes {
      if state.flights.isEmpty, !runsOnLanes { lanes = nil }
      if hasLanes, state.ahead == nil, state.scheduler.underWay == 0 { return try stepLanes(told: told) }
    }
    var events = state.pendingEvents
    state.pendingEvents = []
    var decided = state.ahead
    if let decided { report(decided.plan, &events) }
    admitArrivals(&events)
    let start = state.now
    state.scheduler.now = start
    let recomputed = state.scheduler.memory.recomputations

    let conversion = try convertAsChosen(told)
    if let conversion { events.append(.converted(conversion)) }
    let reload = try reloadAsChosen(told)
    if let reload { events.append(.reloaded(reload)) }
    if decided == nil { decided = decide(state.step, &events) }
    state.ahead = plansAhead && !hasLanes && planner.prefill != .interruptible ? decide(state.step + 1, &events) : nil
    var outcome = BatchOutcome(slots: [], tokens: [], duration: .zero)
    var transfer = EngineTime.zero
    let isEmpty = decided == nil
    var step = decided.take() ?? DecidedStep(plan: StepPlan(), batch: Batch())
    if !isEmpty {
      if let told {
        outcome = told
      } else {
        if device.language != nil { step.batch.contents = contents(step) }
        outcome = try device.execute(step.batch)
        if let time = interruption(of: step.plan, within: outcome.duration) {
          step.batch.interruption = time
          outcome = try device.execute(step.batch)
        }
        transfer = copyTime(step.plan, besides: outcome.duration)
        outcome.duration += transfer
      }
      absorb(step, outcome, &events)
      if speculates { try draft(after: step, &outcome, isTold: told != nil) }
    }

    if let conversion, told == nil {
      outcome.conversion = conversion
      outcome.duration += conversion.duration
    }
    if let reload, told == nil {
      outcome.reload = reload
      outcome.duration += reload.duration
    }
    state.clock.advance(by: outcome.duration)
    var record = makeRecord(step.plan, outcome, events, start: start)
    record.transfer = transfer
    record.recomputedBlocks = state.scheduler.memory.recomputations &- recomputed
    if record.prefillTokens > 0 {
      state.scheduler.outlook.learn(tokens: Int(record.prefillTokens + record.decodeTokens), took: record.duration)
    }
    state.step += 1
    state.history.fold(events, record)
    return StepReport(record: record, plan: step.plan, batch: step.batch, outcome: outcome, events: events)
  }

  /// Plans a step, this one or the next, and tells of this one; nil when nobody lives, or when a step planned ahead would be
  /// empty.
  private mutating func decide(_ step: StepIndex, _ events: inout [EngineEvent]) -> DecidedStep? {
    guard state.scheduler.liveCount > 0 else { return nil }
    let proposed = proposed()
    let plan = planner.plan(step: step, &state.scheduler)
    if step == state.step { report(plan, &events) } else if plan.slots.isEmpty, plan.preempted.isEmpty { return nil }
    guard device.language != nil else { return DecidedStep(plan: plan, batch: makeBatch(plan)) }
    return DecidedStep(plan: plan, batch: makeBatch(plan), tables: tables(plan), drafts: drafts(plan, proposed))
  }

  // MARK: Looking back and living again

  /// The same moment without the device's memory: to be looked at, or to be told what came next.
  public var remembered: Engine {
    var engine = self
    engine.device = device.remembered
    return engine
  }

  /// True when what came of a step cannot be had again by taking it again, or only at the price of computing: then
  /// outcomes are kept.
  public var outcomesAreInputs: Bool { !device.isModelled || device.language != nil }

  /// Tokens of a running request whose keys and values are in memory, before the steps that are planned.
  func inMemory(_ row: Int32) -> Int {
    let request = state.scheduler.requests[Int(row)]
    let planned = (state.ahead.map { [$0] } ?? state.flights.map(\.step)).lazy.flatMap(\.plan.slots)
      .first { $0.row == row && $0.request == request.id }
    return planned.map { Int($0.first) } ?? request.computed
  }

  /// Lives again on `device`, whose memory is of another moment: the keys and values of the requests that live are computed
  /// once more, and who had given some up gives up as many, chosen anew. Content that only the prefix cache held is forgotten.
  ///
  /// - Returns: How many tokens of how many requests were computed.
  @discardableResult
  public mutating func revive(on device: any Device) throws(DeviceError) -> (tokens: Int, requests: Int) {
    var sequences: [Batch.Content] = []
    var retaining = Retaining(policy: planner.retention.choice, protected: planner.protected, watch: planner.retention.watch)
    for row in state.scheduler.running {
      let request = state.scheduler.requests[Int(row)]
      var tokens: [TokenID] = []
      request.forEachToken(in: 0..<inMemory(row)) { tokens.append($0) }
      // A step that was planned ahead gives up what is still there now.
      let coming = state.ahead?.plan.compactions.first { $0.request == request.id }
      let table = state.scheduler.memory.tables[Int(row)]
      let slots = coming?.slots ?? tokens.count - Int(table.dropped)
      sequences.append(Batch.Content(tokens: tokens, table: coming?.source ?? table.blocks))
      retaining.compactions.append(
        Compaction(
          request: request.id, computed: tokens.count, promptCount: request.prompt.count, slots: tokens.count, kept: slots,
          source: [], target: coming?.source ?? table.blocks,
          gap: coming?.gap ?? table.gap(tokensPerBlock: state.scheduler.memory.tokensPerBlock), freed: 0))
      retaining.compactions[retaining.compactions.count - 1].fold = coming.map(\.foldBefore) ?? table.fold
    }
    self.device = device
    if device.weights != weights { _ = try self.device.reload(weights) }
    if device.kvFormat != kvFormat {
      try self.device.rebuild([], Retaining(policy: retaining.policy, protected: retaining.protected, watch: retaining.watch))
      _ = try self.device.convert(to: kvFormat, held: 0, tokensPerBlock: state.memory.tokensPerBlock, filling: [])
    }
    try self.device.rebuild(sequences, retaining)
    try? apply(.rebuilt)
    return (sequences.reduce(0) { $0 + $1.tokens.count }, sequences.count)
  }
}
