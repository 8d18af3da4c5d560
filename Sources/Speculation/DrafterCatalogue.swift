public import Core

/// The drafters that can be chosen. Adding one is a file and a line here.
public enum DrafterCatalogue {
  public struct Member: Sendable {
    public let descriptor: Descriptor
    let make: @Sendable ([Int]) -> any Drafter
  }

  public static let members: [Member] = [
    Member(descriptor: NoSpeculation.descriptor) { _ in NoSpeculation() },
    Member(descriptor: PromptLookup.descriptor) { PromptLookup(longest: $0[0], shortest: $0[1]) },
    Member(descriptor: SuffixMatch.descriptor) { SuffixMatch(shortest: $0[0]) },
    Member(descriptor: Trigram.descriptor) { _ in Trigram() },
    Member(descriptor: DraftModel.descriptor) { _ in DraftModel() },
    Member(descriptor: EarlyExit.descriptor) { EarlyExit(first: $0[0], last: $0[1]) },
    Member(descriptor: QuantisedSelf.descriptor) { _ in QuantisedSelf() },
    Member(descriptor: DraftTree.descriptor) { DraftTree(layers: $0[0]) },
  ]

  public static func drafter(_ choice: Choice) -> (any Drafter)? {
    members.first { $0.descriptor.name == choice.name }?.make(choice.values)
  }
}
