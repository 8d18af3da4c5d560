public import Core

/// Several guesses for a position where the drafter is not sure, one where it is: a tree as likely to hold the text as one of
/// so many tokens can be, by what the drafter says itself.
///
/// It grows level by level. A token's worth is that of the one it follows times its own likelihood; of all guesses so far the
/// worthiest stay, as many as may be drafted, and the drafter reads those of them that it has not read. One pass of the target
/// verifies all, each seeing the text and those that it follows.
public struct DraftTree: Drafter {
  public static let descriptor = Descriptor(
    name: "tree", summary: "a tree of guesses by the draft model, or by the target's own first layers; --draft-tokens counts all of it",
    source: "DySpec (Xiong et al., arXiv 2410.11744); verdicts as in SpecInfer (Miao et al., ASPLOS 2024, arXiv 2305.09781)",
    parameters: [Parameter("layers", "of the target that draft; 0: the model of --draft-model drafts", range: 0...256, standard: 0)])

  public var layers: Int

  public init(layers: Int = 0) { self.layers = layers }

  public var isTree: Bool { true }
  public var means: DraftMeans { layers == 0 ? .smallModel : .ownLayers(first: layers, last: 0) }
  public mutating func propose(after request: Request, limit: Int) -> [TokenID] { [] }
}
