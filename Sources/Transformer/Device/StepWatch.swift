import Core
import Hardware

/// Measures a step: how long it took, what its kernels did, how long each thread was on a core.
struct StepWatch {
  private let workspace: Workspace
  private let start = ContinuousClock.now
  private let onCore: [Int]
  private var stages: [StageRun] = []
  /// When the last stage had ended.
  private var stagesEnd = ContinuousClock.now
  private var kept = KeptShare()

  init(_ workspace: Workspace) {
    self.workspace = workspace
    onCore = workspace.use { $0.pool.cpuNanoseconds() }
  }

  /// Work before the pass.
  mutating func note(_ run: StageRun) { stages.append(run) }

  mutating func note(_ runs: [StageRun], _ kept: KeptShare) {
    stages = runs
    self.kept = kept
    stagesEnd = .now
  }

  /// - Parameter sampledLogits: How many logits were looked through for tokens.
  func finish(_ outcome: inout BatchOutcome, facts: RecordedDevice.Facts, sampledLogits: Int) {
    let end = ContinuousClock.now
    outcome.duration = EngineTime(end - start - kept.duration)
    let nanoseconds = Double(max(1, outcome.duration.nanoseconds))
    let sampling = KernelRun.Kind.sampler
    var totals = [(nanoseconds: Int64, operations: Int, bytes: Int)](repeating: (0, 0, 0), count: KernelRun.Kind.allCases.count)
    for stage in stages {
      let kind = Int(stage.kind.rawValue)
      totals[kind].nanoseconds += Int64(stage.nanoseconds)
      totals[kind].operations += stage.operations
      totals[kind].bytes += stage.bytes
    }
    totals[Int(sampling.rawValue)] = (EngineTime(end - stagesEnd).nanoseconds, sampledLogits, sampledLogits * 4)
    // Layers are added up, so kernels stand one behind the other as if the step had one layer.
    var begin = EngineTime.zero
    var kernels: [KernelRun] = []
    for kind in KernelRun.Kind.allCases {
      let total = totals[Int(kind.rawValue)]
      guard total.nanoseconds > 0 else { continue }
      let duration = EngineTime(nanoseconds: total.nanoseconds)
      kernels.append(
        KernelRun(
          kind: kind, layer: nil, start: begin, duration: duration, operations: Double(total.operations), bytes: Double(total.bytes),
          tiles: 0, waves: 0, activeSMs: 0, tailFill: 0,
          bound: facts.bound(operations: Double(total.operations), bytes: Double(total.bytes), duration: duration)))
      begin += duration
      outcome.cost.operations += Double(total.operations)
      outcome.cost.bytes += Double(total.bytes)
    }
    outcome.cost.bandwidthBusy = facts.bytesPerSecond.map { min(1, outcome.cost.bytes / (nanoseconds * 1e-9) / $0) }
    let threads = zip(workspace.use { $0.pool.cpuNanoseconds() }, onCore).map { min(1, Double($0 - $1) / nanoseconds) }
    outcome.measurement = Measurement(kernels: kernels, threadsBusy: threads)
    outcome.measurement?.keptShare = kept.mean
  }
}

extension EngineTime {
  init(_ duration: Duration) {
    self.init(nanoseconds: duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
  }
}
