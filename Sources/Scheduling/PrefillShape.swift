import Core

/// How prompts are cut: by tokens, or by layers.
public enum PrefillShape: Equatable, Sendable {
  /// Into chunks of at most so many tokens; 0: as the token budget cuts them.
  case chunked(Int)
  /// Not at all. A prompt longer than a step's whole budget is read in pieces of what is left, for it can never fit.
  case whole
  /// A prompt goes through one of so many groups of layers in each step, while decodes go through all of them; 0: a group
  /// for each 512 tokens. Meanwhile no other prompt begins. What is longer than the budget is cut as `whole` cuts it.
  case layered(Int)
  /// Prompts have steps of their own, and decodes wait. When a request arrives that ranks before those that are read, the
  /// step ends with the operator that runs, and they go on from there when it is their turn again. Nobody plans ahead:
  /// decisions are taken when a request arrives and when a step has come to its end.
  case interruptible

  public static let members = [
    Descriptor(
      name: "chunked", summary: "prompts in chunks of what the token budget leaves, or of N tokens at most",
      source: "SARATHI (Agrawal et al., arXiv 2308.16369); vLLM --long-prefill-token-threshold",
      parameters: [Parameter("N", "tokens of a chunk at most; 0 leaves it to the budget", range: 0...1_048_576, standard: 0)]),
    Descriptor(
      name: "whole", summary: "a prompt is read in one step, or waits for a step with room for it",
      source: "Orca (Yu et al., OSDI 2022); vLLM --no-enable-chunked-prefill"),
    Descriptor(
      name: "layered", summary: "a prompt goes through one group of layers a step, decodes through all: experts are loaded once for it",
      source: "Lee et al., From Tokens to Layers (layered prefill), arXiv 2510.08055",
      parameters: [Parameter("G", "groups of layers; 0 takes one for each 512 tokens", range: 0...1_024, standard: 0)]),
    Descriptor(
      name: "operator", summary: "prompts alone and whole; whoever ranks before them interrupts them between two operators",
      source: "Hsieh et al., FlowPrefill, arXiv 2602.16603"),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "chunked": self = .chunked(choice.values[0])
    case "whole": self = .whole
    case "layered": self = .layered(choice.values[0])
    case "operator": self = .interruptible
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .chunked(let tokens): Choice(Self.members[0], [tokens])
    case .whole: Choice(Self.members[1], [])
    case .layered(let groups): Choice(Self.members[2], [groups])
    case .interruptible: Choice(Self.members[3], [])
    }
  }

  /// A prompt may be on its way through the layers from one step to the next.
  public var cutsLayers: Bool {
    switch self {
    case .chunked, .whole: false
    case .layered, .interruptible: true
    }
  }
}
