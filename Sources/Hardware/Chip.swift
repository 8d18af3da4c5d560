/// A GPU as its kernels see it: rates, and the constants of the kernels that run on its family.
///
/// Time is in microseconds, work in bytes and operations; so rates are bytes and operations per µs.
public struct Chip: Equatable, Sendable {
  public let name: String
  public let multiprocessors: Int
  /// Operations per µs at the bf16 peak.
  public let tensorRate: Double
  /// The same for the format of the weights; bf16's where the chip computes in no narrower one.
  public let weightTensorRate: Double
  /// Bytes per µs.
  public let bandwidth: Double
  /// Bytes of last-level cache.
  public let cacheBytes: Double
  /// Bytes per µs from the cache: 64 for each clock and SM.
  public let cacheBandwidth: Double
  /// Exponentials per µs on one SM.
  public let exponentialRate: Double
  /// Bytes per µs to the rest of the node, one direction.
  public let linkBandwidth: Double
  public let hasLink: Bool

  let gemm: Gemm.Constants
  /// The same kernel on 16-bit weights (the head's).
  let plainGemm: Gemm.Constants
  let decodeAttention: DecodeAttention.Constants
  let prefillAttention: PrefillAttention.Constants
  let experts: Experts.Constants

  /// - Parameters:
  ///   - weights: Format of the projections' weights.
  ///   - linkBandwidth: GB/s in one direction between the GPUs of the node. It is a property of the node:
  ///     behind PCIe 10 to 50 have been seen where the datasheet says 64. Nil takes the datasheet's.
  public init(_ accelerator: Accelerator, weights: NumberFormat = .bf16, linkBandwidth: Double? = nil) {
    let clock = accelerator.boostClock ?? accelerator.peakClock
    let native: Double? =
      switch weights {
      case .bf16: accelerator.peaks.bf16
      case .fp8: accelerator.peaks.fp8
      case .fp4: accelerator.peaks.fp4
      case .mxfp4, .int4: nil
      }
    name = accelerator.name
    multiprocessors = accelerator.multiprocessors
    tensorRate = accelerator.peaks.bf16 * 1e6
    weightTensorRate = (native ?? accelerator.peaks.bf16) * 1e6
    bandwidth = accelerator.bandwidth * 1e3
    cacheBytes = accelerator.cache * 1e6
    cacheBandwidth = 64 * Double(accelerator.multiprocessors) * accelerator.peakClock
    exponentialRate = (accelerator.exponentialRate ?? 16) * clock
    self.linkBandwidth = (linkBandwidth ?? accelerator.nodeBandwidth) * 1e3
    hasLink = accelerator.hasLink
    plainGemm = .init(accelerator, weights: .bf16)
    gemm = .init(accelerator, weights: native == nil ? .bf16 : weights)
    decodeAttention = .init(accelerator)
    prefillAttention = .init(accelerator)
    experts = .init(accelerator, weights: native == nil ? .bf16 : weights)
  }
}

extension Accelerator {
  /// GPUs on which vLLM runs FlashAttention-2 from GDDR: Ampere 8.6, Ada, Blackwell RTX.
  var isWorkstation: Bool { tensorIssue == .synchronous && !memoryType.hasPrefix("HBM") }
  var isDataCentreBlackwell: Bool { tensorIssue == .tensorMemory }
}
