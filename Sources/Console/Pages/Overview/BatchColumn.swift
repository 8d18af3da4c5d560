/// What the batch can be sorted by.
enum BatchColumn: CaseIterable, Sendable {
  case slack, id, phase, progress, tokens, blocks, hit, acceptance, ttft, tpot, output, queue, preemptions

  var name: String {
    switch self {
    case .slack: "slack"
    case .id: "id"
    case .phase: "phase"
    case .progress: "progress"
    case .tokens: "tokens"
    case .blocks: "kv"
    case .hit: "hit"
    case .acceptance: "acceptance"
    case .ttft: "TTFT"
    case .tpot: "TPOT"
    case .output: "output"
    case .queue: "queue"
    case .preemptions: "preemptions"
    }
  }

  /// Shown beside the columns that are always there.
  static let service: [BatchColumn] = [.slack, .id, .phase, .progress, .tokens, .blocks, .hit, .acceptance, .ttft, .tpot]
  static let life: [BatchColumn] = [.slack, .id, .phase, .progress, .tokens, .blocks, .output, .queue, .preemptions]
}
