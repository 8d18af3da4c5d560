import Core
import Synchronization

/// What can be said of a whole trace: how much arrives, how long it is, and how much of it begins alike.
///
/// A pure function of a trace, and too expensive for every frame, so pages ask `TraceSurvey.of`, which
/// remembers the last few.
///
/// - Complexity: One pass over all runs of all prompts, with one dictionary entry for each, and two sorts
///   of lengths: 50 ms for 24,000 prompts of 27 runs each, in release; afterwards any interval's sums cost two binary searches.
struct TraceSurvey: Sendable {
  let prompts: LengthProfile
  let outputs: LengthProfile
  /// Nil when the trace does not say which prompts begin alike.
  let sharing: PrefixSharing?
  /// Requests of each label, most frequent first; labels nobody has are left out.
  let labels: [LabelCount]
  /// From the first arrival to the last.
  let first: EngineTime
  let last: EngineTime
  /// Prompt and output tokens of all arrivals before each, and of all at the end.
  private let promptsBefore: [Int]
  private let outputsBefore: [Int]

  struct LabelCount: Equatable, Sendable {
    var name: String
    var requests: Int
    var promptTokens: Int
  }

  init(_ trace: Trace) {
    let arrivals = trace.arrivals
    var promptsBefore = [0]
    var outputsBefore = [0]
    promptsBefore.reserveCapacity(arrivals.count + 1)
    outputsBefore.reserveCapacity(arrivals.count + 1)
    var labels = trace.labels.map { LabelCount(name: $0, requests: 0, promptTokens: 0) }
    for arrival in arrivals {
      promptsBefore.append(promptsBefore[promptsBefore.count - 1] + arrival.prompt.count)
      outputsBefore.append(outputsBefore[outputsBefore.count - 1] + arrival.outputLimit)
      guard labels.indices.contains(Int(arrival.label)) else { continue }
      labels[Int(arrival.label)].requests += 1
      labels[Int(arrival.label)].promptTokens += arrival.prompt.count
    }
    self.promptsBefore = promptsBefore
    self.outputsBefore = outputsBefore
    prompts = LengthProfile(arrivals.map(\.prompt.count))
    outputs = LengthProfile(arrivals.map(\.outputLimit))
    sharing = PrefixSharing(arrivals)
    let present = labels.indices.filter { labels[$0].requests > 0 }
    self.labels = present.sorted { (labels[$1].requests, $0) < (labels[$0].requests, $1) }.map { labels[$0] }
    first = arrivals.first?.time ?? .zero
    last = arrivals.last?.time ?? .zero
  }

  var count: Int { promptsBefore.count - 1 }
  var promptTokens: Int { promptsBefore[count] }
  var outputTokens: Int { outputsBefore[count] }
  var span: EngineTime { last - first }
  /// Requests per second; nil when they all arrive at once.
  var rate: Double? { count > 1 && span > .zero ? Double(count - 1) / span.seconds : nil }

  /// Prompt and output tokens that a range of arrivals asks for.
  func tokens(of arrivals: Range<Int>) -> (prompt: Int, output: Int) {
    (
      promptsBefore[arrivals.upperBound] - promptsBefore[arrivals.lowerBound],
      outputsBefore[arrivals.upperBound] - outputsBefore[arrivals.lowerBound]
    )
  }
}

extension TraceSurvey {
  /// The survey of a trace, from memory when it was asked for lately.
  static func of(_ trace: Trace) -> TraceSurvey { memory.survey(trace) }

  private static let memory = Memory()

  /// A class, because it is one memory for all who ask. It changes no answer, only its price.
  ///
  /// Traces are told apart by name, length, and the times and sizes of their ends: comparing them whole
  /// would cost as much as a survey.
  private final class Memory: Sendable {
    struct Key: Equatable {
      var name: String
      var count: Int
      var first: EngineTime?
      var last: EngineTime?
      var promptTokens: Int
      var outputTokens: Int

      init(_ trace: Trace) {
        name = trace.name
        count = trace.arrivals.count
        first = trace.arrivals.first?.time
        last = trace.arrivals.last?.time
        let ends = trace.arrivals.prefix(8) + trace.arrivals.suffix(8)
        promptTokens = ends.reduce(0) { $0 + $1.prompt.count }
        outputTokens = ends.reduce(0) { $0 + $1.outputLimit }
      }
    }

    private let surveys = Mutex<[(key: Key, survey: TraceSurvey)]>([])

    func survey(_ trace: Trace) -> TraceSurvey {
      let key = Key(trace)
      if let known = surveys.withLock({ $0.first { $0.key == key }?.survey }) { return known }
      let survey = TraceSurvey(trace)
      surveys.withLock { $0 = [(key, survey)] + $0.prefix(3) }
      return survey
    }
  }
}
