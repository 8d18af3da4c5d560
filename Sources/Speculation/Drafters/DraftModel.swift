public import Core

/// A smaller model of the same vocabulary writes ahead, and the large one corrects it.
public struct DraftModel: Drafter {
  public static let descriptor = Descriptor(
    name: "draft-model", summary: "a smaller model beside the target, of --draft-model",
    source: "Leviathan et al., ICML 2023, arXiv 2211.17192; Chen et al., arXiv 2302.01318")

  public init() {}
  public var means: DraftMeans { .smallModel }
  public mutating func propose(after request: Request, limit: Int) -> [TokenID] { [] }
}
