public import Core

/// Finds the longest end of the text that stood before, however long, and copies on from there.
///
/// A match is trusted as far as it is long: n equal tokens propose n at most. Of equally long matches the latest is taken.
/// O(text) for each proposal.
public struct SuffixMatch: Drafter {
  public static let descriptor = Descriptor(
    name: "suffix", summary: "the longest end of the text that stood before is copied on",
    source: "CopySpec (Dumitru et al., arXiv 2502.08923); length by match as in SuffixDecoding (Oliaro et al., arXiv 2411.04975)",
    parameters: [Parameter("shortest", "tokens of a match at least", range: 1...64, standard: 3)])

  public var shortest: Int

  public init(shortest: Int = 3) { self.shortest = shortest }

  public mutating func propose(after request: Request, limit: Int) -> [TokenID] {
    let text = request.knownTokens
    var best = (length: shortest - 1, end: 0)
    for end in stride(from: text.count - 1, to: 0, by: -1) where end > best.length {
      let length = text.commonSuffix(endingAt: end, atMost: end)
      if length > best.length { best = (length, end) }
    }
    guard best.end > 0 else { return [] }
    return Array(text[best.end..<Swift.min(text.count, best.end + Swift.min(limit, best.length))])
  }
}
