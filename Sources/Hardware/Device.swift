import Core

/// What runs batches: a chip that is modelled, or a machine that really computes.
public protocol Device: Sendable {
  var name: String { get }
  /// True when its times are computed and not measured.
  var isModelled: Bool { get }
  mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome
  /// The kernels of a step, in order of their start.
  func kernels(of batch: Batch) -> [KernelRun]
}

/// What a device could not do, and the way out.
public struct DeviceError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
