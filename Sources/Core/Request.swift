/// A request as the engine knows it.
///
/// One number tells its progress: tokens `computed`, chasing tokens `known`.
/// There is no prefill mode and no decode mode.
///
/// ```
/// |        prompt        |  output  | in flight | draft |
/// 0          computed →          known
/// ```
///
/// A token is in flight from the planning of the step that samples it until that step has ended: its
/// place is known, the token is not.
public struct Request: Identifiable, Equatable, Sendable {
  public enum Phase: UInt8, Equatable, Sendable {
    /// In the queue, never admitted.
    case waiting
    case running
    /// In the queue again; its output is kept, its keys and values are not.
    case preempted
    /// Neither; its row is free.
    case left
    /// Between two instances: its blocks are held here, and it is served when its keys and values have been moved.
    case moving
  }

  public let id: RequestID
  public let arrival: EngineTime
  public let prompt: Prompt
  /// Tokens that it will produce here; an instance that only prefills hands it on after the first.
  public package(set) var outputLimit: Int
  public let priority: Int
  public let label: UInt16

  public package(set) var phase: Phase = .waiting
  public package(set) var output: [TokenID] = []
  /// Proposed tokens that the next step verifies.
  public package(set) var draft: [TokenID] = []
  /// Tokens whose keys and values are in memory, or will be when the steps planned so far have ended.
  public package(set) var computed = 0
  /// Tokens after those that are on their way through the layers, and how far they have come: their keys and values are in
  /// memory in the layers behind them. 0 where steps go through whole models.
  public package(set) var underWay: Int32 = 0
  public package(set) var depth = Depth.start
  /// Output tokens that planned steps will sample (vLLM's output placeholders). It outlives a preemption,
  /// for the step that samples them does run.
  public package(set) var inFlight = 0
  /// True when the last step it was in left known tokens uncomputed.
  public package(set) var isReading = false
  /// Place among equals in the queue: its number of arrival, or below zero after a preemption.
  public package(set) var queueOrder = 0
  /// The step it was last planned in, and for how many tokens.
  public package(set) var plannedStep: StepIndex = -1
  public package(set) var preemptions = 0
  // Narrow on purpose: the table of requests is walked in every step.

  /// Tokens that the prefix cache held when it was last admitted.
  public package(set) var reused: Int32 = 0
  /// Tokens whose keys and values wait in host memory while the request is in the queue.
  public package(set) var parked: Int32 = 0
  /// Tokens that memory must be reserved for, once a reservation was too short; 0 before.
  public package(set) var reserved: Int32 = 0
  /// The queue it waits or waited in, of a policy that has several.
  public package(set) var lane: UInt16 = 0
  /// It was taken from the back of its queue.
  public package(set) var cameFromBack = false
  /// Batches under way beside others that it is in.
  public package(set) var flights: UInt8 = 0
  /// When its first token had come out; below zero before.
  private var firstTokenTime: Int64 = -1

  public init(id: RequestID, arrival: Arrival) {
    self.id = id
    self.arrival = arrival.time
    prompt = arrival.prompt
    outputLimit = arrival.outputLimit
    priority = arrival.priority
    label = arrival.label
    queueOrder = id.index
  }

  /// When its first token had come out; nil before.
  public package(set) var firstToken: EngineTime? {
    get { firstTokenTime < 0 ? nil : EngineTime(nanoseconds: firstTokenTime) }
    set { firstTokenTime = newValue?.nanoseconds ?? -1 }
  }

  @inlinable public var known: Int { prompt.count + output.count }
  /// What a step may compute.
  @inlinable public var pending: Int { isEnding ? 0 : known + inFlight + draft.count - computed }
  /// The token in flight is its last. (It may reach the model's context instead: the planner sees to that.)
  @inlinable public var isEnding: Bool { inFlight > 0 && output.count + inFlight >= outputLimit }

  /// Calls `body` with each known token of `range`, in order.
  public func forEachToken(in range: Range<Int>, _ body: (TokenID) -> Void) {
    let inPrompt = range.clamped(to: 0..<prompt.count)
    if !inPrompt.isEmpty { prompt.forEachToken(in: inPrompt, body) }
    var position = max(range.lowerBound, prompt.count)
    while position < range.upperBound {
      body(output[position - prompt.count])
      position += 1
    }
  }
}
