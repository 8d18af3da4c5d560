import Core

/// Instances that read prompts, and others that decode what those have read.
public struct Disaggregation: Equatable, Sendable {
  public var prefill: Int
  public var decode: Int

  public static let descriptor = Descriptor(
    name: "disaggregated", summary: "P instances read prompts, D decode; keys and values move between them over the kv-link",
    source: "DistServe (Zhong et al., OSDI 2024); Splitwise (Patel et al., ISCA 2024)",
    parameters: [
      Parameter("P", "instances that read prompts", range: 1...64, standard: 1),
      Parameter("D", "instances that decode", range: 1...64, standard: 1),
    ], separator: "x")

  init(prefill: Int, decode: Int) {
    self.prefill = prefill
    self.decode = decode
  }

  public init?(_ choice: Choice) {
    guard choice.name == Self.descriptor.name else { return nil }
    self.init(prefill: choice.values[0], decode: choice.values[1])
  }

  public var choice: Choice { Choice(Self.descriptor, [prefill, decode]) }
}
