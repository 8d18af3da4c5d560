import Core

/// Positions at which several sequences, whose new tokens are single ones, have the same blocks.
public struct SharedSpan: Equatable, Sendable {
  public var positions: Range<Int>
  /// Numbers of the sequences' spans.
  public var spans: [Int]
  /// Shared spans that it lies in; they come before it, and it begins where the last of them ends.
  public var depth: Int

  public init(positions: Range<Int>, spans: [Int], depth: Int) {
    self.positions = positions
    self.spans = spans
    self.depth = depth
  }
}

/// Consecutive tokens of one sequence to compute: a prompt, a part of one, one token, or a few drafted ones.
///
/// ```
/// | in the cache already |  tokens  |
/// 0                    first        first + tokens.count ≤ table.count · tokensPerBlock + dropped
/// ```
public struct SequenceSpan: Equatable, Sendable {
  public var tokens: [TokenID]
  /// Position of the first token.
  public var first: Int
  /// Block of slots `[i · tokensPerBlock, …)`.
  public var table: [BlockID]
  /// For which of `tokens` logits are wanted.
  public var logits: Range<Int>
  /// Tokens before it are known and stay; where it is nil, those before `first` are. Of drafts that may fall it is the first.
  public var begin: Int?
  /// One token after a computed context, whose attention may leave keys out; parts of prompts are no decodes.
  public var isDecode: Bool
  /// Of the tokens in the cache, those whose keys and values were given up: position p lies in slot p − dropped.
  public var dropped: Int
  /// How the table is folded where heads keep different tokens.
  public var folded: FoldedTable?
  /// Where keys and values of the first tokens go besides: to sequences that begin alike and branch off within the pass.
  public var copies: [Copy] = []

  public struct Copy: Equatable, Sendable {
    /// So many of the first tokens.
    public var count: Int
    /// Into the same slots of these blocks.
    public var table: [BlockID]
  }

  public init(tokens: [TokenID], first: Int, table: [BlockID], logits: Range<Int>, isDecode: Bool = false, dropped: Int = 0) {
    self.isDecode = isDecode
    self.dropped = dropped
    self.tokens = tokens
    self.first = first
    self.table = table
    self.logits = logits
  }
}
