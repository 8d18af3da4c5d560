import Core

/// What one of several engines amounts to so far.
public struct InstanceTally: Equatable, Sendable {
  public private(set) var steps = 0
  /// Time in steps.
  public private(set) var busy = EngineTime.zero
  public private(set) var prefillTokens = 0
  public private(set) var decodeTokens = 0
  public private(set) var peakUsedBlocks = 0
  /// After its last step.
  public private(set) var usedBlocks = 0
  public private(set) var running = 0
  public private(set) var waiting = 0
  /// Joules in steps; nil once a step came without a statement.
  public private(set) var energy: Double? = 0

  public init() {}

  mutating func add(_ step: StepRecord) {
    steps += 1
    busy += step.duration
    prefillTokens += Int(step.prefillTokens)
    decodeTokens += Int(step.decodeTokens)
    usedBlocks = Int(step.usedBlocks)
    running = Int(step.running)
    waiting = Int(step.waiting)
    peakUsedBlocks = max(peakUsedBlocks, usedBlocks)
    guard step.duration > .zero else { return }
    if let sum = energy, let joules = step.cost.energy { energy = sum + joules } else { energy = nil }
  }
}

/// What moved between instances so far.
public struct LinkTally: Equatable, Sendable {
  /// Requests whose keys and values went over the link.
  public private(set) var moves = 0
  public private(set) var blocks = 0
  public private(set) var calls = 0
  /// On the link; waiting for it; waiting for blocks at the target.
  public private(set) var moving = EngineTime.zero
  public private(set) var queued = EngineTime.zero
  public private(set) var refused = EngineTime.zero

  public init() {}

  mutating func add(_ move: KVMove) {
    guard move.source != move.target else { return }
    moves += 1
    blocks += Int(move.blocks)
    calls += Int(move.calls)
    moving += move.end - move.start
    queued += move.start - move.granted
    refused += move.granted - move.ready
  }
}
