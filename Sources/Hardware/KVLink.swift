import Core

/// The way from one instance's GPUs to another's, for keys and values: a copy costs its call and its bytes.
///
///     time = calls · latency + bytes / bandwidth
///
/// Calls are made one after another, as the copies of one transfer are; the GPUs of an instance move their parts at the
/// same time, each over its own link, unless they share one.
public struct KVLink: Equatable, Sendable {
  /// Bytes per second in one direction: of one GPU, or of all of an instance where they share it.
  public var bandwidth: Double
  /// Seconds for the call of a copy and the way there.
  public var latency: Double
  /// The GPUs of an instance share it.
  public var isShared: Bool

  public init(bandwidth: Double, latency: Double, isShared: Bool = false) {
    self.bandwidth = bandwidth
    self.latency = latency
    self.isShared = isShared
  }

  /// Between GPUs of one node: what NCCL needs to start a copy, and the part of the bandwidth that long ones reach, both
  /// fitted to measurements of its generation (`Communication`).
  public static func node(of accelerator: Accelerator) -> KVLink {
    let constants = Communication.Family(accelerator).library(for: .send)
    return KVLink(
      bandwidth: constants.longEfficiency * accelerator.nodeBandwidth * 1e9, latency: constants.start * 1e-6)
  }

  /// A network whose rate is stated.
  public init(gigabits: Int, microseconds: Int, isShared: Bool) {
    self.init(bandwidth: Double(gigabits) * 1e9 / 8, latency: Double(microseconds) * 1e-6, isShared: isShared)
  }

  /// - Parameters:
  ///   - calls: Copies of each GPU.
  ///   - bytes: Of all GPUs together.
  ///   - gpus: That move their part at the same time.
  public func time(calls: Int, bytes: Int, gpus: Int) -> EngineTime {
    guard calls > 0 else { return .zero }
    return .seconds(Double(calls) * latency + Double(bytes) / (bandwidth * Double(isShared ? 1 : max(1, gpus))))
  }
}
