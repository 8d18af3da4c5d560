/// Which keys a step's attention leaves out, where it does not read whole contexts. Nothing is lost of the cache.
public enum SparseAttention: Equatable, Sendable {
  /// Each decode reads the first page, the last, and `count` of those between: whose keys' bounds allow the largest score.
  case pages(count: Int, tokensPerPage: Int)
  /// Each decode reads one token in `tokens`: those that score most by one channel in `channels`.
  case labels(tokens: Int, channels: Int)
  /// Each tile of a prompt reads `blocks` blocks at most of what comes before it.
  case patterns(blocks: Int, tokensPerBlock: Int)

  /// It is decodes that read less, not prompts.
  public var isOfDecodes: Bool { if case .patterns = self { false } else { true } }

  /// One channel in so many is a label.
  public var labelDivisor: Int { if case .labels(_, let channels) = self { channels } else { 1 } }

  /// Numbers kept beside each block for choosing by: its keys' bounds, or the labels of its keys.
  ///
  /// - Parameter keyNumbers: Of the keys of one token, in all layers and heads.
  public func notesPerBlock(keyNumbers: Int, headWidth: Int, tokensPerBlock: Int) -> Int {
    switch self {
    case .pages: 2 * keyNumbers
    case .labels(_, let channels): keyNumbers / headWidth * max(1, headWidth / channels) * tokensPerBlock
    case .patterns: 0
    }
  }

  /// Keys that a decode reads at the end of `context` ones, its own included.
  public func kept(of context: Int) -> Int {
    switch self {
    case .pages(let count, let size):
      let pages = (context + size - 1) / size
      return pages <= count + 2 ? context : context - (pages - count - 2) * size
    case .labels(let tokens, _): return (context + tokens - 1) / tokens
    case .patterns: return context
    }
  }
}
