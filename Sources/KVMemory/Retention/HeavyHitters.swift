import Core

/// Those that got most attention so far, and the newest.
///
/// Attention of every query is added up as it is computed. Of a prefix from the cache there are no queries, so a request is
/// watched for some tokens before its first choice; drafts are not counted.
public struct HeavyHitters: Retention {
  public static let descriptor = Descriptor(
    name: "heavy-hitters", summary: "the tokens that got most attention from all queries so far, and the newest",
    source: "H2O (Zhang et al., arXiv 2306.14048)",
    parameters: [
      Budget.parameter(standard: 1024),
      Parameter("recent", "per cent of the budget for the newest tokens", range: 0...100, standard: 50),
    ])

  public let budget: Budget
  public let recent: Int

  public init(values: [Int]) { (budget, recent) = (Budget(values[0]), values[1]) }
  public var values: [Int] { [budget.value, recent] }
  public var watch: AttentionWatch { .everyQuery }
  public var warmUp: Int { 32 }

  public func order(_ holding: Holding) -> CompactionOrder? {
    holding.order(budget: max(budget.tokens(of: holding.computed), holding.protected + 1), after: warmUp)
  }

  public func select(_ count: Int, of head: WatchedHead) -> [Int] {
    let newest = head.computed - count * recent / 100
    return head.keep(count) { $0 >= newest } score: { head.scores[$0] }
  }
}
