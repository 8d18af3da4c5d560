import Core

/// The newest tokens, and of the others those that the newest attend to.
public struct Morph: Retention {
  public static let descriptor = Descriptor(
    name: "morph", summary: "a constant number: the newest tokens, and of the others those that the newest attend to",
    source: "MorphKV (Ghadia et al., arXiv 2503.00979), sum fusion",
    parameters: [
      Budget.parameter(standard: 1024),
      Parameter("recent", "newest tokens, which choose and stay", range: 1...256, standard: 32),
    ])

  public let budget: Budget
  public let recent: Int

  public init(values: [Int]) { (budget, recent) = (Budget(values[0]), values[1]) }
  public var values: [Int] { [budget.value, recent] }
  public var watch: AttentionWatch { .lastQueries(recent, ofPrompt: false) }
  public var warmUp: Int { recent }

  public func order(_ holding: Holding) -> CompactionOrder? {
    holding.order(budget: max(budget.tokens(of: holding.computed), holding.protected + recent), after: warmUp)
  }

  public func select(_ count: Int, of head: WatchedHead) -> [Int] {
    head.keep(count) { $0 >= head.computed - recent } score: { head.scores[$0] }
  }
}
