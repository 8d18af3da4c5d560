import Core
import Hardware

/// What it takes to move KV blocks to host memory and back.
///
/// A block lies in as many places as there are layers, keys and values apart, and each place is a copy of its own,
/// unless neighbouring blocks go together. So a swap is bound by the link, or by the calls that start the copies.
public struct HostLink: Equatable, Sendable {
  public var tier: MemoryTier
  /// Of one GPU, over all layers.
  public var bytesPerBlock: Int
  /// Copies for a block, or for a run of neighbouring blocks: layers × 2.
  public var copiesPerBlock: Int
  /// GPUs that move their part at the same time.
  public var gpus: Int

  public init(tier: MemoryTier, bytesPerBlock: Int, copiesPerBlock: Int, gpus: Int = 1) {
    self.tier = tier
    self.bytesPerBlock = bytesPerBlock
    self.copiesPerBlock = copiesPerBlock
    self.gpus = gpus
  }

  /// The time of one asynchronous copy's call: 5 to 7 µs were measured for many small copies (DualPath,
  /// arXiv 2602.21548, 5.2), 2.3 µs elsewhere.
  public static let secondsPerCall = 5e-6

  /// Blocks that host memory holds: the part of the node's that belongs to one of eight GPUs.
  public var capacity: Int { tier.capacity / 8 / max(1, bytesPerBlock) }

  /// Copies of one step, in pieces of neighbouring blocks.
  public struct Load: Equatable, Sendable {
    public var blocksOut = 0
    public var blocksIn = 0
    public var pieces = 0

    public init() {}
  }

  /// Both directions run at the same time; the calls come from one thread.
  public func time(for load: Load) -> EngineTime {
    guard load.blocksOut + load.blocksIn > 0 else { return .zero }
    let calls = Double(load.pieces * copiesPerBlock) * Self.secondsPerCall
    let bytes = max(load.blocksOut, load.blocksIn) * bytesPerBlock
    return .seconds(max(calls + tier.latency, tier.seconds(toMove: bytes, sharing: gpus)))
  }
}

extension HostLink {
  /// - Parameter stages: Of a pipeline, which copy their layers' part at the same time.
  public init(accelerator: Accelerator, model: ModelCard, tensorParallel: Int, stages: Int = 1, tokensPerBlock: Int) {
    let layers = (model.layers + stages - 1) / stages
    self.init(
      tier: .host(of: accelerator), bytesPerBlock: model.kvBytesPerLayer(ranks: tensorParallel) * layers * tokensPerBlock,
      copiesPerBlock: layers * 2, gpus: min(8, tensorParallel * stages))
  }
}
