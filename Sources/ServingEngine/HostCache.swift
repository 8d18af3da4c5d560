import Core
import Hardware

/// Host memory behind the prefix cache: what the pool evicts goes there, and comes back when it is asked for.
public enum HostCache: Equatable, Sendable {
  case off
  /// - Parameters:
  ///   - gibibytes: Of all GPUs together; 0 takes the part of the node's memory that belongs to them.
  ///   - gigabytesPerSecond: Of one GPU, each way; 0 takes the device's link.
  ///   - overlapped: Copies run beside the step's kernels.
  case host(gibibytes: Int, gigabytesPerSecond: Int, overlapped: Bool)

  public static let members = [
    Descriptor(name: "off", summary: "what the prefix cache evicts is gone", source: "vLLM without a KV connector"),
    Descriptor(
      name: "host", summary: "evicted blocks go to host memory, and come back over its link when they are hit",
      source: "hierarchical caching: SGLang HiCache, LMCache (arXiv 2510.09665), CachedAttention (Gao et al., ATC 2024)",
      parameters: [
        Parameter("gib", "GiB of it; 0 for the part of the node's that belongs to the GPUs", range: 0...65_536, standard: 0),
        Parameter("gbps", "GB/s of a GPU's link each way; 0 for the device's", range: 0...10_000, standard: 0),
        Parameter("overlapped", "1: copies run beside the kernels; 0: before them", range: 0...1, standard: 0),
      ]),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "off": self = .off
    case "host": self = .host(gibibytes: choice.values[0], gigabytesPerSecond: choice.values[1], overlapped: choice.values[2] == 1)
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .off: Choice(Self.members[0], [])
    case .host(let size, let speed, let overlapped): Choice(Self.members[1], [size, speed, overlapped ? 1 : 0])
    }
  }
}

extension HostLink {
  /// Blocks that the host memory chosen for the prefix cache holds.
  func capacity(for cache: HostCache) -> Int {
    guard case .host(let size, _, _) = cache, size > 0 else { return capacity }
    return (size << 30) / max(1, bytesPerBlock * gpus)
  }

  /// The link at the speed that was chosen.
  func at(_ cache: HostCache) -> HostLink {
    guard case .host(_, let speed, _) = cache, speed > 0 else { return self }
    var link = self
    link.tier.bandwidth = Double(speed) * 1e9
    link.tier.sharedBandwidth = .infinity
    return link
  }
}
