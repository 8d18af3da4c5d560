public import Core

/// A kernel of one stream, priced on its SMs.
///
/// Other streams leave it less bandwidth. When moving bytes takes `stretch` times as long, it takes
///
///     alone + (halved − alone) · (stretch − 1)      and never less than its bytes need
///
/// which is exact with all the bandwidth its SMs reach (1) and with half of it (2). What is bound by arithmetic hardly
/// slows; what streams slows in proportion.
public struct StreamKernel: Equatable, Sendable {
  public let kind: KernelRun.Kind
  public var layer: Int?
  /// SMs it may use.
  public let multiprocessors: Int
  /// Which SMs, where its stream has none of its own; nil: the first that are free.
  var zone: Range<Int>?
  /// With the bandwidth that its SMs reach.
  let estimate: KernelEstimate
  /// Nanoseconds with all that bandwidth, and with half of it.
  let alone: Double
  let halved: Double
  /// Nanoseconds that its bytes take at least.
  let floor: Double

  /// - Parameter bandwidth: Bytes per µs that its SMs reach.
  init(_ full: ModelledGPU.Launch, halved: ModelledGPU.Launch, multiprocessors: Int, bandwidth: Double) {
    kind = full.kind
    layer = full.layer
    self.multiprocessors = multiprocessors
    estimate = full.estimate
    alone = Double(max(1, full.estimate.time.nanoseconds))
    self.halved = max(alone, Double(halved.estimate.time.nanoseconds))
    floor = min(alone, full.estimate.bytes / bandwidth * 1000)
  }

  /// Without other streams.
  public var duration: EngineTime { EngineTime(nanoseconds: Int64(alone)) }
  public var operations: Double { estimate.operations }
  public var bytes: Double { estimate.bytes }
  public var bound: KernelRun.Bound { estimate.bound }

  /// Nanoseconds when moving bytes takes `stretch` ≥ 1 times as long.
  func time(stretch: Double) -> Double { max(alone + (halved - alone) * (stretch - 1), floor * stretch) }
}
