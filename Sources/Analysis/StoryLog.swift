import Core

/// What a request is doing.
public enum StoryPhase: UInt8, Sendable {
  case queued
  /// Reading its prompt, or after a preemption what it had before.
  case prefill
  case decode
  /// In the queue again, without its blocks.
  case preempted
  /// In the batch's memory, but left out of steps.
  case stalled
  /// Between two instances.
  case moving
  case finished
  case aborted
  case rejected

  public var isOver: Bool { self == .finished || self == .aborted || self == .rejected }

  /// In the chart of requests over time.
  public var mark: Character {
    switch self {
    case .queued: "·"
    case .prefill: "█"
    case .decode: "▒"
    case .preempted: "╳"
    case .stalled: "░"
    case .moving: "→"
    case .finished, .aborted, .rejected: " "
    }
  }
}

/// The lives of all requests, as changes of phase in the order in which they were seen.
///
/// Nothing is written for a token that comes out as expected: a change costs 32
/// bytes, a request usually has four. Each change points at the one before it of
/// the same request, so a story is read from its end.
public struct StoryLog: Sendable {
  struct Change: Equatable, Sendable {
    var time: EngineTime
    var step: Int32
    var previous: Int32
    var phase: StoryPhase
  }

  /// Where a request is, so that a skipped step can be told from the next one.
  struct Pulse: Equatable, Sendable {
    var lastChange: Int32 = -1
    var lastStep: Int32 = -1
    /// The same step, counted among those of its instance.
    var lastTurn: Int32 = -1
    var instance: Int16 = 0
    var lastEnd = EngineTime.zero
    var phase = StoryPhase.queued
  }

  private(set) var changes = ChunkedLog<Change>()
  private(set) var pulses = ChunkedLog<Pulse>()
  private var now = EngineTime.zero
  private var nextStep: Int32 = 0
  /// Steps that each instance has taken: what is left out of a step of another is not left out.
  private var turns: [Int32] = [0]

  public init() {}

  /// Requests with a story.
  public var count: Int { pulses.count }

  public mutating func fold(_ events: [EngineEvent], _ step: StepRecord, arrivals: [Arrival]) {
    while turns.count <= Int(step.instance) { turns.append(0) }
    fold(
      events, number: Int32(truncatingIfNeeded: step.step), of: step.instance, from: step.start, to: step.end, arrivals)
    nextStep = Int32(truncatingIfNeeded: step.step + 1)
    turns[Int(step.instance)] += 1
  }

  /// Events without a step.
  public mutating func fold(_ events: [EngineEvent], at moment: EngineTime, arrivals: [Arrival]) {
    fold(events, number: nextStep, of: 0, from: moment, to: moment, arrivals)
  }

  private mutating func fold(
    _ events: [EngineEvent], number step: Int32, of instance: Int16, from start: EngineTime, to end: EngineTime,
    _ arrivals: [Arrival]
  ) {
    now = max(now, end)
    let turn = turns[Int(instance)]
    for event in events {
      switch event {
      case .computed(let request, _, _, _, _, let emitted):
        let pulse = pulses[request.index]
        if pulse.lastTurn + 1 < turn { resume(request, pulse, at: start, step, turn) }
        pulses[request.index].lastStep = step
        pulses[request.index].lastTurn = turn
        pulses[request.index].lastEnd = end
        if emitted > 0 && pulse.phase != .decode { enter(.decode, request, at: end, step) }
      case .passed(let request, _, _, _, _):
        let pulse = pulses[request.index]
        if pulse.lastTurn + 1 < turn { resume(request, pulse, at: start, step, turn) }
        pulses[request.index].lastStep = step
        pulses[request.index].lastTurn = turn
        pulses[request.index].lastEnd = end
      case .arrived(let request):
        begin(request, arrivals, step)
      case .rejected(let request, _):
        if request.index == pulses.count { begin(request, arrivals, step) }
        enter(.rejected, request, at: arrivals[request.index].time, step)
      case .admitted(let request, _):
        enter(.prefill, request, at: start, step)
        pulses[request.index].lastStep = step - 1
        pulses[request.index].lastTurn = turn - 1
        pulses[request.index].instance = instance
        pulses[request.index].lastEnd = start
      case .preempted(let request, _, _):
        resume(request, pulses[request.index], at: start, step, turn)
        enter(.preempted, request, at: start, step)
      case .finished(let request, let reason):
        // Who hangs up is let go before the step, who is done leaves after it.
        if reason == .aborted {
          resume(request, pulses[request.index], at: start, step, turn)
          enter(.aborted, request, at: start, step)
        } else {
          enter(.finished, request, at: end, step)
        }
      case .departed(let request): enter(.moving, request, at: end, step)
      case .moved(let request, let move):
        enter(.decode, request, at: move.end, step)
        pulses[request.index].lastStep = step - 1
        pulses[request.index].lastTurn = turn - 1
        pulses[request.index].lastEnd = move.end
        pulses[request.index].instance = move.target
      case .routed, .turnedBack, .swappedOut, .swappedIn, .compressed, .switched, .settled, .converted, .reloaded:
        break
      }
    }
  }

  private mutating func begin(_ request: RequestID, _ arrivals: [Arrival], _ step: Int32) {
    require(request.index == pulses.count, "\(request) arrived after \(pulses.count) others; its number should be that")
    pulses.append(Pulse())
    enter(.queued, request, at: arrivals[request.index].time, step)
  }

  /// Writes the stall between the last step that computed the request and this one, if there was one.
  private mutating func resume(_ request: RequestID, _ pulse: Pulse, at start: EngineTime, _ step: Int32, _ turn: Int32) {
    guard pulse.lastTurn + 1 < turn, pulse.lastEnd < start, pulse.phase == .prefill || pulse.phase == .decode else { return }
    enter(.stalled, request, at: pulse.lastEnd, pulse.lastStep + 1)
    enter(pulse.phase, request, at: start, step)
  }

  private mutating func enter(_ phase: StoryPhase, _ request: RequestID, at time: EngineTime, _ step: Int32) {
    changes.append(Change(time: time, step: step, previous: pulses[request.index].lastChange, phase: phase))
    pulses[request.index].lastChange = Int32(truncatingIfNeeded: changes.count - 1)
    pulses[request.index].phase = phase
  }

  /// The life of one request; nil when it has not arrived.
  ///
  /// Cost: the number of its changes.
  public func story(of request: RequestID) -> RequestStory? {
    guard pulses.indices.contains(request.index) else { return nil }
    let pulse = pulses[request.index]
    var intervals: [RequestStory.Interval] = []
    var end: EngineTime? = nil
    // Left out of the last steps and still waiting for its turn: a stall without an end.
    if pulse.phase == .prefill || pulse.phase == .decode, pulse.lastTurn + 1 < turns[Int(pulse.instance)], pulse.lastEnd < now {
      intervals.append(.init(phase: .stalled, start: pulse.lastEnd, end: nil, step: Int(pulse.lastStep) + 1))
      end = pulse.lastEnd
    }
    var index = pulse.lastChange
    while index >= 0 {
      let change = changes[Int(index)]
      // A phase that ended where it began (prefill of one step then a stall) took no time.
      if change.phase.isOver || end != change.time {
        intervals.append(
          .init(phase: change.phase, start: change.time, end: change.phase.isOver ? change.time : end, step: Int(change.step)))
      }
      end = change.time
      index = change.previous
    }
    return RequestStory(request: request, intervals: intervals.reversed())
  }
}
