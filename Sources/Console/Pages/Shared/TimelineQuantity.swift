import Core

/// What a timeline draws of each step.
enum TimelineQuantity: CaseIterable, Sendable {
  case tokens, duration, running, waiting, blocks

  var name: String {
    switch self {
    case .tokens: "tokens per step"
    case .duration: "milliseconds per step"
    case .running: "requests running"
    case .waiting: "requests waiting"
    case .blocks: "blocks in use"
    }
  }

  var unit: String {
    switch self {
    case .tokens: "tok"
    case .duration: "ms"
    case .running: "run"
    case .waiting: "wait"
    case .blocks: "blk"
    }
  }

  func value(of step: StepRecord) -> Double {
    switch self {
    case .tokens: Double(step.prefillTokens + step.decodeTokens + step.draftTokens)
    case .duration: step.duration.milliseconds
    case .running: Double(step.running)
    case .waiting: Double(step.waiting)
    case .blocks: Double(step.usedBlocks)
    }
  }
}
