import Analysis
import Core
import Hardware
import ServingEngine

/// An engine and all that is watched of it. A value: copying it forks it.
public struct Run: Sendable {
  public private(set) var engine: Engine
  public private(set) var observatory: Observatory
  public private(set) var badges = Badges()
  /// How drafts fare.
  public private(set) var speculation = SpeculationLog()
  /// The latest step; nil before the first.
  public private(set) var last: StepReport?
  /// What each request was answered so far, by its number, where tokens are real; else empty.
  public private(set) var answers: [[TokenID]] = []

  public init(engine: Engine, observatory: Observatory) {
    self.engine = engine
    self.observatory = observatory
  }

  /// Steps taken so far, and the number of the next.
  public var step: StepIndex { engine.state.step }
  public var now: EngineTime { engine.state.now }

  /// - Parameter told: What came of this step when it was taken; then the device is not asked.
  /// - Returns: False when the engine is done.
  @discardableResult
  public mutating func advance(told: BatchOutcome? = nil) throws(DeviceError) -> Bool {
    guard let report = try engine.step(told: told) else { return false }
    observatory.fold(report.events, report.record, arrivals: engine.trace.arrivals)
    badges.fold(report.events)
    speculation.fold(report.batch, report.outcome, report.events, report.record)
    last = report
    if engine.outcomesAreInputs { keepAnswers(report) }
    return true
  }

  private mutating func keepAnswers(_ report: StepReport) {
    while answers.count < engine.state.arrived { answers.append([]) }
    for (request, tokens) in report.emitted { answers[request.index] += tokens }
  }

  /// Adds a request among those that are still to come.
  mutating func insert(_ arrival: Arrival) -> RequestID { engine.insert(arrival) }

  mutating func setFuture(_ trace: Trace) { engine.setFuture(trace) }

  /// The same moment to be looked at: without the device's memory.
  public var remembered: Run {
    var run = self
    run.engine = engine.remembered
    return run
  }

  /// Lives again on `device`, whose memory is of another moment.
  @discardableResult
  mutating func revive(on device: any Device) throws(DeviceError) -> (tokens: Int, requests: Int) {
    try engine.revive(on: device)
  }

  public mutating func apply(_ command: Command) throws(CommandError) { try engine.apply(command) }
}
