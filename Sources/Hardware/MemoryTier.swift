/// Memory behind the GPU's own, where KV blocks can go that do not fit: how much, and how fast it is reached.
///
///     GPU memory ── PCIe or NVLink-C2C ── host memory
public struct MemoryTier: Equatable, Sendable {
  public var name: String
  /// Bytes that serving may use on the whole node.
  public var capacity: Int
  /// Bytes per second from one GPU to it, and back; both directions can run at the same time.
  public var bandwidth: Double
  /// Bytes per second of all GPUs of the node together: the memory behind the links.
  public var sharedBandwidth: Double
  /// Seconds before the first byte: launch of a copy and the way there.
  public var latency: Double
  /// What is assumed.
  public var source: String

  /// Host memory behind one GPU.
  ///
  /// - Parameters:
  ///   - capacity: Bytes; nil takes 2 × the memory of the node's GPUs, the least that makers of servers recommend.
  ///   - gpus: GPUs in the node.
  /// - Note: PCIe copies reach 0.8 of the link's rate (headers, flow control); NVLink-C2C 0.9. The memory behind
  ///   is taken as 8 channels of DDR5-4800 a socket and two sockets, or as LPDDR5X of one Grace for each GPU pair.
  public static func host(of accelerator: Accelerator, capacity: Int? = nil, gpus: Int = 8) -> MemoryTier {
    let isCoherent = accelerator.hostLink.contains("C2C")
    // 900 GB/s both directions together: 450 each way.
    let link = isCoherent ? 450e9 * 0.9 : accelerator.pcieBandwidth * 1e9 * 0.8
    return MemoryTier(
      name: isCoherent ? "host memory over NVLink-C2C" : "host memory over \(accelerator.hostLink)",
      capacity: capacity ?? Int(accelerator.memory * 1e9) * gpus * 2,
      bandwidth: link,
      sharedBandwidth: isCoherent ? 512e9 * Double(max(1, gpus / 2)) : 614e9 * 0.8,
      latency: isCoherent ? 5e-6 : 10e-6,
      source: isCoherent
        ? "NVLink-C2C 900 GB/s both directions together (Grace Blackwell datasheet); LPDDR5X 512 GB/s a Grace"
        : "\(accelerator.hostLink) \(Int(accelerator.pcieBandwidth)) GB/s each way (datasheet), 0.8 of it reached")
  }

  /// Time to move `bytes` one way, when `sharing` GPUs move as much at the same time.
  public func seconds(toMove bytes: Int, sharing gpus: Int = 1) -> Double {
    latency + Double(bytes) / min(bandwidth, sharedBandwidth / Double(max(1, gpus)))
  }
}
