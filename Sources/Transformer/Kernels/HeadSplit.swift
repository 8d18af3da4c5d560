import Core

/// Which key heads keep everything.
public struct HeadSplit: Equatable, Sendable {
  /// Retrieval heads, as layer · kvHeads + head, rising.
  public let retrieval: [Int]
  /// Of each head its place among them; nil for streaming heads.
  public let places: [Int?]

  /// The best of a ranking of all heads.
  init(ranking: [Int], share: Int) {
    retrieval = ranking.prefix(ranking.count * share / 100).sorted()
    var places = [Int?](repeating: nil, count: ranking.count)
    for (place, head) in retrieval.enumerated() { places[head] = place }
    self.places = places
  }
}

/// A table as it is folded, with the heads of the model whose keys and values lie in it.
public struct FoldedTable: Equatable, Sendable {
  public var fold: HeadFold
  public var split: HeadSplit

  /// Where keys and values of one retrieval head lie of a block that was folded: the number of the block in the table, and
  /// whose place they take there.
  func place(of block: Int, _ retrieval: Int) -> (number: Int, head: Int) {
    let part = block * split.retrieval.count + retrieval
    return (fold.lead + part / split.places.count, part % split.places.count)
  }
}
