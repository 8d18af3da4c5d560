import Core

/// Some heads keep everything, the others the first tokens and the last ones.
///
/// Which heads these are is a property of the model: found by calibration where tokens are real (`workbench model heads`), a
/// share of all where they are not. Whole blocks are folded (see `HeadFold`), so up to some blocks more than the window stay.
/// A prompt is read whole by all heads. Who has given something up under another policy is left as it is.
///
/// - Source: Xiao et al. 2024, DuoAttention (arXiv 2410.10819): half of the key heads of models with grouped queries and a
///   quarter of others' are retrieval heads; 64 sinks and 256 recent tokens.
public struct RetrievalHeads: Retention {
  public static let descriptor = Descriptor(
    name: "heads", summary: "all tokens for the heads that look far back, for the others the first ones and a window of the last",
    source: "DuoAttention (Xiao et al., arXiv 2410.10819): 50 % of grouped key heads, 25 % of others",
    parameters: [
      Parameter("share", "per cent of all key heads that keep everything", range: 1...99, standard: 50),
      Parameter("sinks", "tokens at the beginning that all heads keep; whole blocks", range: 0...65_536, standard: 64),
      Parameter("window", "tokens at the end that all heads keep at least", range: 1...1_048_576, standard: 256),
    ])

  public let share: Int
  public let sinks: Int
  public let window: Int

  public init(values: [Int]) { (share, sinks, window) = (values[0], values[1], values[2]) }
  public var values: [Int] { [share, sinks, window] }

  public func order(_ holding: Holding) -> CompactionOrder? {
    let size = holding.tokensPerBlock
    // Who was folded already goes on so.
    let before = holding.fold ?? HeadFold(lead: (max(sinks, holding.protected) + size - 1) / size, folded: 0, share: share)
    guard holding.fold != nil || holding.dropped == 0 else { return nil }
    let further = (holding.slots - window) / size - before.lead - before.packed
    guard further > 0 else { return nil }
    let fold = HeadFold(lead: before.lead, folded: before.folded + further, share: before.share)
    return fold.saved > before.saved ? .fold(fold) : nil
  }
}
