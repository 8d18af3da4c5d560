import Core

/// When requests may join a batch.
public enum Batching: String, CaseIterable, Sendable {
  /// At every step.
  case continuous
  /// Only a batch as a whole: those that wait when it is opened, read their prompts together, then decode
  /// until the last has left.
  case `static`

  public var descriptor: Descriptor {
    switch self {
    case .continuous:
      Descriptor(name: rawValue, summary: "requests join and leave at every step", source: "Orca (Yu et al., OSDI 2022), iteration-level scheduling")
    case .static:
      Descriptor(name: rawValue, summary: "a batch forms, reads all its prompts, decodes until its last request has left", source: "request-level scheduling as in FasterTransformer; the baseline of Orca")
    }
  }
}
