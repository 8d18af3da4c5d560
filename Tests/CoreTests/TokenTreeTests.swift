import Core
import Testing

@Suite("Token trees")
struct TokenTreeTests {
  static func random(_ seed: UInt64) -> TokenTree {
    var random = SplitMix(seed: seed, purpose: "trees")
    return TokenTree(parents: (0..<random.below(17)).map { Int16(random.below($0 + 1)) - 1 })
  }

  @Test("chains hold every token once, each after the one it follows, the longest path first", arguments: 0..<100 as Range<UInt64>)
  func chains(seed: UInt64) {
    let tree = Self.random(seed)
    var seen: Set<Int> = [-1]
    for chain in tree.chains {
      var before = chain.parent
      for node in chain.nodes {
        #expect(seen.contains(before) && Int(tree.parents[node]) == before && seen.insert(node).inserted, "seed \(seed)")
        before = node
      }
    }
    #expect(seen.count == tree.parents.count + 1)
    #expect(tree.chains.first?.nodes.count ?? 0 == tree.levels.count, "the first is the longest path")
    #expect(tree.levels.reduce(0, +) == tree.parents.count)
    var cut = tree
    cut.cut(to: tree.parents.count / 2)
    #expect(cut == TokenTree(parents: Array(tree.parents.prefix(tree.parents.count / 2))))
  }

  @Test("what stands is the path that the text takes, as far as the tree has it")
  func path() {
    //  text ─┬─ a ─┬─ c ── e
    //        │     ╰─ d
    //        ╰─ b ─── c
    let tree = TokenTree(parents: [-1, -1, 0, 1, 2, 0])
    let drafts: [TokenID] = Array("abccED".utf8).map { TokenID($0) }
    func path(_ text: String) -> [Int] { tree.path(of: text.utf8.map { TokenID($0) }, in: drafts) }
    #expect(path("acEx") == [0, 2, 4] && path("bcx") == [1, 3] && path("aD") == [0, 5] && path("xa") == [] && path("") == [])
    #expect(tree.chains.map(\.nodes) == [[0, 2, 4], [1, 3], [5]] && tree.chains.map(\.parent) == [-1, -1, 0])
    #expect(TokenTree().chains.isEmpty && TokenTree().levels.isEmpty)
  }
}
