import Core

/// Reads whole prompts before anyone decodes.
///
/// Kind to the time to first token, unkind to the time between tokens: each
/// arrival stalls every decode for as long as its prompt takes.
public struct PrefillFirst: SchedulingPolicy {
  public static let descriptor = Descriptor(
    name: "prefill-first",
    summary: "whole prompts alone as soon as they fit; decodes wait",
    source: "Orca (Yu et al., OSDI 2022); vLLM before chunked prefill (Kwon et al., SOSP 2023)")

  public init() {}

  public var composition: StepComposition { .promptsAlone }
}
