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
    let engine = try configuration.engine(for: trace, recorded: recorded)
    var choices: [String: String] = [:]
    for axis in AxisCatalogue.all { choices[axis.name] = axis.current(engine) }
    var bench = Evidence.Bench()
    bench.kvBlocks = engine.state.memory.pool.usableCount
    bench.tokensPerBlock = engine.state.memory.tokensPerBlock
    self.init(engine: engine, observatory: Observatory(slo: configuration.slo, bench: bench, choices: choices))
  }
}

extension Configuration {
  public var slo: SLO {
    SLO(ttft: sloTTFT.map { .seconds($0 / 1e3) }, tpot: sloTPOT.map { .seconds($0 / 1e3) })
  }
}

extension Summary {
  /// The summary of an engine's run so far.
  public init(_ scoreboard: Scoreboard, of engine: Engine, configuration: Configuration, wallSeconds: Double) {
    var bench = Summary.Bench()
    bench.kvBlocks = engine.state.memory.pool.blockCount
    bench.tokensPerBlock = engine.state.memory.tokensPerBlock
    bench.cachesPrefixes = engine.state.memory.reusesPrefixes
    bench.swaps = engine.state.memory.host != nil
    bench.isModelled = engine.device.isModelled
    if let gpu = engine.device.modelledGPU {
      bench.bytesPerToken = Double(gpu.model.allocatedKVBytesPerToken())
      bench.keptFraction = 1
      bench.gpus = gpu.tensorParallel * configuration.pipelineParallel
      bench.peakOperationsPerSecond = gpu.peakOperationsPerSecond
    } else if let facts = engine.device.recordedFacts {
      bench.bytesPerToken = Double(facts.kvBytesPerToken)
      bench.keptFraction = 1
      bench.peakOperationsPerSecond = facts.operationsPerSecond
    }
    self.init(
      scoreboard, configuration: configuration.json, bench: bench, wallSeconds: wallSeconds,
      digest: engine.state.history)
  }
}

extension ModelledGPU {
  /// Dense operations per second of one rank at the precision of the weights. The cost of a step is one
  /// rank's too.
  var peakOperationsPerSecond: Double { chip.weightTensorRate * 1e6 }
}
