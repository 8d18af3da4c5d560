import Core

/// How drafts fared by kind of request: the length of each, and how much of it stood.
public struct AcceptanceTally: Equatable, Sendable {
  /// `[label][n][m]`: verifications in which n tokens were drafted and m of them stood; decodes without a draft are `[0][0]`.
  public private(set) var counts: [[[Int]]]

  /// - Parameter labels: Of the trace.
  public init(labels: Int) { counts = Array(repeating: [], count: labels) }

  public mutating func fold(_ batch: Batch, _ outcome: BatchOutcome) {
    for (slot, result) in zip(batch.slots, outcome.slots) where slot.isDecode && slot.samples && !slot.draftsArePadding {
      let label = Int(slot.label)
      while counts[label].count <= Int(slot.drafts) { counts[label].append([Int](repeating: 0, count: counts[label].count + 1)) }
      counts[label][Int(slot.drafts)][Int(result.accepted)] += 1
    }
  }

  /// Of one label.
  public subscript(label: Int) -> Curve { Curve(counts: counts[label]) }

  public struct Curve: Equatable, Sendable {
    public var counts: [[Int]]

    public var decodes: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }
    public var drafted: Int { counts.enumerated().reduce(0) { $0 + $1.offset * $1.element.reduce(0, +) } }
    public var accepted: Int { counts.reduce(0) { $0 + $1.enumerated().reduce(0) { $0 + $1.offset * $1.element } } }
    /// Of drafted tokens; nil when nothing was drafted.
    public var rate: Double? { drafted > 0 ? Double(accepted) / Double(drafted) : nil }
    /// Tokens that a step gives on average; nil without a step.
    public var tokensPerStep: Double? { decodes > 0 ? 1 + Double(accepted) / Double(decodes) : nil }
    /// Share of steps that had a draft.
    public var draftedShare: Double? {
      decodes > 0 ? 1 - Double(counts.first?.first ?? 0) / Double(decodes) : nil
    }
    /// `[i]`: of the drafts with a token i, the share in which it stood with all before it; nil where there is none.
    public var byPosition: [Double?] {
      guard counts.count > 1 else { return [] }
      return (1..<counts.count).map { length in
        let long = counts[length...]
        let reached = long.reduce(0) { $0 + $1.reduce(0, +) }
        return reached > 0 ? Double(long.reduce(0) { $0 + $1[length...].reduce(0, +) }) / Double(reached) : nil
      }
    }
  }
}
