import Core

/// What the chip did, averaged over the time it spent in steps. Time without a
/// step (an idle engine) is not in these averages; it is engine time less `busy`.
public struct HardwareTally: Equatable, Sendable {
  /// Floating-point operations (a multiply-add counts two).
  public private(set) var operations = 0.0
  /// Bytes through device memory.
  public private(set) var bytes = 0.0
  /// Time in steps.
  public private(set) var busy = EngineTime.zero
  /// Joules; nil once a step came without a statement.
  public private(set) var energy: Double? = 0
  /// Busy fraction × seconds.
  private var smSeconds = 0.0
  private var tensorSeconds = 0.0
  private var bandwidthSeconds = 0.0

  public init() {}

  /// Fractions of the time in steps, 0...1; nil before the first step that took time.
  public var smBusy: Double? { perSecond(smSeconds) }
  public var tensorBusy: Double? { perSecond(tensorSeconds) }
  public var bandwidthBusy: Double? { perSecond(bandwidthSeconds) }

  /// Model FLOP utilisation: operations done over operations that fit in the time in steps.
  public func mfu(peakOperationsPerSecond peak: Double) -> Double? { perSecond(operations).map { $0 / peak } }

  private func perSecond(_ total: Double) -> Double? { busy > .zero ? total / busy.seconds : nil }

  mutating func add(_ cost: StepCost, duration: EngineTime) {
    let seconds = duration.seconds
    busy += duration
    operations += cost.operations
    bytes += cost.bytes
    smSeconds += cost.smBusy * seconds
    tensorSeconds += cost.tensorBusy * seconds
    bandwidthSeconds += cost.bandwidthBusy * seconds
    if let sum = energy, let joules = cost.energy { energy = sum + joules } else { energy = nil }
  }
}
