import Core

/// Which GPUs do what.
public enum Placement: Equatable, Sendable {
  /// Every instance reads prompts and decodes.
  case colocated
  /// So many instances read prompts, and so many decode what those have read.
  case disaggregated(prefill: Int, decode: Int)

  public static let members = [
    Descriptor(
      name: "colocated", summary: "every instance reads prompts and decodes", source: "Orca (Yu et al., OSDI 2022); vLLM"),
    Descriptor(
      name: "disaggregated", summary: "P instances read prompts, D decode; keys and values move between them over the kv-link",
      source: "DistServe (Zhong et al., OSDI 2024); Splitwise (Patel et al., ISCA 2024)",
      parameters: [
        Parameter("P", "instances that read prompts", range: 1...64, standard: 1),
        Parameter("D", "instances that decode", range: 1...64, standard: 1),
      ], separator: "x"),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "colocated": self = .colocated
    case "disaggregated": self = .disaggregated(prefill: choice.values[0], decode: choice.values[1])
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .colocated: Choice(Self.members[0], [])
    case .disaggregated(let prefill, let decode): Choice(Self.members[1], [prefill, decode])
    }
  }
}
