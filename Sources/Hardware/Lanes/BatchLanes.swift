public import Core

/// Batches that run at the same time on modelled GPUs, each on a lane: how long they take, and nothing of what comes out.
///
///     lanes.start(prompts, on: 0, share: 88)
///     lanes.start(decodes, on: 1, share: 44)
///     lanes.advance()                          // the decodes are through, the prompts go on
///     lanes.start(decodes, on: 1, share: 44)
///
/// A value: a copy goes its own way.
public protocol BatchLanes: Sendable {
  /// Lanes are numbered from 0; each takes one batch at a time.
  var count: Int { get }
  /// SMs that the lanes share out among them; nil where each lane has GPUs of its own.
  var multiprocessors: Int? { get }
  /// SMs that the first lane can have while the other has the rest, ascending; empty where each has GPUs of its own.
  var shares: [Int] { get }

  /// Begins a batch on a lane on which none runs.
  ///
  /// - Parameters:
  ///   - share: SMs, of those that no other lane runs on; meaningless where each lane has GPUs of its own.
  ///   - pause: Before the host prepares it.
  mutating func start(_ batch: Batch, on lane: Int, share: Int, after pause: EngineTime)

  /// Goes on until the first batch has ended, or for `limit` if that is less.
  mutating func advance(for limit: EngineTime?) -> LaneStretch

  /// Foretells how long two batches take that begin together, each on so many SMs; an empty one takes no time.
  func forecast(_ batches: [(batch: Batch, multiprocessors: Int)]) -> [EngineTime]

  /// What ran in the last stretch, as parts of kernels where they were cut, in order of start; the stream is the lane.
  var kernels: [KernelRun] { get }
}

/// A time in which the same batches ran.
public struct LaneStretch: Equatable, Sendable {
  public var duration: EngineTime
  /// The lane whose batch ended; nil when the limit came first.
  public var landed: Int?
  /// What the GPUs did in it; where lanes have GPUs of their own, on average over them, but for the energy.
  public var cost: StepCost
  /// Time in which a lane with GPUs of its own had no work while another had: on average over lanes.
  public var bubble: EngineTime

  public init(duration: EngineTime, landed: Int?, cost: StepCost = StepCost(), bubble: EngineTime = .zero) {
    self.duration = duration
    self.landed = landed
    self.cost = cost
    self.bubble = bubble
  }
}
