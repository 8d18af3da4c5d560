/// A request as the world sends it.
public struct Arrival: Equatable, Sendable {
  /// Since the start of the run.
  public var time: EngineTime
  public var prompt: Prompt
  /// Tokens the request will produce when nothing stops it earlier; at least 1.
  public var outputLimit: Int
  /// Lower is more urgent, as in vLLM.
  public var priority: Int
  /// When the client hangs up, if it does.
  public var abortTime: EngineTime?
  /// Index into the labels of its trace (tenant, service class, model); 0 is "none".
  public var label: UInt16

  public init(
    time: EngineTime, prompt: Prompt, outputLimit: Int, priority: Int = 0, abortTime: EngineTime? = nil, label: UInt16 = 0
  ) {
    self.time = time
    self.prompt = prompt
    self.outputLimit = outputLimit
    self.priority = priority
    self.abortTime = abortTime
    self.label = label
  }
}

/// A run's arrivals in order of time; request number = index.
public struct Trace: Equatable, Sendable {
  /// How the run is called on the screen: a file's name or a generator's words.
  public var name: String
  public var arrivals: [Arrival]
  /// Names that `Arrival.label` points at; the first is "".
  public var labels: [String]

  public init(name: String, arrivals: [Arrival], labels: [String] = [""]) {
    self.name = name
    self.arrivals = arrivals
    self.labels = labels
  }
}
