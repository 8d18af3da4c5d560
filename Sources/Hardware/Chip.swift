/// A GPU as its kernels see it: rates, and the constants of the kernels that run on its family.
///
/// Time is in microseconds, work in bytes and operations; so rates are bytes and operations per µs.
public struct Chip: Equatable, Sendable {
  public let name: String
  public internal(set) var multiprocessors: Int
  /// Operations per µs at the bf16 peak.
  public internal(set) var tensorRate: Double
  /// The same for the format of the weights; bf16's where the chip computes in no narrower one.
  public internal(set) var weightTensorRate: Double
  /// Bytes per µs.
  public internal(set) var bandwidth: Double
  /// Bytes of last-level cache.
  public let cacheBytes: Double
  /// Bytes per µs from the cache: 64 for each clock and SM.
  public internal(set) var cacheBandwidth: Double
  /// Exponentials per µs on one SM.
  public let exponentialRate: Double
  /// Bytes per µs to the rest of the node, one direction.
  public let linkBandwidth: Double
  public let hasLink: Bool

  /// Clock cycles per µs.
  let clock: Double

  var gemm: Gemm.Constants
  /// The same kernel on 16-bit weights (the head's).
  var plainGemm: Gemm.Constants
  var decodeAttention: DecodeAttention.Constants
  /// Nil where another backend decodes.
  let flashDecodeAttention: FlashAttention2Decode.Constants?
  let prefillAttention: PrefillAttention.Constants
  /// The same where KV pages hold 64 tokens or more, and on 8-bit KV.
  let widePagePrefillAttention: PrefillAttention.Constants
  var narrowDecodeAttention: DecodeAttention.Constants
  let narrowPrefillAttention: PrefillAttention.Constants
  var experts: Experts.Constants
  let communication: Communication.Family

  /// How products with narrow weights are carried out.
  public enum Arithmetic: Sendable {
    /// Activations are made as narrow as the weights, with one scale for a row or a tensor.
    case tensorScaled
    /// The same with a scale for each 128 numbers.
    case blockScaled
    /// Weights are widened to 16 bits on the way to the tensor cores.
    case weightOnly
  }

  /// - Parameters:
  ///   - weights: Format of the projections' weights.
  ///   - wideTiles: Of w4a4, the part of the tiles whose activations have 8 bits.
  ///   - linkBandwidth: GB/s in one direction between the GPUs of the node. It is a property of the node:
  ///     behind PCIe 10 to 50 have been seen where the datasheet says 64. Nil takes the datasheet's.
  ///   - expertsBackend: Nil takes the family's.
  public init(
    _ accelerator: Accelerator, weights: NumberFormat = .bf16, arithmetic: Arithmetic = .tensorScaled,
    wideTiles: Double = 0, linkBandwidth: Double? = nil, expertsBackend: Experts.Backend? = nil
  ) {
    // These are widened on the way to the tensor cores, whatever else the chip can do.
    let isPacked = weights == .mxfp4 || weights == .int8 || weights == .int4
    let arithmetic = isPacked ? .weightOnly : arithmetic
    let native: Double? =
      switch weights {
      case .bf16: accelerator.peaks.bf16
      case .fp8: accelerator.peaks.fp8
      case .fp4: accelerator.peaks.fp4
      case .mxfp4, .int8, .int4: nil
      // Tiles of both kinds follow each other on every SM (COMET shares them out evenly).
      case .w4a4: accelerator.peakInt4.map { 1 / ((1 - wideTiles) / $0 + wideTiles / ($0 / 2)) }
      }
    let computed = arithmetic == .weightOnly ? nil : native
    name = accelerator.name
    multiprocessors = accelerator.multiprocessors
    tensorRate = accelerator.peaks.bf16 * 1e6
    weightTensorRate = (computed ?? accelerator.peaks.bf16) * 1e6
    bandwidth = accelerator.bandwidth * 1e3
    cacheBytes = accelerator.cache * 1e6
    cacheBandwidth = 64 * Double(accelerator.multiprocessors) * accelerator.peakClock
    clock = accelerator.boostClock ?? accelerator.peakClock
    exponentialRate = (accelerator.exponentialRate ?? 16) * clock
    self.linkBandwidth = (linkBandwidth ?? accelerator.nodeBandwidth) * 1e3
    hasLink = accelerator.hasLink
    plainGemm = .init(accelerator, weights: .bf16)
    gemm = computed == nil ? plainGemm : .init(accelerator, weights: weights, arithmetic: arithmetic)
    var decode = DecodeAttention.Constants(accelerator)
    var prefill = PrefillAttention.Constants(accelerator)
    var widePrefill = PrefillAttention.Constants(accelerator, isWide: true)
    if let memory = accelerator.efficiency.decodeMemory { decode.memoryEfficiency = memory }
    if let arithmetic = accelerator.efficiency.prefillArithmetic {
      prefill.arithmeticEfficiency = arithmetic
      widePrefill.arithmeticEfficiency = arithmetic
    }
    decodeAttention = decode
    flashDecodeAttention = .init(accelerator)
    prefillAttention = prefill
    widePagePrefillAttention = widePrefill
    narrowDecodeAttention = .init(accelerator, isNarrow: true)
    narrowPrefillAttention = .init(accelerator, isNarrow: true)
    experts = .init(
      accelerator, weights: isPacked ? .fp4 : computed == nil && arithmetic != .weightOnly ? .bf16 : weights, arithmetic: arithmetic,
      backend: expertsBackend)
    communication = .init(accelerator)
  }
}

extension Accelerator {
  /// GPUs on which vLLM runs FlashAttention-2 from GDDR: Ampere 8.6, Ada, Blackwell RTX.
  var isWorkstation: Bool { attentionBackend == .flashAttention2GDDR }
  var isDataCentreBlackwell: Bool { tensorIssue == .tensorMemory }
}
