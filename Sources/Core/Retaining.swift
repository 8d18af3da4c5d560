/// What a step does for the retention of keys and values besides computing: who gives up how much before it, and which
/// queries are watched in it.
public struct Retaining: Equatable, Sendable {
  /// The member of `--retain` that chooses, with its numbers.
  public var policy: Choice
  /// Tokens at the beginning of every prompt that are never given up.
  public var protected: Int
  /// Whose attention the policy wants to see.
  public var watch: AttentionWatch
  /// In order; each stands for a request that decodes in the step.
  public var compactions: [Compaction] = []
  /// Everybody whose keys and values are in memory; what was seen of others is of no use any more.
  public var running: [RequestID] = []
  /// Those of the step whose heads keep different tokens, as their tables are when everything above was given up. Sorted by
  /// request.
  public var folded: [Folded] = []

  public init(policy: Choice, protected: Int, watch: AttentionWatch) {
    self.policy = policy
    self.protected = protected
    self.watch = watch
  }
}

/// Whose attention must be seen by those who choose what stays.
public enum AttentionWatch: Hashable, Sendable {
  /// Nobody's: positions say it.
  case nobody
  /// That of every query, in the step that computes it: the keys are read once more.
  case everyQuery
  /// That of so many of the last queries (of the prompt alone, or of the text) when something is given up: they are kept
  /// until then, and the keys are read once more then.
  case lastQueries(Int, ofPrompt: Bool)
}

/// A request gives up keys and values.
///
/// ```
/// before  | 0 … slots                          | in the blocks of `source`
/// after   | 0 … kept |                           in the blocks of `target`
/// ```
///
/// The token at position p lies in slot p − (tokens given up so far); keys carry their angles, so attention needs no
/// positions, and which of the tokens before lie in which slot may differ from head to head.
public struct Compaction: Equatable, Sendable {
  public var request: RequestID
  /// Positions computed before the step.
  public var computed: Int
  public var promptCount: Int
  /// Slots with a token, before and after.
  public var slots: Int
  public var kept: Int
  /// The table before and after. Blocks that are the request's own stay in place; in place of others it has fresh ones.
  public var source: [BlockID]
  public var target: [BlockID]
  /// Numbers of the blocks of `source` that were cut out whole; nothing was moved then. Nil: what stays was chosen.
  public var cut: Range<Int>?
  /// How the table is folded afterwards, where streaming heads gave up blocks; nothing else was moved then.
  public var fold: HeadFold?
  /// Blocks that were folded before.
  public var foldedBefore = 0
  /// Positions that had been cut out whole before, when nothing else had been given up.
  public var gap: Range<Int>
  /// Slots whose keys and values are copied, at most: all of those whose block was replaced, and of the others as many as fill
  /// the holes that are left.
  public var moved = 0
  /// Blocks that went back to the pool, those that nobody else held.
  public var freed: Int

  public init(
    request: RequestID, computed: Int, promptCount: Int, slots: Int, kept: Int, source: [BlockID], target: [BlockID],
    cut: Range<Int>? = nil, gap: Range<Int> = 0..<0, freed: Int
  ) {
    self.request = request
    self.computed = computed
    self.promptCount = promptCount
    self.slots = slots
    self.kept = kept
    self.source = source
    self.target = target
    self.cut = cut
    self.gap = gap
    self.freed = freed
  }
}

/// Which tokens of a request still have keys and values.
public struct KeptTokens: Equatable, Sendable {
  /// Positions computed so far.
  public var computed: Int
  public var layers: Int
  public var kvHeads: Int
  /// Ascending positions: one list that all layers and heads have in common, or one for each, `[layers · kvHeads]`.
  public var positions: [[Int32]]

  public init(computed: Int, layers: Int, kvHeads: Int, positions: [[Int32]]) {
    self.computed = computed
    self.layers = layers
    self.kvHeads = kvHeads
    self.positions = positions
  }

  public func positions(layer: Int, kvHead: Int) -> [Int32] {
    positions.count == 1 ? positions[0] : positions[layer * kvHeads + kvHead]
  }

  /// The part of the heads that still have the token at each position, `[computed]`, 0...1.
  public var shares: [Double] {
    var counts = [Int](repeating: 0, count: computed)
    for list in positions { for position in list where Int(position) < computed { counts[Int(position)] += 1 } }
    return counts.map { Double($0) / Double(max(1, positions.count)) }
  }
}
