public import Core

/// A pipeline of modelled GPUs: each stage has some of the layers, and batches follow each other through them.
///
///     stage 0   │ batch 0 │ batch 1 │ batch 2 │    ▓▓▓▓    │ batch 3 │
///     stage 1             │  batch 0  │ batch 1 │   batch 2   │ ▓▓ │ batch 3 │
///                                                            ▓ bubbles
///
/// The first stage also embeds, the last has the head and the sampler, and each waits for its own host. `execute` takes one
/// batch through by itself; `stageLanes` has one under way for each stage, as vLLM's queue of batches has.
public struct PipelinedGPU: Device {
  /// One stage's GPUs with all of the layers.
  public private(set) var whole: ModelledGPU
  /// Layers of each stage.
  public let stages: [Range<Int>]
  /// From each stage to the next.
  public let links: [StageLink]
  /// For each stage, how many layers it has of each variant.
  private let counts: [[Int]]

  /// - Parameter network: GB/s of each GPU between stages; nil as `StageLink.links` says.
  public init(_ whole: ModelledGPU, stages: Int, network: Double? = nil) throws(DeviceError) {
    guard stages >= 1, stages <= whole.model.layers else {
      throw DeviceError(
        device: whole.name, problem: .failed("\(whole.model.layers) layers cannot be divided over \(stages) stages: use a --pp up to \(whole.model.layers)"))
    }
    self.whole = whole
    self.stages = PipelineStages.layers(whole.model.layers, stages: stages)
    links = StageLink.links(whole.accelerator, stages: stages, ranks: whole.tensorParallel, network: network)
    let program = whole.kernels.program
    counts = self.stages.map { layers in
      program.variants.indices.map { variant in layers.count { program.order[$0] == variant } }
    }
  }

  public var name: String { "\(stages.count) stages of \(whole.name)" }
  public var isModelled: Bool { true }
  public var modelledGPU: ModelledGPU? { whole }
  public var layers: Int { 1 }
  public var kvFormat: KVFormat { whole.kvFormat }
  public var weights: WeightFormat { whole.weights }
  public func obstacle(toWeights format: WeightFormat) -> String? { whole.obstacle(toWeights: format) }
  public func obstacle(toKVFormat format: KVFormat, tokensPerBlock: Int) -> String? {
    whole.obstacle(toKVFormat: format, tokensPerBlock: tokensPerBlock)
  }

  /// Stages convert what they have, all at the same time.
  public mutating func convert(to format: KVFormat, held: Int, tokensPerBlock: Int, filling: [BlockID]) throws(DeviceError) -> KVConversion {
    var conversion = try whole.convert(to: format, held: held, tokensPerBlock: tokensPerBlock, filling: filling)
    let most = stages.map(\.count).max() ?? 1
    conversion.bytes = conversion.bytes * most / whole.model.layers
    conversion.duration = .seconds(conversion.duration.seconds * Double(most) / Double(whole.model.layers))
    return conversion
  }
  public func stageLanes() -> (any BatchLanes)? { PipelineLanes(self) }

  /// What a batch takes in each stage, its way to the next included.
  func totals(of batch: Batch) -> [StepTotals] {
    let kernels = whole.kernels
    let empty = StepTotals(
      hostTime: whole.hostTime(sequences: batch.slots.count), energy: whole.energy, ranks: whole.tensorParallel,
      chip: kernels.chip)
    var totals = [StepTotals](repeating: empty, count: stages.count)
    kernels.forEachKernel(of: StepLoad(batch, for: kernels.attention)) { kind, place, kernel in
      switch place {
      case .opening: totals[0].add(kernel, kind: kind, times: 1)
      case .closing: totals[totals.count - 1].add(kernel, kind: kind, times: 1)
      case .layer(let variant):
        for stage in totals.indices { totals[stage].add(kernel, kind: kind, times: counts[stage][variant]) }
      }
    }
    for (stage, link) in links.enumerated() { totals[stage].add(send(batch, over: link), kind: .send, times: 1) }
    return totals
  }

  private func send(_ batch: Batch, over link: StageLink) -> KernelEstimate {
    link.estimate(tokens: batch.tokenCount, hidden: whole.model.hidden, ranks: whole.tensorParallel, on: whole.chip)
  }

  /// The kernels of a batch in each stage, since its beginning there; the stream is the stage.
  func stageKernels(of batch: Batch) -> [[KernelRun]] {
    let launches = whole.launches(of: batch)
    return stages.indices.map { stage in
      var now = whole.hostTime(sequences: batch.slots.count)
      // What belongs to no layer comes before the first of them, or after the last.
      let opening = launches.prefix { $0.layer == nil }.count
      let own = launches.enumerated().filter { place, launch in
        launch.layer.map(stages[stage].contains) ?? (place < opening ? stage == 0 : stage == stages.count - 1)
      }.map(\.element)
      let sends = stage < links.count ? [ModelledGPU.Launch(kind: .send, layer: nil, estimate: send(batch, over: links[stage]))] : []
      return (own + sends).map { launch in
        defer { now += launch.estimate.time }
        var run = KernelRun(launch.kind, launch.estimate, layer: launch.layer, start: now)
        run.stream = stage
        return run
      }
    }
  }

  public mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    var lanes = PipelineLanes(self)
    lanes.start(batch, on: 0, share: 0, after: .zero)
    let stretch = lanes.advance(for: nil)
    var whole = whole
    var outcome = try whole.execute(batch)
    outcome.duration = stretch.duration
    outcome.cost = stretch.cost
    return outcome
  }

  public func kernels(of batch: Batch) -> [KernelRun] {
    var lanes = PipelineLanes(self)
    lanes.start(batch, on: 0, share: 0, after: .zero)
    _ = lanes.advance(for: nil)
    return lanes.kernels
  }
}
