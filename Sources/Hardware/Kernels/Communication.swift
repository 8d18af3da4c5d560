import Core

/// Traffic between the ranks of a group that share a node, for messages of `bytesPerRow` bytes a row.
///
///     time = start + hop · log₂ ranks + volume / (efficiency · link bandwidth)
///
/// Libraries send short messages with a flag in each word, which starts at once and wastes bandwidth, and long
/// ones in chunks that are announced; each message goes the faster way.
public struct Communication: Equatable, Sendable {
  public enum Operation: Sendable {
    /// Every rank ends with the sum: 2 (ranks − 1) / ranks of the message crosses each link.
    case allReduce
    /// Every rank ends with all parts: (ranks − 1) / ranks of it.
    case allGather
    /// Every rank ends with its part of the sum.
    case reduceScatter
    /// Every rank sends a part to each other.
    case allToAll
    /// One rank sends to one other.
    case send
  }

  /// Whose kernels run.
  public enum Library: Sendable {
    /// What vLLM takes: its own all-reduce for messages up to 8 MB between direct links, else NCCL.
    case automatic
    /// NCCL.
    case collective
    /// vLLM's own all-reduce inside a CUDA graph.
    case custom
  }

  public var operation: Operation
  /// Of the whole message.
  public var bytesPerRow: Double
  public var ranks: Int
  public var library: Library

  public init(_ operation: Operation, bytesPerRow: Double, ranks: Int, library: Library = .automatic) {
    self.operation = operation
    self.bytesPerRow = bytesPerRow
    self.ranks = ranks
    self.library = library
  }

  /// Fitted to A100, H100, B200 and GB200 with NVLink; 6 to 10 % mean error on each.
  struct Constants: Equatable, Sendable {
    /// µs to start, and µs for each doubling of the ranks.
    var start: Double
    var hop: Double
    /// Part of the link's bandwidth for short messages.
    var shortEfficiency: Double
    /// More µs, and the part of the link's bandwidth, for long ones; the µs come for each doubling of the ranks.
    var announce: Double
    var longEfficiency: Double
  }

  /// Bytes up to which vLLM uses its own all-reduce.
  static let customLimit = 8_388_608.0

  public func estimate(rows: Int, on chip: Chip) -> KernelEstimate {
    let message = bytesPerRow * Double(rows)
    let part = Double(ranks - 1) / Double(ranks)
    let hops = logarithm2(Double(max(1, ranks)))
    let isCustom =
      operation == .allReduce && chip.hasLink
      && (library == .custom || (library == .automatic && message <= Self.customLimit))
    let latency: Double
    let link: Double
    if isCustom {
      let constants = chip.communication.custom
      // Each rank reads all others' messages; or, for long ones, sums a part and reads the others' sums.
      let once = message * Double(ranks - 1) / (constants.shortEfficiency * chip.linkBandwidth)
      let twice = constants.announce + 2 * part * message / (constants.longEfficiency * chip.linkBandwidth)
      latency = constants.start + constants.hop * hops
      link = min(once, twice)
    } else {
      let constants = chip.communication.library(for: operation)
      let volume =
        switch operation {
        case .allReduce: 2 * part * message
        case .allGather, .reduceScatter, .allToAll: part * message
        case .send: message
        }
      let short = volume / (constants.shortEfficiency * chip.linkBandwidth)
      let long = constants.announce * hops + volume / (constants.longEfficiency * chip.linkBandwidth)
      latency = constants.start + constants.hop * hops
      link = min(short, long)
    }
    // Few SMs copy; the others wait.
    return KernelEstimate(
      microseconds: latency + link, launch: latency, operations: 0, bytes: 2 * message, units: 16, on: chip,
      tensorRate: 0, bound: latency > link ? .latency : .link)
  }
}
