import Core

/// Gives up what has gone without attention for long beside the longest pause after which it ever got some again, and only
/// once in a window.
///
/// Of each token the last query that attended to it is known, and the longest pause between two such queries. They are
/// ordered by present pause ÷ longest pause, of equals the newer first: what was attended to just now stays, what comes back
/// late is waited for, and what nobody came back to (a longest pause of one) goes soon.
public struct Lazy: Retention {
  public static let descriptor = Descriptor(
    name: "lazy", summary: "tokens that are expected to be attended to again, by the longest pause between two such times; in batches",
    source: "after LazyEviction (Zhang et al., arXiv 2506.15969): its lag and its longest recurrence interval, a score of our own",
    parameters: [
      Budget.parameter(standard: 1024),
      Parameter("window", "tokens between two evictions; the newest so many stay", range: 1...1_024, standard: 64),
    ])

  /// A query attends to a token when it gives it at least this probability, added up over the heads of the group.
  public static let threshold: Float = 0.01
  public let budget: Budget
  public let window: Int

  public init(values: [Int]) { (budget, window) = (Budget(values[0]), values[1]) }
  public var values: [Int] { [budget.value, window] }
  public var watch: AttentionWatch { .everyQuery }
  public var warmUp: Int { window }

  public func order(_ holding: Holding) -> CompactionOrder? {
    holding.order(budget: max(budget.tokens(of: holding.computed), holding.protected + window), after: warmUp, slack: window)
  }

  public func select(_ count: Int, of head: WatchedHead) -> [Int] {
    head.keep(count) { $0 >= head.computed - window } score: { slot in
      -Float(head.computed - 1 - Int(head.latest[slot])) / Float(max(1, head.pauses[slot]))
    }
  }
}
