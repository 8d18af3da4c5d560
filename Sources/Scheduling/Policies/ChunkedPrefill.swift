import Core

/// Decodes never wait: prompts are read in the chunks that the token budget leaves.
public struct ChunkedPrefill: SchedulingPolicy {
  public static let descriptor = Descriptor(
    name: "chunked",
    summary: "every decode first, then prompt chunks into what is left of the token budget",
    source: "Sarathi-Serve (Agrawal et al., OSDI 2024), stall-free batching")

  public init() {}

  public var composition: StepComposition { .decodesFirst }
}
