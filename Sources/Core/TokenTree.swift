/// The shape of a draft that branches: several guesses for a position, each with guesses of its own after it.
///
/// ```
/// text ─┬─ 0 ─┬─ 2 ── 4         parents  −1 −1  0  1  2
///       │     ╰─ …              levels    2  2  1
///       ╰─ 1 ─── 3              chains    0 2 4 │ 1 3
/// ```
public struct TokenTree: Equatable, Sendable, Decodable {
  /// Of each token, the number of the one that it follows, −1 for the end of the text; smaller than its own. Empty where
  /// nobody knows, for no token is real.
  public private(set) var parents: [Int16]

  public init(parents: [Int16] = []) {
    for (node, parent) in parents.enumerated() { require(parent >= -1 && parent < node, "token \(node) of a tree follows \(parent)") }
    self.parents = parents
  }

  public init(from decoder: any Decoder) throws {
    let parents = try decoder.singleValueContainer().decode([Int16].self)
    guard parents.enumerated().allSatisfy({ $1 >= -1 && $1 < $0 }) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "a token follows a later one"))
    }
    self.init(parents: parents)
  }

  /// Of each token, how many come after the text up to it.
  public var depths: [Int] {
    var depths: [Int] = []
    for parent in parents { depths.append(parent < 0 ? 1 : depths[Int(parent)] + 1) }
    return depths
  }

  /// Tokens that are one, two, … behind the text.
  public var levels: [Int] {
    var levels: [Int] = []
    for depth in depths {
      while levels.count < depth { levels.append(0) }
      levels[depth - 1] += 1
    }
    return levels
  }

  /// Guesses for the position after a token (−1: after the text), in order.
  public func children(of node: Int) -> [Int] { parents.indices.filter { Int(parents[$0]) == node } }

  /// Keeps the first `count` tokens.
  public mutating func cut(to count: Int) { parents.removeLast(max(0, parents.count - count)) }

  /// Tokens that follow one another.
  public struct Chain: Equatable, Sendable {
    /// What the first of them follows.
    public var parent: Int
    public var nodes: [Int]
  }

  /// Every token once, in chains: the first is the longest path from the text on (of equally long ones that of earlier
  /// tokens), and so on in what is left. A chain comes after the one that it branches off.
  public var chains: [Chain] {
    // Tokens of the longest path from each on, itself included.
    var heights = [Int](repeating: 1, count: parents.count)
    for node in parents.indices.reversed() where parents[node] >= 0 {
      heights[Int(parents[node])] = max(heights[Int(parents[node])], heights[node] + 1)
    }
    func longest(_ nodes: [Int]) -> Int? { nodes.max { (heights[$0], $1) < (heights[$1], $0) } }
    var chains: [Chain] = []
    var branches = children(of: -1).map { (parent: -1, node: $0) }
    while let place = branches.indices.max(by: { (heights[branches[$0].node], branches[$1].node) < (heights[branches[$1].node], branches[$0].node) }) {
      let (parent, first) = branches.remove(at: place)
      var chain = Chain(parent: parent, nodes: [first])
      while let last = chain.nodes.last {
        let next = children(of: last)
        guard let heir = longest(next) else { break }
        branches += next.filter { $0 != heir }.map { (last, $0) }
        chain.nodes.append(heir)
      }
      chains.append(chain)
    }
    return chains
  }

  /// The tokens that stand when a text goes on with `tokens`: from the text on, as far as the tree has them.
  public func path(of tokens: some Sequence<TokenID>, in drafts: [TokenID]) -> [Int] {
    var path: [Int] = []
    for token in tokens {
      guard let node = children(of: path.last ?? -1).first(where: { drafts[$0] == token }) else { break }
      path.append(node)
    }
    return path
  }
}
