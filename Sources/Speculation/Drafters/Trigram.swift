public import Core

/// Learns which token follows which two from all that it reads and writes, and proposes the most frequent.
///
/// One table serves all requests, so what one was answered helps the next. Of each pair four followers are kept; when
/// counts grow large all are halved, so that the table follows the text of today. A pair that was never seen ends a draft.
public struct Trigram: Drafter {
  public static let descriptor = Descriptor(
    name: "trigram", summary: "the token that most often followed the last two, learnt while serving",
    source: "ADED (Liu et al., NeurIPS 2024, arXiv 2407.12021), a chain in place of its tree")

  /// Pairs that are kept at most; afterwards no new ones are learnt.
  public static let pairs = 1 << 18

  private struct Followers {
    var tokens: [TokenID] = []
    var counts: [UInt8] = []

    mutating func add(_ token: TokenID) {
      guard let place = tokens.firstIndex(of: token) else {
        if tokens.count < 4 {
          tokens.append(token)
          counts.append(1)
        } else if let least = counts.indices.min(by: { counts[$0] < counts[$1] }) {
          (tokens[least], counts[least]) = (token, 1)
        }
        return
      }
      counts[place] += 1
      if counts[place] == 255 { for index in counts.indices { counts[index] /= 2 } }
    }

    /// The most frequent, the earlier learnt of two; and its share.
    var best: (token: TokenID, share: Float)? {
      var best = 0
      for index in counts.indices where counts[index] > counts[best] { best = index }
      guard !tokens.isEmpty else { return nil }
      return (tokens[best], Float(counts[best]) / Float(Swift.max(1, counts.reduce(0) { $0 + Int($1) })))
    }
  }

  /// Looked up, never walked.
  private var table: [UInt64: Followers] = [:]

  public init() {}

  private static func key(_ first: TokenID, _ second: TokenID) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }

  public mutating func propose(after request: Request, limit: Int) -> [TokenID] { draft(after: request, limit: limit).tokens }

  public mutating func draft(after request: Request, limit: Int) -> Draft {
    var draft = Draft(request: request.id, tokens: [])
    guard request.known >= 2 else { return draft }
    var last: [TokenID] = []
    request.forEachToken(in: request.known - 2..<request.known) { last.append($0) }
    while draft.tokens.count < limit, let (token, share) = table[Self.key(last[0], last[1])]?.best {
      draft.tokens.append(token)
      draft.confidence.append(share)
      last = [last[1], token]
    }
    return draft
  }

  public mutating func observe(_ request: Request, from position: Int) {
    var last: [TokenID] = []
    request.forEachToken(in: max(0, position - 2)..<request.known) { token in
      if last.count == 2 {
        let key = Self.key(last[0], last[1])
        if table.count < Self.pairs || table[key] != nil { table[key, default: Followers()].add(token) }
        last[0] = last[1]
        last[1] = token
      } else {
        last.append(token)
      }
    }
  }
}
