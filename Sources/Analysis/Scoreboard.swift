import Core

/// What a run amounts to so far: a fold over its events.
///
/// ```
/// for step in run { scoreboard.fold(step.events, step.record, arrivals: trace.arrivals) }
/// scoreboard.latencies(\.ttft)?.p99
/// ```
///
/// Definitions, those of vLLM's `benchmark_serving` where it has one:
/// - Per-request latencies and token totals are of *completed* requests. Aborted
///   and rejected ones are counted and otherwise left out.
/// - ITL is the gap between two emissions of one request, whatever becomes of it.
///   Tokens that come out together, as with accepted drafts, are one emission.
/// - Attainment is the share of completed *and rejected* requests that were served
///   as promised: turning a request away is a miss. Who hung up is not judged.
/// - The prefix hit rate is reused tokens over prompt tokens of first admissions.
public struct Scoreboard: Sendable {
  public let slo: SLO
  /// By request number.
  public private(set) var requests = RequestLog()

  public private(set) var completed = 0
  public private(set) var rejected = 0
  public private(set) var aborted = 0
  /// Of completed requests.
  public private(set) var inputTokens = 0
  public private(set) var outputTokens = 0
  /// Tokens that came out, of all requests.
  public private(set) var emittedTokens = 0
  /// Completed requests that were served as promised.
  public private(set) var met = 0

  public private(set) var steps = 0
  /// End of the last step, since the start of the run: idle time is in it.
  public private(set) var engineTime = EngineTime.zero
  /// Tokens computed: prompts, outputs, drafts, and again what preemptions lost.
  public private(set) var computedTokens = 0

  /// Distributions for the screen: TTFT and queue as soon as they are known, TPOT and E2E of completed requests.
  public private(set) var ttft = LatencyHistogram()
  public private(set) var tpot = LatencyHistogram()
  public private(set) var itl = LatencyHistogram()
  public private(set) var e2e = LatencyHistogram()
  public private(set) var queue = LatencyHistogram()

  /// Times that requests gave up keys and values, of how many tokens, and the blocks that this gave back.
  public private(set) var compactions = 0
  public private(set) var droppedTokens = 0
  public private(set) var freedBlocks = 0
  private var droppedTime = 0.0

  public private(set) var peakUsedBlocks = 0
  public private(set) var preemptions = 0
  /// Computed tokens that preemptions threw away.
  public private(set) var lostTokens = 0
  public private(set) var evictedBlocks = 0
  /// Blocks copied to host memory and back, and the time of it that no kernel hid.
  public private(set) var swappedBlocks = 0
  public private(set) var transferTime = EngineTime.zero
  /// Slot-seconds: of blocks that tables name, of those slots with a token in them, and of free slots that were of no use
  /// because they did not lie side by side.
  private var heldTime = 0.0
  private var filledTime = 0.0
  private var strandedTime = 0.0
  public private(set) var reusedTokens = 0
  /// Prompt tokens of requests when they were first admitted.
  public private(set) var admittedTokens = 0
  public private(set) var speculation = SpeculationTally()
  public private(set) var hardware = HardwareTally()
  /// What moved between instances.
  public private(set) var link = LinkTally()
  /// Of each instance that has taken a step.
  public private(set) var instances: [InstanceTally] = []

  /// What the last fold brought, for those who would otherwise read all events again.
  public struct News: Equatable, Sendable {
    /// Requests whose first token came out.
    public var firstTokens: [RequestID] = []
    /// Admitted for the first time.
    public var admissions: [RequestID] = []
    public var completions: [RequestID] = []
    public var misses: [SLOMiss] = []
    /// All events but `computed`.
    public var events: [EngineEvent] = []

    mutating func clear() {
      // Almost every step brings nothing: five checks instead of five writes.
      if !firstTokens.isEmpty { firstTokens = [] }
      if !admissions.isEmpty { admissions = [] }
      if !completions.isEmpty { completions = [] }
      if !misses.isEmpty { misses = [] }
      if !events.isEmpty { events = [] }
    }
  }

  public private(set) var news = News()

  public init(slo: SLO = SLO()) {
    self.slo = slo
  }

  /// Share of the slots of blocks in use that held no token, over time; nil when none was in use.
  /// Of the tokens that running requests had computed, the part that still had keys and values; on average over time, 0...1.
  public var keptFraction: Double { droppedTime > 0 ? filledTime / (filledTime + droppedTime) : 1 }
  public var internalFragmentation: Double? { heldTime > 0 ? 1 - filledTime / heldTime : nil }
  /// Share of a pool of `blocks` that was free and of no use to the head of the queue, over the time of all steps.
  public func externalFragmentation(blocks: Int) -> Double? {
    blocks > 0 && engineTime > .zero ? strandedTime / (Double(blocks) * engineTime.seconds) : nil
  }

  public var arrived: Int { requests.count }
  public var prefixHitRate: Double? { admittedTokens == 0 ? nil : Double(reusedTokens) / Double(admittedTokens) }

  /// Nil when nothing is promised or nothing has ended.
  public var attainment: Double? {
    slo.promisesSomething && completed + rejected > 0 ? Double(met) / Double(completed + rejected) : nil
  }

  /// Requests served as promised per engine second.
  public var goodput: Double? { slo.promisesSomething ? perEngineSecond(met) : nil }

  public func perEngineSecond(_ count: Int) -> Double? { engineTime > .zero ? Double(count) / engineTime.seconds : nil }

  /// Exact, over completed requests; sorts them all, so it is for the end of a run.
  /// Nil when no completed request has the quantity.
  public func latencies(_ quantity: KeyPath<RequestRecord, EngineTime?>) -> Percentiles? {
    Percentiles(of: requests.compactMap { $0.isCompleted ? $0[keyPath: quantity] : nil })
  }

  /// Everything that one step did. Its requests were scheduled at the step's start; its tokens appear at its end.
  ///
  /// 128 `computed` events take 1.1 µs, 2.1 µs with drafts (release build, one core of a shared server).
  ///
  /// - Parameter arrivals: the trace, by request number.
  public mutating func fold(_ events: [EngineEvent], _ step: StepRecord, arrivals: [Arrival]) {
    fold(events, from: step.start, to: step.end, arrivals: arrivals)
    steps += 1
    computedTokens += Int(step.prefillTokens) + Int(step.decodeTokens) + Int(step.draftTokens)
    engineTime = max(engineTime, step.end)
    while instances.count <= Int(step.instance) { instances.append(InstanceTally()) }
    instances[Int(step.instance)].add(step)
    peakUsedBlocks = max(peakUsedBlocks, instances.count == 1 ? Int(step.usedBlocks) : instances.reduce(0) { $0 + $1.usedBlocks })
    evictedBlocks += Int(step.evictedBlocks)
    swappedBlocks += Int(step.swappedBlocks)
    transferTime += step.transfer
    let seconds = step.duration.seconds
    heldTime += Double(step.heldSlots) * seconds
    filledTime += Double(step.filledSlots) * seconds
    droppedTime += Double(step.droppedTokens) * seconds
    strandedTime += Double(step.strandedBlocks) * seconds
    hardware.add(step.cost, duration: step.duration)
  }

  /// Events without a step: arrivals that were all turned away, a switch while nothing ran.
  public mutating func fold(_ events: [EngineEvent], at moment: EngineTime, arrivals: [Arrival]) {
    fold(events, from: moment, to: moment, arrivals: arrivals)
  }
}

extension Scoreboard {
  private mutating func fold(_ events: [EngineEvent], from start: EngineTime, to end: EngineTime, arrivals: [Arrival]) {
    news.clear()
    // Requests that decode side by side have equal gaps: they are counted as one run.
    var gap = EngineTime.zero
    var gaps = 0
    for event in events {
      if case .computed(let request, _, _, let drafted, let accepted, let emitted) = event {
        if drafted > 0 { verify(drafted, accepted, of: request.index) }
        guard emitted > 0 else { continue }
        emittedTokens += Int(emitted)
        guard let last = emit(Int32(emitted), by: request.index, at: end) else {
          note(firstTokenOf: request)
          continue
        }
        if end - last == gap {
          gaps += 1
        } else {
          if gaps > 0 { itl.add(gap, times: gaps) }
          gap = end - last
          gaps = 1
        }
      } else {
        news.events.append(event)
        fold(rare: event, from: start, arrivals: arrivals)
      }
    }
    if gaps > 0 { itl.add(gap, times: gaps) }
  }

  private mutating func verify(_ drafted: Int16, _ accepted: Int16, of number: Int) {
    func write(_ record: inout RequestRecord) {
      record.drafted += Int32(drafted)
      record.accepted += Int32(accepted)
      record.verifications += 1
    }
    write(&requests[number])
    speculation.add(drafted: Int(drafted), accepted: Int(accepted))
  }

  /// When the request's token before these came out; nil for the first.
  @inline(__always)
  private mutating func emit(_ tokens: Int32, by number: Int, at end: EngineTime) -> EngineTime? {
    func write(_ record: inout RequestRecord) -> EngineTime? {
      let last = record.lastToken
      record.output += tokens
      record.lastToken = end
      if last == nil { record.firstToken = end }
      return last
    }
    return write(&requests[number])
  }

  private mutating func note(firstTokenOf request: RequestID) {
    news.firstTokens.append(request)
    guard let reached = requests[request.index].ttft else { return }
    ttft.add(reached)
    if let promised = slo.ttft, reached > promised {
      news.misses.append(SLOMiss(request: request, quantity: .ttft, value: reached, promised: promised))
    }
  }

  private mutating func fold(rare event: EngineEvent, from start: EngineTime, arrivals: [Arrival]) {
    switch event {
    case .arrived(let request):
      arrive(request, arrivals)
    case .rejected(let request, let reason):
      if request.index == requests.count { arrive(request, arrivals) }
      requests[request.index].outcome = .rejected(reason)
      rejected += 1
    case .admitted(let request, let reused):
      admit(request, reused: reused, at: start)
    case .preempted(let request, _, let lost):
      requests[request.index].outcome = .waiting
      requests[request.index].preemptions += 1
      preemptions += 1
      lostTokens += Int(lost)
    case .finished(let request, let reason):
      requests[request.index].outcome = .finished(reason)
      if reason == .aborted { aborted += 1 } else { complete(request) }
    case .routed(let request, let instance): requests[request.index].instance = instance
    case .moved(let request, let move):
      requests[request.index].instance = move.target
      link.add(move)
    case .compressed(_, _, let dropped, let freed):
      compactions += 1
      droppedTokens += Int(dropped)
      freedBlocks += Int(freed)
    case .departed, .computed, .passed, .turnedBack, .swappedOut, .swappedIn, .switched, .settled, .converted, .reloaded:
      break
    }
  }

  private mutating func arrive(_ request: RequestID, _ arrivals: [Arrival]) {
    require(request.index == requests.count, "\(request) arrived after \(requests.count) others; its number should be that")
    let arrival = arrivals[request.index]
    requests.append(RequestRecord(arrival: arrival.time, input: arrival.prompt.count))
  }

  private mutating func admit(_ request: RequestID, reused: Int32, at start: EngineTime) {
    let number = request.index
    requests[number].outcome = .running
    guard requests[number].scheduled == nil else { return }
    requests[number].scheduled = start
    requests[number].reused = reused
    reusedTokens += Int(reused)
    admittedTokens += Int(requests[number].input)
    queue.add(start - requests[number].arrival)
    news.admissions.append(request)
  }

  private mutating func complete(_ request: RequestID) {
    let record = requests[request.index]
    completed += 1
    inputTokens += Int(record.input)
    outputTokens += Int(record.output)
    news.completions.append(request)
    if let whole = record.e2e { e2e.add(whole) }
    let pace = record.tpot
    if let pace {
      tpot.add(pace)
      if let promised = slo.tpot, pace > promised {
        news.misses.append(SLOMiss(request: request, quantity: .tpot, value: pace, promised: promised))
      }
    }
    if slo.promisesSomething && slo.isMet(ttft: record.ttft, tpot: pace) { met += 1 }
  }
}
