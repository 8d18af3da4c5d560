import Core

/// Says which drafts stand where no model is there to say it: by rates that somebody typed, or by a profile that was
/// measured on a real model. There is no default: without a source nothing can be said.
///
/// Each verification is a draw by seed, request and position alone: a drafted length, and how many of such a draft stood.
/// Draws are independent; that a hard passage follows another is not in it.
public struct Acceptance: Equatable, Sendable {
  /// Requests of one kind of text.
  public struct Kind: Equatable, Sendable {
    /// The label of the trace whose requests these are; "" for all others.
    public var label: String
    /// `[n][m]`: times that n tokens were drafted and m of them stood. Counts or parts; what matters is their ratio.
    public var counts: [[Double]]
    /// Of drafts that branch, how many tokens are one, two, … behind the text, on average; empty of those that do not, and where
    /// it follows from how many there are.
    public var levels: [Double] = []

    public init(label: String, counts: [[Double]], levels: [Double] = []) {
      self.label = label
      self.counts = counts
      self.levels = levels
    }

    /// The longest draft there is.
    public var most: Int { counts.count - 1 }
    var total: Double { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// `[i]`: of the drafts that have a token i, the part in which it stood with all before it.
    public var rates: [Double?] {
      (0..<most).map { position in
        let long = counts[(position + 1)...]
        let reached = long.reduce(0) { $0 + $1.reduce(0, +) }
        return reached > 0 ? long.reduce(0) { $0 + $1[(position + 1)...].reduce(0, +) } / reached : nil
      }
    }

    /// Tokens that a verification of `drafts` gives on average, the model's own included; nil where such drafts are not known.
    public func expectedTokens(drafts: Int) -> Double? {
      guard drafts <= most, total > 0 else { return nil }
      var sum = 0.0
      for row in counts { for (stood, count) in row.enumerated() { sum += count * Double(1 + min(stood, drafts)) } }
      return sum / total
    }
  }

  /// One line: what the screen says of it.
  public var source: String
  /// The first is for requests of no other.
  public var kinds: [Kind]
  public var seed: UInt64
  /// Typed: of each position the shares in which the first, the second, … guess for it is the token, where all before it stood.
  /// Then `counts[n]` is of the tree of n tokens that is likeliest by them. Nil of everything else.
  public private(set) var ranks: [[Double]]?
  /// Of each label of the trace, the kind.
  private var kindOfLabel: [Int] = []

  public init(source: String, kinds: [Kind], seed: UInt64 = 0) {
    require(!kinds.isEmpty, "an acceptance of no requests")
    self.source = source
    self.kinds = kinds
    self.seed = seed
  }

  /// `[0]` is the share of drafts whose first token stands, `[1]` those whose first two do, and so on; not rising.
  public init(rates: [Double], seed: UInt64 = 0) {
    var row = [Double](repeating: 0, count: rates.count + 1)
    for stood in 0...rates.count {
      row[stood] = (stood == 0 ? 1 : rates[stood - 1]) - (stood == rates.count ? 0 : rates[stood])
    }
    var counts = (0..<rates.count).map { [Double](repeating: 0, count: $0 + 1) }
    counts.append(row)
    self.init(
      source: "typed rates " + rates.map { "\($0)" }.joined(separator: ", "), kinds: [Kind(label: "", counts: counts)], seed: seed)
  }

  /// Of trees of at most 16 tokens.
  public init(ranks: [[Double]], seed: UInt64 = 0) {
    var counts: [[Double]] = [[1]]
    for tokens in 1...16 {
      let (tree, likelihoods) = Self.tree(ranks, tokens: tokens)
      if likelihoods.count < tokens { break }
      // `[m]`: the likelihood that m or more stand.
      var reached = [1] + [Double](repeating: 0, count: tokens + 1)
      for (depth, likelihood) in zip(tree.depths, likelihoods) { reached[depth] += likelihood }
      counts.append((0...tokens).map { reached[$0] - reached[$0 + 1] })
    }
    self.init(
      source: "typed ranks " + ranks.map { $0.map { "\($0)" }.joined(separator: "+") }.joined(separator: ", "),
      kinds: [Kind(label: "", counts: counts)], seed: seed)
    self.ranks = ranks
  }

  /// The likeliest tree of so many tokens, or of as many as ranks speak of, and how likely each token stands.
  static func tree(_ ranks: [[Double]], tokens: Int) -> (tree: TokenTree, likelihoods: [Double]) {
    var parents: [Int16] = []
    var likelihoods: [Double] = []
    var depths: [Int] = []
    // Of each token, −1 for the text, how many guesses follow it.
    var followers = [0]
    while parents.count < tokens {
      var best: (likelihood: Double, parent: Int)?
      for parent in -1..<parents.count {
        let depth = parent < 0 ? 0 : depths[parent]
        guard depth < ranks.count, followers[parent + 1] < ranks[depth].count else { continue }
        let likelihood = (parent < 0 ? 1 : likelihoods[parent]) * ranks[depth][followers[parent + 1]]
        if likelihood > best?.likelihood ?? -1 { best = (likelihood, parent) }
      }
      guard let best else { break }
      followers[best.parent + 1] += 1
      followers.append(0)
      parents.append(Int16(best.parent))
      depths.append(best.parent < 0 ? 1 : depths[best.parent] + 1)
      likelihoods.append(best.likelihood)
    }
    return (TokenTree(parents: parents), likelihoods)
  }

  /// It says how trees fare, and nothing of drafts that do not branch.
  public var isOfTrees: Bool { ranks != nil || kinds[0].levels.count > 0 }

  /// Drafts of a request that it can judge.
  public var most: Int { kinds.reduce(Int.max) { min($0, $1.most) } }

  /// Requests with a label that is a kind's name are of that kind.
  public mutating func match(labels: [String]) {
    kindOfLabel = labels.map { label in label.isEmpty ? 0 : kinds.firstIndex { $0.label == label } ?? 0 }
  }

  public func kind(ofLabel label: UInt16) -> Kind {
    kinds[Int(label) < kindOfLabel.count ? kindOfLabel[Int(label)] : 0]
  }

  /// How long the draft after `outputs` tokens of a request is, and how much of it would stand.
  ///
  /// - Parameter limit: Tokens that may be drafted; the draft may be longer, and then it is cut: what stands of a tree that is cut
  ///   is only known where ranks were typed.
  func draw(_ request: RequestID, outputs: Int, label: UInt16, limit: Int) -> (drafts: Int, stand: Int) {
    let kind = kind(ofLabel: label)
    var digest = Digest()
    digest.fold(seed)
    digest.fold("acceptance")
    digest.fold(UInt64(UInt32(bitPattern: request.number)) << 32 | UInt64(outputs))
    let fraction = Double(Digest.mix(digest.value) >> 11) * 0x1p-53
    if ranks != nil {
      var rest = fraction
      let row = kind.counts[min(limit, kind.most)]
      return (row.count - 1, row.firstIndex { likelihood in rest -= likelihood; return rest < 0 } ?? 0)
    }
    var rest = fraction * kind.total
    for (drafts, row) in kind.counts.enumerated() {
      for (stand, count) in row.enumerated() {
        rest -= count
        if rest < 0 { return (drafts, stand) }
      }
    }
    return (kind.most, 0)
  }

  /// What is drafted of a request that may have `limit` tokens; nil for nothing.
  func draft(_ request: Request, limit: Int) -> Draft? {
    let count = min(limit, draw(request.id, outputs: request.output.count, label: request.label, limit: limit).drafts)
    guard count > 0 else { return nil }
    var draft = Draft(request: request.id, tokens: [TokenID](repeating: 0, count: count))
    if let ranks {
      let (tree, likelihoods) = Self.tree(ranks, tokens: count)
      draft.tree = tree
      draft.confidence = zip(tree.parents, likelihoods).map { Float($0 < 0 ? $1 : $1 / likelihoods[Int($0)]) }
    } else if isOfTrees {
      draft.tree = TokenTree()
    }
    return draft
  }

  /// Tokens that are one, two, … behind the text in a draft of so many; rounded up where it is known on average.
  func levels(_ label: UInt16, tokens: Int) -> [Int] {
    if let ranks { return Self.tree(ranks, tokens: tokens).tree.levels }
    return kind(ofLabel: label).levels.map { Int($0.rounded(.up)) }
  }

  /// Tokens that a verification of `drafts` gives on average, the model's own included; nil where such drafts are not known.
  public func expectedTokens(_ label: UInt16, drafts: Int) -> Double? {
    let kind = kind(ofLabel: label)
    guard isOfTrees, drafts > 0 else { return kind.expectedTokens(drafts: drafts) }
    guard drafts <= kind.most else { return nil }
    let row = kind.counts[drafts]
    let total = row.reduce(0, +)
    return total > 0 ? 1 + row.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element } / total : nil
  }

  /// Why it cannot judge drafts of that kind; nil when it can.
  public func fault(ofTrees isTree: Bool, most: Int, isFixed: Bool) -> String? {
    switch (isTree, isOfTrees) {
    case (false, false): return nil
    case (true, false):
      return "--acceptance speaks of drafts that do not branch — give the shares in which the first, second, … guess for each position is the token (0.6+0.2+0.1,0.5+0.2), or a file of `workbench profile-acceptance --speculate tree`"
    case (false, true): return "--acceptance speaks of trees — choose --speculate tree, or give the shares of drafts whose first, first two, … tokens stand"
    case (true, true):
      guard ranks == nil, !isFixed || most != self.most else { return nil }
      return "the profile is of trees of \(self.most) tokens, which says nothing of others — give --draft-tokens \(self.most)"
    }
  }
}
