import Core

/// The run as one point per interval of engine time: rates of the last seconds, sparklines, the timeline.
///
/// A step belongs to the interval in which it ends. Intervals in which no step
/// ended have no point, so a long idle time costs nothing.
public struct Series: Sendable {
  public struct Point: Equatable, Sendable {
    /// Number of the interval: it begins at `interval × width`.
    public var interval: Int
    public var steps = 0
    public var prefillTokens = 0
    public var emittedTokens = 0
    public var completed = 0
    /// Completed as promised.
    public var met = 0
    public var rejected = 0
    public var preemptions = 0
    /// Time in steps.
    public var busy = EngineTime.zero
    /// Joules; nil once a step came without a statement.
    public var energy: Double? = 0
    /// Engines that took steps.
    public var instances = 1
    /// After the last step of the interval, of all engines.
    public var running = 0
    public var waiting = 0
    public var usedBlocks = 0
    /// Of first tokens, completions and first admissions in the interval; nil without any, and until it is over.
    public var ttft: Percentiles?
    public var tpot: Percentiles?
    public var queue: Percentiles?
  }

  /// What a window of points comes to, per second of engine time.
  public struct Rates: Equatable, Sendable {
    public var emittedTokens: Double
    public var prefillTokens: Double
    public var completed: Double
    /// Requests served as promised.
    public var goodput: Double
    /// Share of the window spent in steps, 0...1; the mean of the engines.
    public var busy: Double
  }

  public let width: EngineTime
  /// In order of intervals; the last one is not over.
  public private(set) var points = ChunkedLog<Point>()
  /// Values of the interval that is not over.
  private var ttft: [EngineTime] = []
  private var tpot: [EngineTime] = []
  private var queue: [EngineTime] = []

  public init(width: EngineTime = .milliseconds(1_000)) {
    require(width > .zero, "an interval of \(width.nanoseconds) ns has no end")
    self.width = width
  }

  /// - Parameter scoreboard: after it has folded the same step.
  public mutating func fold(_ step: StepRecord, _ scoreboard: Scoreboard) {
    var point = open(at: step.end)
    point.steps += 1
    point.prefillTokens += Int(step.prefillTokens)
    point.emittedTokens += Int(step.emittedTokens)
    point.preemptions += Int(step.preemptions)
    point.busy += step.duration
    if let sum = point.energy, let joules = step.cost.energy { point.energy = sum + joules } else { point.energy = nil }
    point.running = Int(step.running)
    point.waiting = Int(step.waiting)
    point.usedBlocks = Int(step.usedBlocks)
    if scoreboard.instances.count > 1 {
      let all = scoreboard.instances
      point.running = all.reduce(0) { $0 + $1.running }
      point.waiting = all.reduce(0) { $0 + $1.waiting }
      point.usedBlocks = all.reduce(0) { $0 + $1.usedBlocks }
      point.instances = all.count
    }
    count(scoreboard, into: &point)
    points[points.count - 1] = point
  }

  /// Events without a step.
  public mutating func fold(at moment: EngineTime, _ scoreboard: Scoreboard) {
    var point = open(at: moment)
    count(scoreboard, into: &point)
    points[points.count - 1] = point
  }

  /// The point of `moment`, made when it is the first of its interval.
  private mutating func open(at moment: EngineTime) -> Point {
    let interval = Int(moment.nanoseconds / width.nanoseconds)
    if let newest = points.last, newest.interval >= interval { return newest }
    close()
    let point = Point(interval: interval)
    points.append(point)
    return point
  }

  private mutating func count(_ scoreboard: Scoreboard, into point: inout Point) {
    let news = scoreboard.news
    for request in news.firstTokens { if let value = scoreboard.requests[request.index].ttft { ttft.append(value) } }
    for request in news.admissions { if let value = scoreboard.requests[request.index].queue { queue.append(value) } }
    for request in news.completions {
      let record = scoreboard.requests[request.index]
      if let value = record.tpot { tpot.append(value) }
      if scoreboard.slo.isMet(ttft: record.ttft, tpot: record.tpot) { point.met += 1 }
    }
    point.completed += news.completions.count
    for case .rejected in news.events { point.rejected += 1 }
  }

  private mutating func close() {
    guard !points.isEmpty else { return }
    points[points.count - 1].ttft = Percentiles(of: ttft)
    points[points.count - 1].tpot = Percentiles(of: tpot)
    points[points.count - 1].queue = Percentiles(of: queue)
    ttft.removeAll(keepingCapacity: true)
    tpot.removeAll(keepingCapacity: true)
    queue.removeAll(keepingCapacity: true)
  }

  /// Over the last `window` before `now`, in whole intervals, the one under way counted as far as it got.
  /// Nil when the window is empty.
  public func rates(over window: EngineTime, until now: EngineTime) -> Rates? {
    let last = Int(now.nanoseconds / width.nanoseconds)
    let first = max(0, last - max(1, Int(window.nanoseconds / width.nanoseconds)) + 1)
    let seconds = now.seconds - Double(first) * width.seconds
    guard seconds > 0 else { return nil }
    var sum = Point(interval: first)
    for point in points.reversed() {
      if point.interval < first { break }
      sum.emittedTokens += point.emittedTokens
      sum.prefillTokens += point.prefillTokens
      sum.completed += point.completed
      sum.met += point.met
      sum.busy += point.busy
      sum.instances = max(sum.instances, point.instances)
    }
    return Rates(
      emittedTokens: Double(sum.emittedTokens) / seconds, prefillTokens: Double(sum.prefillTokens) / seconds,
      completed: Double(sum.completed) / seconds, goodput: Double(sum.met) / seconds,
      busy: min(1, sum.busy.seconds / seconds / Double(sum.instances)))
  }

  /// The last `count` intervals up to the newest point, oldest first; nil where there is no value.
  public func history(_ count: Int, _ value: (Point) -> Double?) -> [Double?] {
    guard let newest = points.last?.interval, count > 0 else { return [] }
    var history = [Double?](repeating: nil, count: count)
    for point in points.reversed() {
      let place = count - 1 - (newest - point.interval)
      if place < 0 { break }
      history[place] = value(point)
    }
    return history
  }
}
