/// A kernel that touches each number once: norm with residual, rotation of positions, gating, embedding.
public struct Elementwise: Equatable, Sendable {
  /// Bytes read and written for each row.
  public var bytesPerRow: Double

  public init(bytesPerRow: Double) { self.bytesPerRow = bytesPerRow }

  /// µs around the work.
  static let launch = 2.0
  static let memoryEfficiency = 0.95

  /// The kernel before left its results in the cache: a fifth of the traffic still goes to memory, and
  /// more the larger the operands are beside the cache; at about twice its size all of it does.
  /// Fitted to norms, rotations and gatings of an 8B model on two GPUs.
  public func estimate(rows: Int, on chip: Chip) -> KernelEstimate {
    let touched = bytesPerRow * Double(rows)
    let coldPart = min(1, 0.22 + 0.42 * touched / chip.cacheBytes)
    let bytes = touched * coldPart
    let memory = bytes / (Self.memoryEfficiency * chip.bandwidth)
    return KernelEstimate(
      microseconds: Self.launch + memory, launch: Self.launch, operations: 0, bytes: bytes,
      units: max(1, rows), on: chip, tensorRate: 0,
      bound: KernelEstimate.bound(compute: 0, memory: memory, latency: Self.launch))
  }
}

/// Choosing one token for each row of logits: scale, convert to 32 bit, pick.
public struct Sampler: Equatable, Sendable {
  public var vocabulary: Int

  public init(vocabulary: Int) { self.vocabulary = vocabulary }

  /// µs of its chain of small kernels; measured 25.0 and 24.7 on two GPUs.
  static let launch = 25.0

  /// From 1.6 bytes of traffic for each logit (all in cache) to 10; between, it grows with the share of
  /// the cache that the 32-bit logits would take. Fitted to two GPUs at 1 to 256 rows, within 15 %.
  public func estimate(rows: Int, on chip: Chip) -> KernelEstimate {
    let logits = Double(rows) * Double(vocabulary)
    let bytes = logits * min(10, 1.6 + 4 * (4 * logits / chip.cacheBytes))
    return KernelEstimate(
      microseconds: Self.launch + bytes / chip.bandwidth, launch: Self.launch, operations: 0, bytes: bytes,
      units: max(1, rows), on: chip, tensorRate: 0,
      bound: KernelEstimate.bound(compute: 0, memory: bytes / chip.bandwidth, latency: Self.launch))
  }
}
