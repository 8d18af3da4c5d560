public import Core

/// How many tokens are drafted.
public enum DraftLength: Equatable, Sendable, CustomStringConvertible {
  /// The same for every request in every step.
  case fixed(Int)
  /// For each request by how its drafts fared: up to `most`.
  case adaptive(most: Int)
  /// Up to `most` for each; over the whole batch the `budget` most promising are verified.
  case batch(most: Int, budget: Int)

  /// Tokens that a request may draft.
  public static let range = 1...16
  public static let standard = DraftLength.fixed(4)

  private static let most = Parameter("most", "drafts of a request at most", range: range, standard: 8)
  public static let members = [
    Descriptor(
      name: "fixed", summary: "the same number for every request; the number alone says it too", source: "Leviathan et al., ICML 2023, arXiv 2211.17192",
      parameters: [Parameter("tokens", "drafts of a request", range: range, standard: 4)]),
    Descriptor(
      name: "adaptive", summary: "two more where all drafts stood, one fewer where not",
      source: "the heuristic schedule of assisted generation (Gante 2023, Hugging Face transformers)", parameters: [most]),
    Descriptor(
      name: "batch", summary: "the most promising drafts of the whole batch, within a budget for each step",
      source: "TETRIS (Wu et al., arXiv 2502.15197)",
      parameters: [most, Parameter("budget", "drafts verified in a step, all requests together", range: 1...65_536, standard: 32)]),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "adaptive": self = .adaptive(most: choice.values[0])
    case "batch": self = .batch(most: choice.values[0], budget: choice.values[1])
    case "fixed": self = .fixed(choice.values[0])
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .fixed(let number): Choice(Self.members[0], [number])
    case .adaptive(let most): Choice(Self.members[1], [most])
    case .batch(let most, let budget): Choice(Self.members[2], [most, budget])
    }
  }

  /// `4`, `adaptive`, `batch:4:12`
  public var description: String {
    if case .fixed(let number) = self { String(number) } else { choice.description }
  }

  /// Drafts that a step may verify for one request.
  public var most: Int {
    switch self {
    case .fixed(let number): number
    case .adaptive(let most), .batch(let most, _): most
    }
  }
}
