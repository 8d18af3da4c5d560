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
  private static let service: [BatchColumn] = [.slack, .id, .phase, .progress, .tokens, .blocks, .hit, .acceptance, .ttft, .tpot]
  private static let life: [BatchColumn] = [.slack, .id, .phase, .progress, .tokens, .blocks, .output, .queue, .preemptions]
}

/// What the table of the batch is about.
enum BatchColumns: Sendable, CaseIterable {
  /// How a request is served: its hits, its latencies.
  case service
  /// What it has been through.
  case life
  /// What the last step did with it, and why not more.
  case reason

  var next: Self {
    switch self {
    case .service: .life
    case .life: .reason
    case .reason: .service
    }
  }
}

extension BatchColumn {
  /// Those by which rows can be sorted.
  static func sorted(in columns: BatchColumns) -> [BatchColumn] {
    switch columns {
    case .service: service
    case .life: life
    case .reason: Array(service.prefix(6))
    }
  }
}
