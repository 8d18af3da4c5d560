import Core
import Hardware
import KVMemory
import Scheduling

/// Engines that serve one trace together. A value: copying it forks it.
///
/// ```
///                  ┌▶ instance 0 ─┐
/// arrivals ─▶ router              ├─▶ events
///                  └▶ instance 1 ─┘
/// ```
///
/// All live in one engine time. The instance whose next step can begin first takes it; ties fall to the lower number.
/// What happens before that moment happens first: a request arrives and is routed by what the instances are like then,
/// keys and values have been moved. So a step is decided by what could be known when it began, and never by what a step
/// beside it that is not over yet will have done.
///
/// A fleet of one engine is that engine.
public struct Fleet: Sendable {
  public internal(set) var instances: [Engine]
  /// Steps taken by all of them, and the number of the next.
  public private(set) var step: StepIndex = 0
  /// Folded over every event of all instances: equal digests, equal histories.
  public private(set) var history = Digest()
  /// Requests on their way from one instance to another, in the order in which their first tokens were out.
  public internal(set) var moves: [Move] = []
  /// What a block is on the way between two instances; nil where nothing moves.
  let cargo: Cargo?

  /// Requests that were routed: as they arrived, and after their first token.
  var turns = Turns()
  /// What has happened since the last step and concerns all.
  var pendingEvents: [EngineEvent] = []
  /// When the last event was: up to here all is known, and the steps that end later are under way.
  public internal(set) var moment = EngineTime.zero
  /// The end of the latest step.
  private var latestEnd = EngineTime.zero
  var facts: [Facts]

  struct Turns: Equatable, Sendable {
    var arrived = 0
    var decoded = 0
    /// No instance changes sides before this step.
    var rolesRestUntil: StepIndex = 0
  }

  /// What the fleet notes of an instance.
  struct Facts: Equatable, Sendable {
    /// Nothing can be planned until memory comes back from a transfer.
    var isStalled = false
    /// Requests that left the batch in its last step: until that is over they are in it.
    var leftInLastStep = 0
    /// What has happened to its requests since its last step.
    var pendingEvents: [EngineEvent] = []
    /// When waiting requests may be given blocks here; nil while nothing has changed since they were refused.
    var attempt: EngineTime?
    /// When its way out, and its way in, is free.
    var wayOut = EngineTime.zero
    var wayIn = EngineTime.zero
  }

  /// An engine by itself.
  public init(_ engine: Engine) {
    instances = [engine]
    facts = [Facts()]
    cargo = nil
  }

  /// Several engines before their first step, equal in what they choose.
  ///
  /// - Parameters:
  ///   - roles: One for each.
  ///   - cargo: What a block is on the way; nil where no request moves.
  public init(_ engines: [Engine], roles: [Membership.Role], rules: FleetRules, cargo: Cargo? = nil) {
    require(engines.count == roles.count && engines.count > 1, "\(engines.count) engines have \(roles.count) roles")
    instances = engines
    facts = Array(repeating: Facts(), count: engines.count)
    self.cargo = cargo
    let disaggregation = cargo.map { _ in
      Disaggregation(prefill: roles.count { $0 == .prefill }, decode: roles.count { $0 == .decode })
    }
    let leastPool = engines.map(\.state.memory.pool.usableCount).min() ?? 0
    for number in instances.indices {
      instances[number].membership = Membership(
        number: number, count: engines.count, role: roles[number], leastPool: leastPool,
        disaggregation: disaggregation, rules: rules)
    }
  }

  public var isSeveral: Bool { instances.count > 1 }
  public var trace: Trace { instances[0].trace }
  public var rules: FleetRules? { instances[0].membership?.rules }
  public var isDisaggregated: Bool { cargo != nil }

  /// Arrivals of the trace that have come in so far.
  public var arrived: Int { isSeveral ? turns.arrived : instances[0].state.arrived }
  /// Steps taken, of all instances.
  public var stepsTaken: StepIndex { isSeveral ? step : instances[0].state.step }
  public var digest: Digest { isSeveral ? history : instances[0].state.history }
  /// The end of the latest step.
  public var now: EngineTime { isSeveral ? latestEnd : instances[0].state.now }

  /// Nothing lives and nothing more will arrive.
  public var isDone: Bool {
    instances.allSatisfy(\.isDone) && moves.isEmpty && arrived == trace.arrivals.count
  }

  /// When something happens next; nil when all is done.
  public var nextStart: EngineTime? {
    guard isSeveral else { return instances[0].nextStart }
    let next = [nextInstance?.time, nextArrival, nextMove].compactMap { $0 }.min()
    return next ?? (isDone ? nil : moment)
  }

  /// Takes the step that can begin first: of which instance, is in its record.
  ///
  /// - Parameter told: What came of this step when it was taken; then the device is not asked.
  /// - Returns: Nil when all is done.
  public mutating func step(told: BatchOutcome? = nil) throws(DeviceError) -> StepReport? {
    guard isSeveral else { return try instances[0].step(told: told) }
    while true {
      let next = nextInstance
      let limit = next?.time ?? EngineTime(nanoseconds: .max)
      if let time = nextArrival, time <= min(limit, nextMove ?? limit) {
        moment = max(moment, time)
        route()
      } else if let time = nextMove, time <= limit {
        moment = max(moment, time)
        settleMoves()
      } else if let next {
        return try take(next.number)
      } else if !giveUpMove() {
        return nil
      }
    }
  }

  private var nextInstance: (number: Int, time: EngineTime)? {
    var next: (number: Int, time: EngineTime)?
    for number in instances.indices where !facts[number].isStalled {
      guard let time = instances[number].nextStart, next.map({ time < $0.time }) ?? true else { continue }
      next = (number, time)
    }
    return next
  }

  private var nextArrival: EngineTime? {
    turns.arrived < trace.arrivals.count ? trace.arrivals[turns.arrived].time : nil
  }

  private mutating func take(_ number: Int) throws(DeviceError) -> StepReport {
    instances[number].state.horizon = nextArrival
    guard var report = try instances[number].step() else { fatalError("instance \(number) was to take a step and is done") }
    report.events = pendingEvents + facts[number].pendingEvents + report.events
    pendingEvents = []
    facts[number].pendingEvents = []
    report.record.step = step
    step += 1
    moment = max(moment, report.record.start)
    latestEnd = max(latestEnd, report.record.end)
    history.fold(report.events, report.record, instance: number)

    facts[number].leftInLastStep = 0
    for event in report.events {
      switch event {
      case .departed(let request):
        depart(request, from: number, at: report.record.end)
        facts[number].leftInLastStep += 1
      case .finished: facts[number].leftInLastStep += 1
      default: break
      }
    }
    facts[number].isStalled = isStalled(number, report.plan)
    if moves.contains(where: { $0.waits(for: number) }) { facts[number].attempt = instances[number].state.now }
    if case .loadAware(let steps)? = rules?.roles { changeRoles(backlog: steps) }
    return report
  }

  // MARK: Routing

  /// The next request of the trace goes to an instance.
  private mutating func route() {
    let request = RequestID(turns.arrived)
    let arrival = trace.arrivals[request.index]
    pendingEvents.append(.arrived(request))
    let number = choose(Request(id: request, arrival: arrival), turn: turns.arrived) { $0 != .decode }
    pendingEvents.append(.routed(request, to: Int16(truncatingIfNeeded: number)))
    turns.arrived += 1
    instances[number].state.inbox.append(request)
    wake(number)
  }

  /// The router's choice among the instances of some roles.
  func choose(_ request: Request, turn: Int, among isWanted: (Membership.Role) -> Bool) -> Int {
    guard let rules else { return 0 }
    var glances: [Glance] = []
    for (number, engine) in instances.enumerated() where isWanted(engine.membership?.role ?? .both) {
      var glance = glance(at: number)
      if rules.router.looksAtPrefixes {
        glance.promptTokens = request.prompt.count
        glance.cachedTokens = engine.state.memory.cachedBlocks(of: request) * engine.state.memory.tokensPerBlock
      }
      glances.append(glance)
    }
    let position = rules.router.choose(among: glances, turn: turn)
    require(glances.indices.contains(position), "the router chose number \(position) of \(glances.count)")
    return glances[position].instance
  }

  /// An instance as it is now. Of a step under way only that is known which was decided when it began.
  private func glance(at number: Int) -> Glance {
    let scheduler = instances[number].state.scheduler
    let coming = moves.count { $0.target == number }
    let leaving = moment < instances[number].state.now ? facts[number].leftInLastStep : 0
    return Glance(
      instance: number, waiting: scheduler.waiting.count + instances[number].state.inbox.count + coming,
      running: scheduler.running.count + leaving, freeBlocks: scheduler.memory.pool.freeCount)
  }

  /// Something has changed for an instance that stood still.
  mutating func wake(_ number: Int) {
    facts[number].isStalled = false
    instances[number].state.clock.jump(to: moment)
  }

  /// It has requests and could plan nothing, because memory is held for transfers.
  private func isStalled(_ number: Int, _ plan: StepPlan) -> Bool {
    guard plan.slots.isEmpty, plan.preempted.isEmpty, instances[number].state.scheduler.running.isEmpty,
      !instances[number].state.scheduler.waiting.isEmpty, moves.contains(where: { $0.source == number || $0.target == number })
    else { return false }
    // Who only waits for its time gets steps without work until that has come.
    return plan.admissionEnd != .notTheirTurn
  }

  // MARK: Switching

  /// Carries out a command in all instances, between two steps.
  public mutating func apply(_ command: Command) throws(CommandError) {
    guard isSeveral else { return try instances[0].apply(command) }
    for number in instances.indices {
      try instances[number].apply(command)
      // It is one switch; what it came to is each one's own.
      for event in instances[number].state.pendingEvents {
        if case .switched = event, number > 0 { continue }
        pendingEvents.append(event)
      }
      instances[number].state.pendingEvents = []
    }
  }
}

// MARK: An engine by itself

extension Fleet {
  /// True when what came of a step cannot be had again by taking it again: only for one engine, as several are modelled.
  public var outcomesAreInputs: Bool { instances.withUnsafeBufferPointer { $0[0].outcomesAreInputs } }

  /// The same moment without the device's memory.
  public var remembered: Fleet {
    guard outcomesAreInputs else { return self }
    var fleet = self
    fleet.instances[0] = instances[0].remembered
    return fleet
  }

  public mutating func revive(on device: any Device) throws(DeviceError) -> (tokens: Int, requests: Int) {
    try instances[0].revive(on: device)
  }

  /// Adds a request among those that are still to come, whose numbers move up.
  public mutating func insert(_ arrival: Arrival) -> RequestID {
    require(!isSeveral, "a request is said to one of \(instances.count) instances")
    return instances[0].insert(arrival)
  }

  public mutating func setFuture(_ trace: Trace) {
    for number in instances.indices { instances[number].setFuture(trace) }
  }
}
