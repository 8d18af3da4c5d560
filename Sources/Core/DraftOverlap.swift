/// Whether drafts are made while the ones before them are verified, and where.
///
/// ```
/// off             │ verify   │ draft │ verify   │ draft │
/// pearl, duo…     │ verify A │ verify B │ verify C │        drafts A stand whole, so B were not made in vain
///                 │ draft B  │ draft C  │ draft D  │
/// ```
///
/// Drafts that are made meanwhile go on from drafts of which nobody knows yet whether they stand, and their first guesses the
/// token that the model says itself. If all stand and that guess is right, the others are verified next; else they were made
/// in vain, and the request has a step without drafts. So its drafts are as long as it is easy.
public enum DraftOverlap: Equatable, Sendable {
  case off
  /// The draft model has a GPU of the same kind to itself. A step ends when both have ended.
  case pearl
  /// The draft model runs on the host's cores, so fast: tokens a second of one after the other, and of a prompt that it reads.
  /// As many are drafted as the cores manage while the GPU verifies, so that nobody waits; a prompt that they have not read
  /// comes first.
  case duodecoding(drafting: Int, reading: Int)

  private static let rate = 0...10_000_000
  public static let members = [
    Descriptor(name: "off", summary: "one after the other, on the same GPUs", source: "Leviathan et al., ICML 2023, arXiv 2211.17192"),
    Descriptor(
      name: "pearl", summary: "a GPU of its own drafts on while drafts are verified; what follows a draft that fell was in vain",
      source: "PEARL (Liu et al., ICLR 2025, arXiv 2408.11850)"),
    Descriptor(
      name: "duodecoding", summary: "the same on the host's cores, at a speed that you state; as many as fit into a verification",
      source: "DuoDecoding (Lv et al., arXiv 2503.00784)",
      parameters: [
        Parameter("drafting", "tokens that the cores draft a second, all requests together", range: rate, standard: 0),
        Parameter("reading", "tokens of prompts that they read a second", range: rate, standard: 0),
      ]),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "off": self = .off
    case "pearl": self = .pearl
    case "duodecoding": self = .duodecoding(drafting: choice.values[0], reading: choice.values[1])
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .off: Choice(Self.members[0], [])
    case .pearl: Choice(Self.members[1], [])
    case .duodecoding(let drafting, let reading): Choice(Self.members[2], [drafting, reading])
    }
  }

  /// What is missing of the choice; nil when nothing is.
  public var fault: String? {
    guard case .duodecoding(let drafting, let reading) = self, drafting == 0 || reading == 0 else { return nil }
    return "how fast the cores are is for you to state: duodecoding:DRAFTING:READING, tokens a second of the draft model on them (`workbench run --device cpu --model FILE` measures it)"
  }
}
