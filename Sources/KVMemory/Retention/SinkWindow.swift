import Core

/// The first tokens and the last ones, whatever they say.
///
/// Positions alone decide, so whole blocks between the two are cut out of the table: nothing moves, shared blocks stay as they
/// are, and up to a block more than the window stays.
public struct SinkWindow: Retention {
  public static let descriptor = Descriptor(
    name: "sink-window", summary: "the first tokens, to which attention goes in any case, and a window of the last ones",
    source: "StreamingLLM (Xiao et al., arXiv 2309.17453)",
    parameters: [
      Parameter("sinks", "tokens at the beginning that stay; whole blocks", range: 0...65_536, standard: 4),
      Parameter("window", "tokens at the end that stay at least", range: 1...1_048_576, standard: 1020, takesShares: true),
    ])

  public let sinks: Int
  public let window: Budget

  public init(values: [Int]) { (sinks, window) = (values[0], Budget(values[1])) }
  public var values: [Int] { [sinks, window.value] }

  public func order(_ holding: Holding) -> CompactionOrder? {
    let size = holding.tokensPerBlock
    let window = window.tokens(of: holding.computed)
    let lead = (max(sinks, holding.protected) + size - 1) / size
    guard holding.canCut(at: lead) else { return holding.order(budget: max(sinks, holding.protected) + window, after: 0) }
    let tail = (holding.slots - window) / size
    return tail > lead ? .cut(lead..<tail) : nil
  }

  public func select(_ count: Int, of head: WatchedHead) -> [Int] { head.keep(count) { $0 < sinks } score: { _ in 0 } }
}
