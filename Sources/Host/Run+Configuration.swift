import Analysis
import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine

extension Run {
  /// A run before its first step.
  ///
  /// - Parameter recorded: What is known of the device when its steps are told from a recording.
  public init(
    _ configuration: Configuration, trace: Trace, recorded: RecordedDevice.Facts? = nil
  ) throws(ConfigurationError) {
    let fleet = try configuration.fleet(for: trace, recorded: recorded)
    let engine = fleet.instances[0]
    var choices: [String: String] = [:]
    for axis in AxisCatalogue.all { choices[axis.name] = axis.current(engine) }
    var bench = Evidence.Bench()
    bench.kvBlocks = engine.state.memory.pool.usableCount
    bench.tokensPerBlock = engine.state.memory.tokensPerBlock
    bench.instances = fleet.instances.count
    for (number, instance) in fleet.instances.enumerated() {
      if let membership = instance.membership { choices["instance \(number + 1)"] = membership.role.rawValue }
    }
    self.init(fleet: fleet, observatory: Observatory(slo: configuration.slo, bench: bench, choices: choices))
  }
}

extension Configuration {
  public var slo: SLO {
    SLO(ttft: sloTTFT.map { .seconds($0 / 1e3) }, tpot: sloTPOT.map { .seconds($0 / 1e3) })
  }
}

extension Summary {
  /// The summary of a run so far.
  public init(_ scoreboard: Scoreboard, _ deviations: DeviationLog = DeviationLog(), of fleet: Fleet, configuration: Configuration, wallSeconds: Double) {
    let engine = fleet.instances[0]
    var bench = Summary.Bench()
    bench.kvBlocks = fleet.instances.reduce(0) { $0 + $1.state.memory.pool.blockCount }
    bench.roles = fleet.instances.compactMap { $0.membership?.role.rawValue }
    bench.movesRequests = fleet.isDisaggregated
    bench.tokensPerBlock = engine.state.memory.tokensPerBlock
    bench.cachesPrefixes = engine.state.memory.reusesPrefixes
    bench.swaps = engine.state.memory.host != nil
    bench.isModelled = engine.device.isModelled
    if let gpu = engine.device.modelledGPU {
      bench.bytesPerToken = Double(gpu.model.allocatedKVBytesPerToken())
      bench.keptFraction = 1
      bench.gpus = fleet.instances.reduce(0) { $0 + ($1.device.modelledGPU?.tensorParallel ?? 0) * configuration.pipelineParallel }
      bench.peakOperationsPerSecond = gpu.peakOperationsPerSecond
    } else if let facts = engine.device.recordedFacts {
      bench.bytesPerToken = Double(facts.kvBytesPerToken(engine.kvFormat))
      bench.keptFraction = 1
      bench.peakOperationsPerSecond = facts.operationsPerSecond
    }
    bench.bytesPerToken = bench.bytesPerToken.map { $0 + engine.noteBytesPerToken }
    bench.logitDivergence = deviations.all.meanDivergence
    bench.attentionOutputError = deviations.attentionError
    self.init(
      scoreboard, configuration: configuration.json, bench: bench, wallSeconds: wallSeconds,
      digest: fleet.digest)
  }
}

extension ModelledGPU {
  /// Dense operations per second of one rank at the precision of the weights. The cost of a step is one
  /// rank's too.
  var peakOperationsPerSecond: Double { chip.weightTensorRate * 1e6 }
}
