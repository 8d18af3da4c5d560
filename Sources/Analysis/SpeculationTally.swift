/// How drafts fared.
public struct SpeculationTally: Equatable, Sendable {
  public private(set) var drafted = 0
  public private(set) var accepted = 0
  /// Times that a request had drafts verified.
  public private(set) var verifications = 0
  /// `[i]`: drafts of at least i + 1 tokens, and those of them whose token i stood.
  /// True of chains, where a token stands only if all before it do.
  private var reached: [Int] = []
  private var stood: [Int] = []

  public init() {}

  /// Of drafted tokens; nil when nothing was drafted.
  public var acceptanceRate: Double? { drafted == 0 ? nil : Double(accepted) / Double(drafted) }
  /// Accepted drafts each time, without the token that the model itself adds.
  public var acceptedPerVerify: Double? { verifications == 0 ? nil : Double(accepted) / Double(verifications) }

  /// `[i]`: of the drafts long enough to have a token i, the share in which it stood.
  /// For drafts of one length this is vLLM's acceptance per position.
  public var acceptanceByPosition: [Double] {
    zip(stood, reached).map { Double($0) / Double($1) }
  }

  mutating func add(drafted count: Int, accepted standing: Int) {
    drafted += count
    accepted += standing
    verifications += 1
    while reached.count < count {
      reached.append(0)
      stood.append(0)
    }
    for position in 0..<count {
      reached[position] += 1
      if position < standing { stood[position] += 1 }
    }
  }
}
