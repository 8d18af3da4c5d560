import Core
import Hardware
import KVMemory
import Scheduling

/// Who comes in, and who hangs up.
extension Engine {
  /// Adds a request at the end of the trace, for clients who wait for one answer before they ask again.
  public mutating func append(_ arrival: Arrival) {
    let last = trace.arrivals.last?.time ?? .zero
    require(
      arrival.time >= max(state.now, last),
      "an arrival at \(arrival.time.nanoseconds) ns comes after \(max(state.now, last).nanoseconds) ns have passed")
    trace.arrivals.append(arrival)
  }

  /// Adds a request among those that are still to come, whose numbers move up.
  /// - Returns: Its number.
  @discardableResult
  public mutating func insert(_ arrival: Arrival) -> RequestID {
    require(arrival.time >= state.now, "an arrival at \(arrival.time.nanoseconds) ns comes after \(state.now.nanoseconds) ns have passed")
    let place = trace.arrivals[state.arrived...].firstIndex { $0.time > arrival.time } ?? trace.arrivals.count
    trace.arrivals.insert(arrival, at: place)
    return RequestID(place)
  }

  /// Another trace, equal to this one in everything that has arrived: what is to come is told anew.
  public mutating func setFuture(_ trace: Trace) {
    require(trace.arrivals.count >= state.arrived, "\(state.arrived) requests have arrived, the trace has \(trace.arrivals.count)")
    self.trace = trace
  }

  /// The client of a request hangs up now.
  /// - Returns: False when it is not alive.
  @discardableResult
  public mutating func abort(_ request: RequestID) -> Bool {
    if isFlying(request) {
      // Its batch goes on; the request leaves when that has ended.
      state.hangUps.insert(EngineState.HangUp(time: state.now, id: request), at: 0)
      return true
    }
    guard state.scheduler.abort(request) else { return false }
    state.hangUps.removeAll { $0.id == request }
    state.pendingEvents.append(.finished(request, .aborted))
    return true
  }

  mutating func admitArrivals(_ events: inout [EngineEvent]) {
    if state.scheduler.liveCount == 0, let next = nextArrival { state.clock.jump(to: trace.arrivals[next.index].time) }
    // Asked in every step: the engine's own `nextArrival` would copy it.
    let isMember = membership != nil
    while let id = state.next(of: trace.arrivals.count, isMember: isMember), trace.arrivals[id.index].time <= state.now {
      var arrival = trace.arrivals[id.index]
      if let language = device.language { arrival.prompt = language.spelled(arrival.prompt) }
      state.arrived += 1
      // Of a request that was sent here the fleet has told already.
      if isMember { state.inbox.removeFirst() } else { events.append(.arrived(id)) }
      if let reason = whyNever(arrival) {
        events.append(.rejected(id, reason))
        continue
      }
      if membership?.role == .prefill { arrival.outputLimit = min(arrival.outputLimit, 1) }
      state.scheduler.enqueue(arrival, id: id, policy: planner.policy)
      expectHangUp(of: id)
    }
    var place = 0
    while place < state.hangUps.count, state.hangUps[place].time <= state.now {
      if isFlying(state.hangUps[place].id) {
        place += 1
      } else {
        let id = state.hangUps.remove(at: place).id
        if state.scheduler.abort(id) { events.append(.finished(id, .aborted)) }
      }
    }
  }

  mutating func expectHangUp(of id: RequestID) {
    guard let time = trace.arrivals[id.index].abortTime else { return }
    let position = state.hangUps.firstIndex { time < $0.time } ?? state.hangUps.count
    state.hangUps.insert(EngineState.HangUp(time: time, id: id), at: position)
  }

  /// When, after the start of a step, the first request arrives that ranks before all whose prompts it reads; nil when the
  /// step cannot be interrupted or nobody does while it runs.
  func interruption(of plan: StepPlan, within duration: EngineTime) -> EngineTime? {
    guard plan.isInterruptible else { return nil }
    let scheduler = state.scheduler
    let overdue = planner.policy.overdue(scheduler)
    func urgency(_ request: Request) -> Urgency { Urgency(of: request, planner.policy, overdue: overdue, scheduler.outlook) }
    guard let first = plan.slots.map({ urgency(scheduler.requests[Int($0.row)]) }).min() else { return nil }
    for number in state.arrived..<trace.arrivals.count {
      let arrival = trace.arrivals[number]
      guard arrival.time < state.now + duration else { return nil }
      if whyNever(arrival) == nil, urgency(Request(id: RequestID(number), arrival: arrival)) < first { return arrival.time - state.now }
    }
    return nil
  }

  /// Why a request could not be served even alone; nil when it could.
  func whyNever(_ arrival: Arrival) -> RejectionReason? {
    let limits = planner.limits
    let tokens = arrival.prompt.count + arrival.outputLimit
    guard arrival.prompt.count > 0 else { return .emptyPrompt }
    if overlong == .reject ? tokens > limits.maxModelLength : arrival.prompt.count >= limits.maxModelLength {
      return .longerThanContext(tokens: tokens, context: limits.maxModelLength)
    }
    // The last token of the output is never read, so it needs no slot.
    let memory = state.scheduler.memory
    let slots = min(tokens - 1 + limits.speculation.maxDrafts + limits.speculation.lookahead, limits.maxModelLength)
    let blocks = memory.blocks(for: slots)
    let pool = min(memory.pool.usableCount, membership?.leastPool ?? .max)
    return blocks > pool ? .largerThanPool(blocks: blocks, pool: pool) : nil
  }
}
