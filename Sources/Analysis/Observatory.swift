import Core

/// A request that went from one instance to another.
public struct MovedRequest: Equatable, Sendable {
  public var request: RequestID
  public var move: KVMove
}

/// Everything that is watched while an engine runs, in one value.
///
/// ```
/// observatory.fold(events, record, arrivals: trace.arrivals)
/// mailbox.post(Snapshot(observatory))
/// ```
///
/// A copy shares all logs with the original. A step of 128 requests takes 4 µs,
/// the first one after a copy 16 µs, because it copies the chunks it writes to
/// (release build, one core of a shared server).
public struct Observatory: Sendable {
  /// Cached blocks evicted in one step that are worth a mark.
  public static let manyEvictions = 64

  public private(set) var scoreboard: Scoreboard
  public private(set) var stories = StoryLog()
  public private(set) var marks = MarkLog()
  /// All steps so far.
  public private(set) var steps = ChunkedLog<StepRecord>()
  /// Of each of several engines; empty for one.
  private var stepsByInstance: [ChunkedLog<StepRecord>] = []
  /// What went from one instance to another, in the order in which it went on there.
  public private(set) var moves = ChunkedLog<MovedRequest>()
  public private(set) var series: Series
  /// The last steps as a picture.
  public private(set) var recorder: LaneRecorder
  /// Of each instance: what is found of one engine says nothing of another.
  public private(set) var findings: [[any Finding]]
  private let findingTypes: [any Finding.Type]
  /// Of the last 512 requests that reached each.
  public private(set) var recentTTFT = RecentValues()
  public private(set) var recentTPOT = RecentValues()
  public private(set) var recentQueue = RecentValues()
  /// What is chosen on each axis, as far as it is known.
  public private(set) var choices: [String: String]
  public var bench: Evidence.Bench

  /// - Parameter choices: by axis, what the run begins with, so that a switch can say from what.
  public init(
    slo: SLO = SLO(), bench: Evidence.Bench = .init(), choices: [String: String] = [:],
    interval: EngineTime = .milliseconds(1_000), lanes: Int? = 256,
    findings: [any Finding.Type] = FindingCatalogue.all
  ) {
    scoreboard = Scoreboard(slo: slo)
    series = Series(width: interval)
    recorder = LaneRecorder(limit: lanes)
    findingTypes = findings
    self.findings = [findings.map { $0.init() }]
    self.bench = bench
    self.choices = choices
  }

  /// Of one instance so far.
  public func steps(of instance: Int) -> ChunkedLog<StepRecord> {
    bench.instances > 1 ? stepsByInstance.indices.contains(instance) ? stepsByInstance[instance] : ChunkedLog() : steps
  }

  public var requests: RequestLog { scoreboard.requests }
  public var lanes: Lanes { recorder.lanes }
  /// Name and sentence of each finding that applies, in the order of the catalogue.
  public var summaries: [(finding: String, sentence: String)] {
    findings.enumerated().flatMap { number, findings in
      findings.compactMap { finding in finding.summary.map { (type(of: finding).descriptor.name, place(number) + $0) } }
    }
  }

  public mutating func fold(_ events: [EngineEvent], _ step: StepRecord, arrivals: [Arrival]) {
    scoreboard.fold(events, step, arrivals: arrivals)
    stories.fold(events, step, arrivals: arrivals)
    recorder.fold(events, step)
    steps.append(step)
    if bench.instances > 1 {
      while stepsByInstance.count < max(bench.instances, Int(step.instance) + 1) { stepsByInstance.append(ChunkedLog()) }
      stepsByInstance[Int(step.instance)].append(step)
    }
    series.fold(step, scoreboard)
    remember()
    mark(step: step.step, time: step.end)
    if Int(step.evictedBlocks) >= Self.manyEvictions {
      marks.add(Mark(step: step.step, time: step.end, kind: .evicted(blocks: Int(step.evictedBlocks))))
    }
    find(step)
  }

  /// Events without a step. Their marks stand at the step to come.
  public mutating func fold(_ events: [EngineEvent], at moment: EngineTime, arrivals: [Arrival]) {
    scoreboard.fold(events, at: moment, arrivals: arrivals)
    stories.fold(events, at: moment, arrivals: arrivals)
    series.fold(at: moment, scoreboard)
    mark(step: (steps.last?.step ?? -1) + 1, time: moment)
  }

  private mutating func remember() {
    let requests = scoreboard.requests
    for request in scoreboard.news.firstTokens { if let value = requests[request.index].ttft { recentTTFT.add(value) } }
    for request in scoreboard.news.completions { if let value = requests[request.index].tpot { recentTPOT.add(value) } }
    for request in scoreboard.news.admissions { if let value = requests[request.index].queue { recentQueue.add(value) } }
  }

  private mutating func mark(step: StepIndex, time: EngineTime) {
    for event in scoreboard.news.events {
      switch event {
      case .preempted(let request, _, let lost):
        marks.add(Mark(step: step, time: time, kind: .preempted(request, lostTokens: Int(lost))))
      case .rejected(let request, let reason):
        marks.add(Mark(step: step, time: time, kind: .rejected(request, reason)))
      case .switched(let axis, let to):
        marks.add(Mark(step: step, time: time, kind: .switched(axis: axis, from: choices[axis], to: to)))
        choices[axis] = to
      case .converted, .reloaded: marks.add(Mark(step: step, time: time, kind: .told(EventSentence.sentence(event))))
      case .moved(let request, let move): moves.append(MovedRequest(request: request, move: move))
      default:
        break
      }
    }
    for miss in scoreboard.news.misses { marks.add(Mark(step: step, time: time, kind: .missed(miss))) }
  }

  private mutating func find(_ step: StepRecord) {
    let evidence = Evidence(step: step, scoreboard: scoreboard, bench: bench)
    let instance = Int(step.instance)
    while findings.count <= instance { findings.append(findingTypes.map { $0.init() }) }
    for index in findings[instance].indices {
      let sentences = findings[instance][index].observe(evidence)
      for sentence in sentences {
        let name = type(of: findings[instance][index]).descriptor.name
        marks.add(Mark(step: step.step, time: step.end, kind: .found(finding: name, sentence: place(instance) + sentence)))
      }
    }
  }

  /// Which of several engines is meant.
  private func place(_ instance: Int) -> String { findings.count > 1 ? "instance \(instance + 1): " : "" }
}
