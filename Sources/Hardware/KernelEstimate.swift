public import Core

/// What a kernel will do on a chip, and how long it will take.
public struct KernelEstimate: Equatable, Sendable {
  /// Whole nanoseconds: rounded here once, so that a step's duration is exactly the sum of its kernels'.
  public var time: EngineTime
  /// Floating-point operations (a multiply-add counts two), those on padding included.
  public var operations: Double
  /// Bytes through device memory.
  public var bytes: Double
  /// Output tiles, or units of work.
  public var tiles: Int
  /// Rounds in which the tiles go over the SMs.
  public var waves: Int
  /// SMs with work in a full wave.
  public var activeSMs: Int
  /// Part of those with work in the last wave.
  public var tailFill: Double
  /// What keeps it from being faster.
  public var bound: KernelRun.Bound
  /// Part of the time during which an SM has work, averaged over SMs.
  public var smBusy: Double
  /// Part of the tensor cores' peak that is used.
  public var tensorBusy: Double

  /// - Parameters:
  ///   - microseconds: Time, launch included.
  ///   - launch: Microseconds of it before and after the work.
  ///   - units: Independent units of work; they go over the SMs in rounds.
  ///   - tensorRate: Peak in operations per µs; 0 when the tensor cores are not used.
  init(
    microseconds: Double, launch: Double, operations: Double, bytes: Double, units: Int, on chip: Chip,
    tensorRate: Double, bound: KernelRun.Bound
  ) {
    let processors = chip.multiprocessors
    time = EngineTime(nanoseconds: Int64((microseconds * 1000).rounded()))
    self.operations = operations
    self.bytes = bytes
    tiles = max(units, 1)
    waves = (tiles + processors - 1) / processors
    activeSMs = min(tiles, processors)
    tailFill = Double(tiles - (waves - 1) * processors) / Double(activeSMs)
    self.bound = bound
    let working = max(0, microseconds - launch) / microseconds
    smBusy = Double(tiles) / Double(processors * waves) * working
    tensorBusy = tensorRate > 0 ? min(1, operations / (tensorRate * microseconds)) : 0
  }

  /// Of two terms the longer one, unless the launch is longer than both.
  static func bound(compute: Double, memory: Double, latency: Double) -> KernelRun.Bound {
    if latency > max(compute, memory) { return .latency }
    return compute > memory ? .compute : .memory
  }
}
