import Analysis
import Core
import Host
import KVMemory
import Scheduling
import ServingEngine

/// A running request as the batch's table shows it.
struct BatchRow: Sendable {
  var request: RequestID
  var isReading: Bool
  /// Tokens in memory, and those of the prompt and the whole output: the request's known progress.
  var done: Int
  var total: Int
  /// In the last step; nil when it was left out.
  var tokens: Int?
  var blocks: Int
  var label: UInt16
  var priority: Int
  var record: RequestRecord
  var slack: Slack?
  var missedTTFT: Bool

  /// Share of the prompt that came from the prefix cache.
  var hit: Double? { record.input > 0 && record.scheduled != nil ? Double(record.reused) / Double(record.input) : nil }

  func key(_ column: BatchColumn) -> Double? {
    switch column {
    case .slack: slack?.reserve.seconds
    case .id: Double(request.number)
    case .phase: isReading ? 0 : 1
    case .progress: total > 0 ? Double(done) / Double(total) : nil
    case .tokens: tokens.map(Double.init)
    case .blocks: Double(blocks)
    case .hit: hit
    case .acceptance: record.acceptanceRate
    case .ttft: record.ttft?.seconds
    case .tpot: record.tpot?.seconds
    case .output: Double(record.output)
    case .queue: record.queue?.seconds
    case .preemptions: Double(record.preemptions)
    }
  }

  /// The batch as the viewer has filtered and sorted it. O(running · log running).
  static func rows(of scene: Scene) -> [BatchRow] {
    let state = scene.snapshot.shown.engine.state
    let scheduler = state.scheduler
    let requests = scheduler.requests
    let log = scene.snapshot.shown.observatory.requests
    let slo = scene.snapshot.shown.observatory.scoreboard.slo
    let filter = scene.filter
    let tables = scheduler.memory.tables
    var tokens: [RequestID: Int] = [:]
    if let plan = scene.snapshot.shown.last?.plan {
      tokens.reserveCapacity(plan.slots.count)
      for slot in plan.slots { tokens[slot.request] = Int(slot.count) }
    }
    var rows: [BatchRow] = []
    rows.reserveCapacity(scheduler.running.count)
    for number in scheduler.running {
      let row = Int(number)
      let id = requests[row].id
      guard filter.isEmpty || filter.matches(id, in: scene.run) else { continue }
      let record = log[id.index]
      rows.append(
        BatchRow(
          request: id, isReading: requests[row].isReading, done: requests[row].computed,
          total: requests[row].prompt.count + requests[row].outputLimit, tokens: tokens[id],
          blocks: tables[row].blocks.count, label: requests[row].label, priority: requests[row].priority, record: record,
          slack: Slack(record, slo, now: state.now), missedTTFT: Self.missed(record.ttft, slo.ttft)))
    }
    return sorted(rows, by: scene.view.overview.sort, descending: scene.view.overview.isDescending)
  }

  private static func missed(_ reached: EngineTime?, _ promised: EngineTime?) -> Bool {
    guard let reached, let promised else { return false }
    return reached > promised
  }

  /// Rows without a value come last either way; equal values are in order of the requests' numbers.
  static func sorted(_ rows: [BatchRow], by column: BatchColumn, descending: Bool) -> [BatchRow] {
    let keys = rows.map { $0.key(column) }
    let order = rows.indices.sorted { left, right in
      switch (keys[left], keys[right]) {
      case (let a?, let b?) where a != b: descending ? a > b : a < b
      case (nil, .some): false
      case (.some, nil): true
      default: rows[left].request < rows[right].request
      }
    }
    return order.map { rows[$0] }
  }
}
