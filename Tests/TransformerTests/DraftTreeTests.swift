import Core
import Foundation
import TestSupport
import Testing

@testable import Transformer

/// Drafts that branch: computed once each, and judged so that nothing shows in the text.
@Suite("Draft trees")
struct DraftTreeTests {
  static let model: LocalModel = {
    do { return try TinyModel.model() } catch { fatalError("\(error)") }
  }()

  private static func alone(_ tokens: [TokenID], _ format: KVFormat, size: Int) -> [UInt32] {
    let blocks = (tokens.count + size - 1) / size
    var store = KVStore(model.shape, blockCount: blocks, tokensPerBlock: size, format: format)
    return model.workspace.use { scratch in
      model.weights.forward(
        [SequenceSpan(tokens: tokens, first: 0, table: (0..<blocks).map { BlockID($0) }, logits: tokens.count - 1..<tokens.count)], in: &store, scratch: &scratch
      ).map(\.bitPattern)
    }
  }

  @Test(
    "a token of a tree has the bits it has after its own path alone, whatever branches off beside it; the path that stands can be gone on from",
    arguments: 0..<12 as Range<UInt64>, KVFormat.allCases)
  func bits(seed: UInt64, format: KVFormat) throws {
    var random = SplitMix(seed: seed, purpose: "tree bits")
    let size = format.groupTokens > 1 ? 16 : [1, 2, 4, 8, 16][random.below(5)]
    var store = KVStore(Self.model.shape, blockCount: 256, tokensPerBlock: size, format: format)
    var free = (0..<256 as Range<BlockID>).shuffled(using: &random)
    // Two requests in a batch, with trees of their own; context ends before, in and after the first 64 keys.
    var texts: [[TokenID]] = []
    var slots: [(slot: Batch.Slot, content: Batch.Content, tree: TokenTree)] = []
    var branches: [BranchingSlot] = []
    for number in 0..<2 {
      let text = (0..<1 + random.below(90)).map { _ in TokenID(random.below(256)) }
      let known = 1 + random.below(min(3, text.count))
      let parents = (0..<1 + random.below(12)).map { Int16(random.below($0 + 1)) - 1 }
      let blocks = (text.count + parents.count + size - 1) / size
      let table = Array(free.suffix(blocks))
      free.removeLast(blocks)
      let first = text.count - known
      if first > 0 {
        Self.model.workspace.use { scratch in
          _ = Self.model.weights.forward(
            [SequenceSpan(tokens: Array(text[..<first]), first: 0, table: table, logits: 0..<0)], in: &store, scratch: &scratch)
        }
      }
      let drafts = parents.map { _ in TokenID(random.below(256)) }
      let slot = Batch.Slot(
        request: RequestID(number), first: first, count: known + drafts.count, drafts: drafts.count, promptCount: text.count, outputs: 0, samples: true)
      let tree = TokenTree(parents: parents)
      let content = Batch.Content(tokens: text[first...] + drafts, table: table, tree: tree)
      texts.append(text)
      slots.append((slot, content, tree))
      branches.append(BranchingSlot(slot, content, tree, in: &store))
    }
    let vocabulary = Self.model.shape.vocabulary
    let logits = Self.model.workspace.use { scratch in
      Self.model.weights.forward(branches.flatMap(\.spans), in: &store, scratch: &scratch).map(\.bitPattern)
    }
    var row = 0
    for number in 0..<2 {
      let (slot, content, tree) = slots[number]
      let drafts = Array(content.tokens.suffix(Int(slot.drafts)))
      func path(to node: Int) -> [TokenID] { node < 0 ? [] : path(to: Int(tree.parents[node])) + [drafts[node]] }
      for node in -1..<drafts.count {
        let place = row + branches[number].row(after: node)
        #expect(
          Array(logits[place * vocabulary..<(place + 1) * vocabulary]) == Self.alone(texts[number] + path(to: node), format, size: size),
          "\(format) seed \(seed), request \(number), token \(node) of \(tree.parents)")
      }
      row += 1 + drafts.count
      // One path stands; the next token is computed after it.
      let node = random.below(drafts.count + 1) - 1
      branches[number].keep(upTo: node, in: &store)
      let text = texts[number] + path(to: node)
      let next = Self.model.workspace.use { scratch in
        Self.model.weights.forward(
          [SequenceSpan(tokens: [65], first: text.count, table: content.table + [free[0]], logits: 0..<1)], in: &store, scratch: &scratch
        ).map(\.bitPattern)
      }
      #expect(next == Self.alone(text + [65], format, size: size), "\(format) seed \(seed), request \(number), after token \(node) of \(tree.parents)")
    }
    store.dropSpares()
  }

  /// Three tokens after token 0: trees of the second chain, worthiest guesses first, verdicts of the first.
  private static func text(
    _ sampler: Sampler, target: DraftSamplingTests.Chain, drafter: DraftSamplingTests.Chain, request: Int, budget: Int
  ) throws -> (tokens: [TokenID], accepted: Int, branched: Int) {
    struct Node {
      var token: TokenID
      var parent: Int
      var depth: Int
      var worth, onward: Double
      var drawn: Sampler.Drawn
    }
    let id = RequestID(request)
    var text: [TokenID] = [0]
    var (accepted, branched) = (0, 0)
    while text.count < 4 {
      var nodes: [Node] = []
      var reads = 0
      func read(_ node: Int) throws {
        let (last, depth, onward) = node < 0 ? (text[text.count - 1], 0, 1) : (nodes[node].token, nodes[node].depth, nodes[node].onward)
        let found = try drafter.logits(after: last) {
          try #require(sampler.guesses($0, request: id, position: text.count + depth, branch: reads, limit: budget))
        }
        reads += 1
        for guess in found.guesses {
          nodes.append(
            Node(token: guess.token, parent: node, depth: depth + 1, worth: onward * guess.worth, onward: onward * guess.onward, drawn: try #require(found.drawn)))
        }
      }
      func best() -> [Int] { Array(nodes.indices.sorted { (nodes[$1].worth, $0) < (nodes[$0].worth, $1) }.prefix(budget)) }
      try read(-1)
      var wasRead: Set<Int> = []
      while let node = best().first(where: { !wasRead.contains($0) && nodes[$0].depth < budget }) {
        wasRead.insert(node)
        try read(node)
      }
      let tree = best()
      var place = -1
      while true {
        let guesses = tree.filter { nodes[$0].parent == place }
        if guesses.count > 1 { branched += 1 }
        let token = try target.logits(after: text[text.count - 1]) { logits in
          try #require(
            guesses.isEmpty
              ? sampler.token(logits, request: id, position: text.count)
              : sampler.verdict(on: guesses.map { nodes[$0].token }, nodes[guesses[0]].drawn, logits, request: id, position: text.count))
        }
        text.append(token)
        guard let next = guesses.first(where: { nodes[$0].token == token }) else { break }
        accepted += 1
        place = next
      }
    }
    return (Array(text[1..<4]), accepted, branched)
  }

  @Test(
    "three tokens with trees come as often as without, whatever drafts and whatever is cut: chi-square over 12,000 seeds", arguments: 0..<6)
  func distribution(choice: Int) throws {
    var sampler = Sampler()
    sampler.temperature = [1, 0.6, 1.5, 1, 0.8, 1][choice]
    sampler.topK = [0, 0, 0, 3, 0, 4][choice]
    sampler.topP = [1, 1, 1, 1, 0.8, 0.95][choice]
    sampler.minP = [0, 0.1, 0, 0, 0, 0][choice]
    let target = DraftSamplingTests.Chain(seed: 1, spread: 4)
    let drafter = DraftSamplingTests.Chain(seed: choice == 1 ? 1 : 2, spread: choice == 2 ? 0.1 : 4)
    let expected = DraftSamplingTests.likelihoods(sampler, target)
    let runs = 12_000
    var counts = [Int](repeating: 0, count: 216)
    var (accepted, branched) = (0, 0)
    for run in 0..<runs {
      sampler.seed = UInt64(run)
      let found = try Self.text(sampler, target: target, drafter: drafter, request: run % 7, budget: 2 + run % 5)
      counts[Int(found.tokens[0]) * 36 + Int(found.tokens[1]) * 6 + Int(found.tokens[2])] += 1
      accepted += found.accepted
      branched += found.branched
    }
    try DraftSamplingTests.expectLikely(counts, expected.map { $0 * Double(runs) })
    #expect(accepted > runs / 4 && branched > runs / 4, "hardly anything stood or branched: nothing was shown")
  }
}
