public import Core

/// A lane for each stage of a pipeline; a batch keeps its lane from the first stage to the end of the last.
///
/// A stage takes batches in the order in which they began, each when the stage before has sent it and its own last one is
/// through. So all times are known when a batch begins.
public struct PipelineLanes: BatchLanes {
  private let gpu: PipelinedGPU
  private var now = EngineTime.zero
  /// When each stage has sent the last batch it was given.
  private var free: [EngineTime]
  /// Under way, in order of their start.
  private var flights: [Passage] = []
  /// What was under way in the last stretch, and its start.
  private var recent: [Passage] = []
  private var before = EngineTime.zero

  private struct Passage: Sendable {
    var lane: Int
    var batch: Batch
    /// In each stage: its start and what it takes.
    var starts: [EngineTime]
    var totals: [StepTotals]

    func end(_ stage: Int) -> EngineTime { starts[stage] + totals[stage].duration }
    var end: EngineTime { end(starts.count - 1) }
  }

  init(_ gpu: PipelinedGPU) {
    self.gpu = gpu
    free = Array(repeating: .zero, count: gpu.stages.count)
  }

  public var count: Int { gpu.stages.count }
  public var multiprocessors: Int? { nil }
  public var shares: [Int] { [] }
  public func forecast(_ batches: [(batch: Batch, multiprocessors: Int)]) -> [EngineTime] { [] }

  public mutating func start(_ batch: Batch, on lane: Int, share: Int, after pause: EngineTime) {
    let totals = gpu.totals(of: batch)
    var ready = now + pause
    var starts: [EngineTime] = []
    for stage in totals.indices {
      let start = max(ready, free[stage])
      ready = start + totals[stage].duration
      free[stage] = ready
      starts.append(start)
    }
    flights.append(Passage(lane: lane, batch: batch, starts: starts, totals: totals))
  }

  public mutating func advance(for limit: EngineTime?) -> LaneStretch {
    before = now
    recent = flights
    let end = limit.map { now + $0 }
    guard let first = flights.first else {
      now = end ?? now
      return LaneStretch(duration: now - before, landed: nil)
    }
    var landed: Int?
    if let end, end < first.end {
      now = end
    } else {
      now = first.end
      landed = first.lane
      flights.removeFirst()
    }
    let (cost, bubble) = account()
    return LaneStretch(duration: now - before, landed: landed, cost: cost, bubble: bubble)
  }

  /// What the stages did in the last stretch: each batch's part of its time in a stage is that part of its work there.
  private func account() -> (cost: StepCost, bubble: EngineTime) {
    let stages = Double(count)
    let duration = Double((now - before).nanoseconds)
    var cost = StepCost()
    var (busy, sm, tensor, traffic) = (0.0, 0.0, 0.0, 0.0)
    var joules: Double? = 0
    for passage in recent {
      for (stage, totals) in passage.totals.enumerated() {
        let overlap = (min(passage.end(stage), now) - max(passage.starts[stage], before)).nanoseconds
        guard overlap > 0 else { continue }
        let part = Double(overlap) / Double(totals.duration.nanoseconds)
        let whole = totals.cost
        busy += Double(overlap)
        cost.operations += whole.operations * part / stages
        cost.bytes += whole.bytes * part / stages
        sm += (whole.smBusy ?? 0) * Double(overlap)
        tensor += (whole.tensorBusy ?? 0) * Double(overlap)
        traffic += (whole.bandwidthBusy ?? 0) * Double(overlap)
        if let sum = joules, let energy = whole.energy { joules = sum + energy * part } else { joules = nil }
      }
    }
    let idle = max(0, stages * duration - busy)
    let time = max(1, stages * duration)
    cost.smBusy = min(1, sm / time)
    cost.tensorBusy = min(1, tensor / time)
    cost.bandwidthBusy = min(1, traffic / time)
    if let joules, let energy = gpu.whole.energy {
      cost.energy = joules + energy.watts() * idle * 1e-9 * Double(gpu.whole.tensorParallel)
    }
    return (cost, EngineTime(nanoseconds: Int64((idle / stages).rounded())))
  }

  public var kernels: [KernelRun] {
    var runs: [KernelRun] = []
    for passage in recent {
      for (stage, kernels) in gpu.stageKernels(of: passage.batch).enumerated()
      where passage.starts[stage] < now && before < passage.end(stage) {
        for var kernel in kernels {
          kernel.start += passage.starts[stage]
          runs.append(kernel.cut(from: before, to: now))
        }
      }
    }
    return runs.filter { $0.duration > .zero }.sorted { ($0.start, $0.stream) < ($1.start, $1.stream) }
  }
}
