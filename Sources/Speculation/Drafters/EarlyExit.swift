public import Core

/// The target drafts for itself with a part of its layers: the first, and if asked for the last, then its head.
///
/// Needs no second model and no memory of its own: its keys and values are the target's, and those of drafts lie where the
/// verification writes the true ones over them. Without training for it few of such guesses stand.
public struct EarlyExit: Drafter {
  public static let descriptor = Descriptor(
    name: "early-exit", summary: "the target's own first layers and its head; the last layers too if asked for",
    source: "LayerSkip (Elhoushi et al., arXiv 2404.16710); skipped middle layers as in S3D (Zhong & Bharadwaj, arXiv 2405.20314), untrained",
    parameters: [
      Parameter("first", "layers from the first on; 0 is half of them", range: 0...256, standard: 0),
      Parameter("last", "layers up to the last", range: 0...256, standard: 0),
    ])

  public var first: Int
  public var last: Int

  public init(first: Int = 0, last: Int = 0) {
    self.first = first
    self.last = last
  }

  public var means: DraftMeans { .ownLayers(first: first, last: last) }
  public mutating func propose(after request: Request, limit: Int) -> [TokenID] { [] }
}
