import Analysis
import Core
import Hardware
import ServingEngine

/// An engine, or several that serve one trace, and all that is watched of them. A value: copying it forks it.
public struct Run: Sendable {
  public private(set) var fleet: Fleet
  /// Which of several instances is looked at, from 0.
  public var focus = 0
  public private(set) var observatory: Observatory
  public private(set) var badges = Badges()
  /// How drafts fare.
  public private(set) var speculation = SpeculationLog()
  /// What a lossy cache does.
  public private(set) var deviations = DeviationLog()
  /// The latest step of each instance; nil before its first.
  private var lasts: [StepReport?]
  /// The latest step of all.
  public private(set) var latest: StepReport?
  /// What each request was answered so far, by its number, where tokens are real; else empty.
  public private(set) var answers: [[TokenID]] = []

  public init(engine: Engine, observatory: Observatory) { self.init(fleet: Fleet(engine), observatory: observatory) }

  public init(fleet: Fleet, observatory: Observatory) {
    self.fleet = fleet
    self.observatory = observatory
    lasts = Array(repeating: nil, count: fleet.instances.count)
  }

  /// The instance that is looked at; the only one where there are not several.
  public var engine: Engine { fleet.instances[min(max(0, focus), fleet.instances.count - 1)] }
  /// Its latest step; nil before its first.
  public var last: StepReport? { lasts[min(max(0, focus), lasts.count - 1)] }
  /// All its steps.
  public var steps: ChunkedLog<StepRecord> { observatory.steps(of: focus) }
  /// The latest step of an instance.
  public func last(of instance: Int) -> StepReport? { lasts[instance] }

  /// Steps taken so far, and the number of the next.
  public var step: StepIndex { fleet.stepsTaken }
  public var now: EngineTime { fleet.now }

  /// - Parameter told: What came of this step when it was taken; then the device is not asked.
  /// - Returns: False when the engine is done.
  @discardableResult
  public mutating func advance(told: BatchOutcome? = nil) throws(DeviceError) -> Bool {
    guard let report = try fleet.step(told: told) else { return false }
    observatory.fold(report.events, report.record, arrivals: fleet.trace.arrivals)
    badges.fold(report.events)
    speculation.fold(report.batch, report.outcome, report.events, report.record)
    deviations.fold(report.outcome, report.events, step: report.record.step)
    lasts[Int(report.record.instance)] = report
    latest = report
    if fleet.outcomesAreInputs { keepAnswers(report) }
    return true
  }

  private mutating func keepAnswers(_ report: StepReport) {
    while answers.count < fleet.arrived { answers.append([]) }
    for (request, tokens) in report.emitted { answers[request.index] += tokens }
  }

  /// Adds a request among those that are still to come.
  mutating func insert(_ arrival: Arrival) -> RequestID { fleet.insert(arrival) }

  mutating func setFuture(_ trace: Trace) { fleet.setFuture(trace) }

  /// The same moment to be looked at: without the device's memory.
  public var remembered: Run {
    var run = self
    run.fleet = fleet.remembered
    return run
  }

  /// Lives again on `device`, whose memory is of another moment.
  @discardableResult
  mutating func revive(on device: any Device) throws(DeviceError) -> (tokens: Int, requests: Int) {
    try fleet.revive(on: device)
  }

  public mutating func apply(_ command: Command) throws(CommandError) { try fleet.apply(command) }
}
