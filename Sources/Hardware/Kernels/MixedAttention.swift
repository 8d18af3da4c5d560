public import Core

/// The attention of one layer for a batch of chunks and decodes, as the GPU's backend carries it out.
public struct MixedAttention: Sendable {
  private let decode: DecodeAttention
  private let prefill: PrefillAttention
  private var decodes = DecodeAttention.Load()
  private var chunks = PrefillAttention.Load()
  /// The decodes once more, as rows of the prefill kernel.
  private var decodesAsRows = PrefillAttention.Load()

  public init(
    heads: Int, kvHeads: Int, headDimension: Int, kvFormat: KVFormat = .f16, window: Int? = nil, on chip: Chip
  ) {
    decode = DecodeAttention(
      heads: heads, kvHeads: kvHeads, headDimension: headDimension, kvFormat: kvFormat, window: window, on: chip)
    prefill = PrefillAttention(
      heads: heads, kvHeads: kvHeads, headDimension: headDimension, kvFormat: kvFormat, window: window, on: chip)
  }

  public mutating func addChunk(rows: Int, history: Int) { prefill.add(rows: rows, history: history, to: &chunks) }

  public mutating func addDecode(context: Int) {
    decode.add(context: context, to: &decodes)
    prefill.add(rows: 1, history: context - 1, to: &decodesAsRows)
  }

  /// Nothing added takes no time.
  public var microseconds: Double {
    func time(_ estimate: KernelEstimate) -> Double { Double(estimate.time.nanoseconds) / 1000 }
    if chunks.units == 0 { return decodes.sequences == 0 ? 0 : time(decode.estimate(decodes)) }
    if decodes.sequences == 0 { return time(prefill.estimate(chunks)) }
    switch prefill.constants.mixing {
    case .asPrefill:
      return max(time(prefill.estimate(chunks + decodesAsRows)), time(decode.estimate(decodes)))
    case .oneLaunch, .apart:
      let shares = prefill.constants.mixing == .oneLaunch
      return time(prefill.estimate(chunks)) + time(decode.estimate(decodes, sharesLaunch: shares))
    }
  }
}
