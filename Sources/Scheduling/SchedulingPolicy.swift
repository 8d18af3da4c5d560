import Core

/// A preference about order. It ranks requests and says how a step is put
/// together; the planner alone keeps the limits, so a policy can be unwise but
/// never unsafe.
public protocol SchedulingPolicy: Sendable {
  static var descriptor: Descriptor { get }
  init()

  /// Place in the queue: lower is served sooner. Asked once, when a request enters the queue, so it may
  /// use the time of arrival (waiting can earn a head start) but not the present. Equal ranks fall to
  /// order of arrival, then to the number of the request.
  func rank(_ request: Request) -> Int

  var composition: StepComposition { get }
  var victim: Victim { get }
}

/// Who comes first when a step is put together.
public enum StepComposition: Equatable, Sendable {
  /// Running requests in order of admission, decoding or reading alike; then the queue (vLLM V1).
  case runningFirst
  /// Running requests that decode, then those that still read, then the queue (Sarathi-Serve).
  case decodesFirst
  /// Whole prompts alone while there are any that fit; otherwise decodes alone (Orca, vLLM before chunking).
  case promptsAlone
}

/// Who loses its blocks when memory runs out.
public enum Victim: Equatable, Sendable {
  /// The last of the running list; it re-enters at the head of the queue.
  case newest
  /// The greatest priority number, then the latest arrival; it re-enters at its own rank.
  case leastUrgent
}

extension SchedulingPolicy {
  public func rank(_ request: Request) -> Int { 0 }
  public var composition: StepComposition { .runningFirst }
  public var victim: Victim { .newest }
}
