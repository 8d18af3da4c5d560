import Core

/// A prompt is reduced once, when it has been read, to what its own end attends to; what is written afterwards stays.
///
/// Scores are averaged over neighbouring tokens, so that what is kept hangs together.
public struct PromptSnapshot: Retention {
  public static let descriptor = Descriptor(
    name: "snapshot", summary: "of a prompt that was read, the tokens that its last ones attend to; all that is written after it",
    source: "SnapKV (Li et al., arXiv 2404.14469); as the cache of FastKV (Jo et al., arXiv 2502.01068)",
    parameters: [
      Budget.parameter(standard: 1024),
      Parameter("window", "tokens at the end of the prompt that choose, and stay", range: 1...256, standard: 32),
      Parameter("pool", "neighbouring tokens over which scores are averaged", range: 1...63, standard: 5),
    ])

  public let budget: Budget
  public let window: Int
  public let pool: Int

  public init(values: [Int]) { (budget, window, pool) = (Budget(values[0]), values[1], values[2]) }
  public var values: [Int] { [budget.value, window, pool] }
  public var watch: AttentionWatch { .lastQueries(window, ofPrompt: true) }

  public func order(_ holding: Holding) -> CompactionOrder? {
    let kept = max(budget.tokens(of: holding.prompt), holding.protected + 1)
    let surplus = holding.prompt - kept - holding.dropped
    guard surplus >= holding.tokensPerBlock, holding.watchedFrom < holding.prompt else { return nil }
    return .choose(kept: holding.slots - surplus)
  }

  public func select(_ count: Int, of head: WatchedHead) -> [Int] {
    let scores = pooled(head)
    return head.keep(count) { $0 >= head.prompt - window } score: { scores[$0] }
  }

  /// Of each slot, the mean score of it and its neighbours among the tokens that are there.
  private func pooled(_ head: WatchedHead) -> [Float] {
    let order = head.positions.indices.filter { Int(head.positions[$0]) < head.prompt - window }
      .sorted { head.positions[$0] < head.positions[$1] }
    var pooled = [Float](repeating: 0, count: head.positions.count)
    for (place, slot) in order.enumerated() {
      let near = max(0, place - pool / 2)...min(order.count - 1, place + pool / 2)
      pooled[slot] = near.reduce(0) { $0 + head.scores[order[$1]] } / Float(pool)
    }
    return pooled
  }
}
