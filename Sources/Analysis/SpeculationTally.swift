/// How drafts fared.
public struct SpeculationTally: Equatable, Sendable {
  public private(set) var drafted = 0
  public private(set) var accepted = 0
  /// Times that a request had drafts verified.
  public private(set) var verifications = 0
  /// `[n]`: verifications of exactly n drafts.
  private var byLength: [Int] = []
  /// `[n]`: verifications in which exactly n drafts stood; as long as the longest draft and one more.
  public private(set) var verificationsByAccepted: [Int] = []

  public init() {}

  /// Of drafted tokens; nil when nothing was drafted.
  public var acceptanceRate: Double? { drafted == 0 ? nil : Double(accepted) / Double(drafted) }
  /// Accepted drafts each time, without the token that the model itself adds.
  public var acceptedPerVerify: Double? { verifications == 0 ? nil : Double(accepted) / Double(verifications) }

  /// Where the acceptance rate lies with 95 % certainty if drafts were independent (Wilson 1927); nil when nothing was drafted.
  public var interval: ClosedRange<Double>? {
    guard let rate = acceptanceRate else { return nil }
    let (count, z) = (Double(drafted), 1.96)
    let centre = rate + z * z / (2 * count)
    let spread = z * (rate * (1 - rate) / count + z * z / (4 * count * count)).squareRoot()
    return max(0, (centre - spread) / (1 + z * z / count))...min(1, (centre + spread) / (1 + z * z / count))
  }

  /// `[i]`: of the drafts long enough to have a token i, the share in which it stood.
  /// True of chains, where a token stands only if all before it do. For drafts of
  /// one length this is vLLM's acceptance per position.
  public var acceptanceByPosition: [Double] {
    guard byLength.count > 1 else { return [] }
    return (1..<byLength.count).map { length in
      let reached = byLength[length...].reduce(0, +)
      let stood = verificationsByAccepted[length...].reduce(0, +)
      return Double(stood) / Double(reached)
    }
  }

  public mutating func add(drafted count: Int, accepted standing: Int) {
    drafted += count
    accepted += standing
    verifications += 1
    while byLength.count <= count {
      byLength.append(0)
      verificationsByAccepted.append(0)
    }
    byLength[count] += 1
    verificationsByAccepted[standing] += 1
  }
}
