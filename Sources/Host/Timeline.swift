import Core
import Hardware
import ServingEngine

/// A run, its past, and how to get back to any step of it.
///
/// The past is not stored but computed again: from the nearest keyframe, with the
/// same commands at the same steps. Keyframes are a cache and never change a
/// result; they thin out with age, so that any step is at most an eighth of its
/// age away from one.
///
/// What a device measured cannot be computed again. Its outcomes are kept, one for
/// each step, and the past is told with them: keyframes hold no KV memory, looking
/// back computes nothing, and only a new future from a past moment fills the memory
/// of the requests that live then by computing it once more.
public struct Timeline: Sendable {
  /// The newest moment.
  public private(set) var head: Run
  public private(set) var commands: [PlacedCommand] = []
  /// Of each step taken, where outcomes are inputs; else empty.
  public private(set) var outcomes: [BatchOutcome] = []
  /// What was said to the model while it ran: requests that the trace did not have, by the step before which they were
  /// asked.
  public private(set) var said: [(step: StepIndex, request: RequestID)] = []
  private var keyframes: [Run]
  /// What the run began with; nil where nobody said.
  public let configuration: Configuration?

  /// Steps between the youngest keyframes.
  static let spacing = 128

  public init(_ run: Run, configuration: Configuration? = nil) {
    head = run
    self.configuration = configuration
    keyframes = [run.remembered]
  }

  /// - Parameter told: What came of this step when it was recorded.
  /// - Returns: False when the engine is done.
  @discardableResult
  public mutating func advance(told: BatchOutcome? = nil) throws(DeviceError) -> Bool {
    guard try head.advance(told: told) else { return false }
    if head.fleet.outcomesAreInputs, let outcome = head.latest?.outcome { outcomes.append(outcome) }
    if head.step - keyframes[keyframes.count - 1].step >= Self.spacing { keep() }
    return true
  }

  /// A command at the newest moment.
  public mutating func apply(_ command: Command) throws(CommandError) {
    try head.apply(command)
    commands.append(PlacedCommand(step: head.step, command: command))
  }

  /// A request at the newest moment that the trace did not have. It becomes a part of the trace, of the past's too.
  @discardableResult
  public mutating func say(_ arrival: Arrival) -> RequestID {
    let request = head.insert(arrival)
    said.append((head.step, request))
    for index in keyframes.indices { keyframes[index].setFuture(head.fleet.trace) }
    return request
  }

  /// Goes on from the newest moment, which was told from a recording, on a device that can compute.
  /// - Returns: How many tokens of how many requests it computed again for that.
  @discardableResult
  public mutating func revive(on device: any Device) throws(DeviceError) -> (tokens: Int, requests: Int) {
    let rebuilt = try head.revive(on: device)
    commands.append(PlacedCommand(step: head.step, command: .rebuilt))
    return rebuilt
  }

  /// Takes steps until `last` have been taken (nil: until the engine is done), with commands in the order of their steps.
  ///
  /// - Parameter told: What came of the first steps when they were recorded.
  public mutating func follow(_ commands: [PlacedCommand], told: [BatchOutcome] = [], to last: StepIndex?) throws {
    var commands = commands[...]
    while last.map({ head.step < $0 }) ?? true {
      while let placed = commands.first, placed.step <= head.step {
        commands.removeFirst()
        try apply(placed.command)
      }
      guard try advance(told: head.step < told.count ? told[head.step] : nil) else { return }
    }
  }

  /// The run as it was when `step` steps had been taken.
  public func moment(at step: StepIndex) -> Run {
    guard step < head.step else { return head }
    let keyframe = keyframes.last { $0.step <= step } ?? keyframes[0]
    var run = keyframe
    while run.step < step { replay(&run) }
    return run
  }

  /// One step of the past once more. Does nothing at the head.
  public func replay(_ run: inout Run) {
    guard run.step < head.step else { return }
    for placed in commands where placed.step == run.step { try? run.apply(placed.command) }
    do {
      try run.advance(told: outcomes.isEmpty ? nil : outcomes[run.step])
    } catch {
      fatalError("step \(run.step) worked when it was taken and fails when it is replayed: \(error)")
    }
  }

  /// A timeline that ends at `run`, a moment of this one, and can go on from there.
  ///
  /// - Returns: Also how many tokens of how many requests had to be computed again for it.
  public func branch(at run: Run) throws(DeviceError) -> (timeline: Timeline, rebuilt: (tokens: Int, requests: Int)?) {
    var branch = self
    branch.head = run
    var rebuilt: (tokens: Int, requests: Int)?
    branch.keyframes.removeAll { $0.step > run.step }
    // Commands that were asked at this very step belong to the future that is left behind.
    branch.commands.removeAll { $0.step >= run.step }
    // What was said later belongs to it as well; none of it has arrived here.
    branch.said.removeAll { $0.step >= run.step }
    if branch.said.count < said.count {
      var trace = head.fleet.trace
      for (_, request) in said[branch.said.count...].sorted(by: { $1.request < $0.request }) { trace.arrivals.remove(at: request.index) }
      branch.head.setFuture(trace)
      for index in branch.keyframes.indices { branch.keyframes[index].setFuture(trace) }
    }
    if !outcomes.isEmpty {
      branch.outcomes.removeSubrange(run.step...)
      rebuilt = try branch.head.revive(on: head.engine.device)
      branch.commands.append(PlacedCommand(step: run.step, command: .rebuilt))
    }
    return (branch, rebuilt)
  }

  private mutating func keep() {
    keyframes.append(head.remembered)
    var position = keyframes.count - 2
    while position > 0 {
      let gap = keyframes[position + 1].step - keyframes[position - 1].step
      let age = head.step - keyframes[position - 1].step
      if gap <= max(Self.spacing, age / 8) { keyframes.remove(at: position) }
      position -= 1
    }
  }
}

/// A command and the number of steps that had been taken when it was asked.
public struct PlacedCommand: Equatable, Sendable, Codable {
  public var step: StepIndex
  public var command: Command

  public init(step: StepIndex, command: Command) {
    self.step = step
    self.command = command
  }
}
