import Core
import Hardware

/// What a chip could do at best: the roof of the roofline, and the number of its SMs.
///
/// - Source: Williams, Waterman & Patterson 2009, "Roofline", CACM 52(4).
struct Roof: Equatable {
  let multiprocessors: Int
  /// GPUs that do the same at the same time; the kernels are those of one.
  let ranks: Int
  /// Operations per second of the bf16 units, and of those for the format of the weights.
  let peak: Double
  let weightPeak: Double
  /// Format of the weights, as it is called.
  let weights: String
  /// Bytes per second.
  let bandwidth: Double
  /// Watts; nil where nobody says.
  let power: Double?
  /// Kinds that multiply with the weights, in their format.
  private let weightKinds: [KernelRun.Kind]

  /// Nil when nothing is known of the chip.
  init?(_ device: any Device) {
    if let gpu = device.modelledGPU { self.init(gpu, stages: device.stageLanes()?.count ?? 1) } else if let facts = device.recordedFacts { self.init(facts) } else { return nil }
  }

  private init(_ gpu: ModelledGPU, stages: Int) {
    // The head stays in the format of the activations there.
    weightKinds = [.qkv, .output, .gateUp, .down, .experts]
    multiprocessors = gpu.accelerator.multiprocessors
    ranks = gpu.tensorParallel * stages
    peak = gpu.chip.tensorRate * 1e6
    weightPeak = gpu.chip.weightTensorRate * 1e6
    weights = weightPeak == peak ? "bf16" : gpu.model.weightFormat.rawValue
    bandwidth = gpu.chip.bandwidth * 1e6
    power = gpu.accelerator.power
  }

  /// What was measured of a machine; nil when nothing was.
  private init?(_ facts: RecordedDevice.Facts) {
    guard let machine = facts.machine, let operations = facts.operationsPerSecond, let bytes = facts.bytesPerSecond else { return nil }
    weightKinds = [.qkv, .output, .gateUp, .down, .head]
    multiprocessors = 0
    ranks = 1
    peak = machine.floatOperationsPerSecond
    weightPeak = operations
    weights = facts.roundsActivations ? "int8" : "f32"
    bandwidth = bytes
    power = nil
  }

  /// Where the slope meets the ceiling, in operations per byte.
  var ridge: Double { weightPeak / bandwidth }

  /// The most operations per second at so many operations per byte.
  func height(at intensity: Double) -> Double { min(weightPeak, intensity * bandwidth) }

  /// The ceiling of a kind: only products with the weights run in their format.
  func peak(of kind: KernelRun.Kind) -> Double {
    weightKinds.contains(kind) ? weightPeak : peak
  }

  /// The least time such work can take here over the time it took: 1 is the roof. Nil where the roof says
  /// nothing: traffic between GPUs. More than 1 when operands came from the cache.
  func fraction(_ kind: KernelRun.Kind, operations: Double, bytes: Double, time: EngineTime) -> Double? {
    guard kind != .allReduce, kind != .send, time > .zero, operations > 0 || bytes > 0 else { return nil }
    return max(operations / peak(of: kind), bytes / bandwidth) / time.seconds
  }
}
