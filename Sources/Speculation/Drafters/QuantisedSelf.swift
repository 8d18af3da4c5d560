public import Core

/// The target drafts for itself, all of it, with its keys and values in four bits.
///
/// At long contexts a step reads keys and values more than weights, so a draft that reads a quarter of them costs less, and as
/// everything else is the same nearly all of it stands. The four bits are a copy beside the cache (in the paper they are the
/// upper half of its eight). On a modelled GPU that is what drafts cost; on the cpu, where short contexts and products rule,
/// they cost as much as the text, and what is learnt is how many stand.
public struct QuantisedSelf: Drafter {
  public static let descriptor = Descriptor(
    name: "quantised-self", summary: "the target itself with a four-bit copy of its keys and values",
    source: "QuantSpec (Tiwari et al., arXiv 2502.10424), its cache without its four-bit weights")

  public init() {}
  public var means: DraftMeans { .ownCache }
  public mutating func propose(after request: Request, limit: Int) -> [TokenID] { [] }
}
