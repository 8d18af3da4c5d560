public import Core

/// Finds the last few tokens earlier in the text, and proposes what followed them there.
///
/// ```
/// … the quick brown fox … the quick      longest = 2
///           ╰ proposed ╯  ╰ found ╯
/// ```
///
/// Of the places where the longest sequence stands the first is taken, as vLLM's n-gram proposer does.
public struct PromptLookup: Drafter {
  public static let descriptor = Descriptor(
    name: "prompt-lookup", summary: "what followed the last n tokens where they stood before",
    source: "Saxena 2023, Prompt Lookup Decoding; vLLM --speculative-config method ngram",
    parameters: [
      Parameter("longest", "tokens that are looked up at most", range: 1...64, standard: 4),
      Parameter("shortest", "and at least", range: 1...64, standard: 2),
    ])

  public var longest: Int
  public var shortest: Int

  public init(longest: Int = 4, shortest: Int = 2) {
    self.longest = max(longest, shortest)
    self.shortest = shortest
  }

  public mutating func propose(after request: Request, limit: Int) -> [TokenID] {
    let text = request.knownTokens
    var best = (length: shortest - 1, end: 0)
    // Ends of earlier places, the first first; one token must follow.
    for end in shortest..<max(shortest, text.count) {
      let length = text.commonSuffix(endingAt: end, atMost: longest)
      if length > best.length { best = (length, end) }
      if length == longest { break }
    }
    guard best.end > 0 else { return [] }
    return Array(text[best.end..<min(text.count, best.end + limit)])
  }
}

extension Request {
  /// Prompt and output in one piece.
  var knownTokens: [TokenID] {
    var tokens: [TokenID] = []
    tokens.reserveCapacity(known)
    forEachToken(in: 0..<known) { tokens.append($0) }
    return tokens
  }
}

extension [TokenID] {
  /// How many tokens before `end` are those before the end of all, at most `limit`.
  func commonSuffix(endingAt end: Int, atMost limit: Int) -> Int {
    var length = 0
    while length < limit, length < end, self[end - 1 - length] == self[count - 1 - length] { length += 1 }
    return length
  }
}
