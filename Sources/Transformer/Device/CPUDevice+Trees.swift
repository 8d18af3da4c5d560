import Core
import Hardware

/// Drafts that branch: how they grow, and how one pass of the model verifies all paths.
///
/// A path that is not the first has blocks of its own from where it branches off. They begin as the same memory and are copied
/// when they are written, so keys and values lie where they would lie if the text went that way: a token sees the text and what
/// it follows, in their order and nothing else, and its logits have the bits that they would have then. The path that
/// stands only has to give its blocks to the request.
extension CPUDevice {
  /// A tree while it grows.
  private struct Growth {
    struct Node {
      var token: TokenID
      /// −1 for the end of the text.
      var parent: Int
      var depth: Int
      var worth: Double
      var onward: Double
      /// Where its own keys and values go with those before it; empty until it is read.
      var table: [BlockID] = []
      /// Some token after it goes on in its blocks.
      var isInherited = false
    }

    var drafting: Drafting
    /// All guesses so far; a token comes before what follows it.
    var nodes: [Node] = []
    /// Of each, what it was drawn from, under sampling.
    var drawn: [Sampler.Drawn] = []
    /// Tokens that were read, the end of the text too.
    var reads = 0
    /// Position of the first guess.
    var start: Int
    private var textIsInherited = false

    init(_ drafting: Drafting) {
      self.drafting = drafting
      start = drafting.first + drafting.pending.count
    }

    /// The worthiest guesses, as many as may be drafted; of equal ones the earlier.
    var best: [Int] {
      Array(nodes.indices.sorted { (nodes[$1].worth, $0) < (nodes[$0].worth, $1) }.prefix(drafting.limit))
    }

    /// Those among them after which something could be worth more than the least of them.
    var unread: [Int] {
      let best = best
      let least = best.count < drafting.limit ? 0 : best.last.map { nodes[$0].worth } ?? 0
      return best.filter { nodes[$0].table.isEmpty && nodes[$0].depth < drafting.limit && nodes[$0].onward > least }
    }

    /// What the drafter computes to read a token; at first all that it has not read of the text.
    mutating func span(of node: Int, in store: inout KVStore) -> SequenceSpan {
      guard node >= 0 else { return drafting.span }
      let parent = nodes[node].parent
      var table = parent < 0 ? drafting.table : nodes[parent].table
      let position = start + nodes[node].depth - 1
      if parent < 0 ? textIsInherited : nodes[parent].isInherited {
        table = store.branch(table, at: position - drafting.dropped)
      } else if parent < 0 {
        textIsInherited = true
      } else {
        nodes[parent].isInherited = true
      }
      if table.count <= (position - drafting.dropped) / store.tokensPerBlock { table.append(store.takeSpare()) }
      nodes[node].table = table
      var span = SequenceSpan(tokens: [nodes[node].token], first: position, table: table, logits: 0..<1, dropped: drafting.dropped)
      span.begin = drafting.begin
      span.folded = drafting.folded
      return span
    }

    mutating func add(_ guesses: [Sampler.Guess], drawn distribution: Sampler.Drawn?, after node: Int) {
      let (onward, depth) = node < 0 ? (1, 1) : (nodes[node].onward, nodes[node].depth + 1)
      for guess in guesses {
        nodes.append(Node(token: guess.token, parent: node, depth: depth, worth: onward * guess.worth, onward: onward * guess.onward))
        if let distribution { drawn.append(distribution) }
      }
      reads += 1
    }

    /// The tree, its worthiest tokens first.
    var grown: Drafting {
      var grown = drafting
      grown.first = start
      grown.pending = []
      var places = [Int](repeating: -1, count: nodes.count)
      var parents: [Int16] = []
      for node in best {
        let parent = nodes[node].parent
        places[node] = parents.count
        parents.append(parent < 0 ? -1 : Int16(places[parent]))
        grown.draft.tokens.append(nodes[node].token)
        let before = parent < 0 ? 1 : nodes[parent].worth
        grown.draft.confidence.append(before > 0 ? Float(nodes[node].worth / before) : 0)
        if !drawn.isEmpty { grown.drawn.append(drawn[node]) }
      }
      grown.draft.tree = TokenTree(parents: parents)
      return grown
    }
  }

  /// Grows a tree for each, level by level, all of them together.
  ///
  /// - Parameter store: Where the drafter's keys and values lie.
  mutating func grow(
    _ draftings: inout [Drafting], in store: WritableKeyPath<CPUDevice, KVStore>, cost: inout StepCost,
    by forward: (inout CPUDevice, [SequenceSpan]) -> (logits: [Float], runs: [StageRun])
  ) throws(DeviceError) {
    var growths = draftings.map { Growth($0) }
    var reads = growths.indices.map { (growth: $0, node: -1) }
    while !reads.isEmpty {
      var spans: [SequenceSpan] = []
      for read in reads { spans.append(growths[read.growth].span(of: read.node, in: &self[keyPath: store])) }
      let (logits, runs) = forward(&self, spans)
      cost.add(runs)
      for (row, read) in reads.enumerated() {
        let growth = growths[read.growth]
        let found = logits.withUnsafeBufferPointer { logits in
          sampler.guesses(
            self.row(row, of: logits), request: growth.drafting.draft.request,
            position: growth.start + (read.node < 0 ? 0 : growth.nodes[read.node].depth), branch: growth.reads, limit: growth.drafting.limit)
        }
        guard let found else { throw noNumbers }
        growths[read.growth].add(found.guesses, drawn: found.drawn, after: read.node)
      }
      reads = []
      for number in growths.indices { for node in growths[number].unread { reads.append((number, node)) } }
    }
    self[keyPath: store].dropSpares()
    draftings = growths.map(\.grown)
  }
}

/// A slot whose drafts branch, on its way through the model.
struct BranchingSlot {
  /// The known tokens with the longest path after them; then the other paths, from where they branch off.
  var spans: [SequenceSpan] = []
  /// Of the end of the text, and then of each draft, the row of the slot's logits.
  private var rows: [Int]
  /// Of each draft, the number of its path.
  private var paths: [Int]
  private let tree: TokenTree
  private let firstBlock: Int

  /// - Parameter store: Gets the blocks of the paths.
  init(_ slot: Batch.Slot, _ content: Batch.Content, _ tree: TokenTree, _ folded: FoldedTable? = nil, in store: inout KVStore) {
    self.tree = tree
    let known = Int(slot.count) - Int(slot.drafts)
    let drafts = Array(content.tokens[known...])
    let depths = tree.depths
    rows = [Int](repeating: 0, count: drafts.count + 1)
    paths = [Int](repeating: 0, count: drafts.count)
    firstBlock = slot.held / store.tokensPerBlock
    // Of each draft, its place in its path; the first path begins with the known tokens.
    var places = [Int](repeating: 0, count: drafts.count)
    var row = 1
    for (number, chain) in tree.chains.enumerated() {
      for (place, node) in chain.nodes.enumerated() {
        (paths[node], places[node], rows[node + 1]) = (number, place + (number == 0 ? known : 0), row)
        row += 1
      }
      let tokens = chain.nodes.map { drafts[$0] }
      guard number > 0 else {
        spans.append(
          SequenceSpan(
            tokens: content.tokens[..<known] + tokens, first: Int(slot.first), table: content.table, logits: known - 1..<known + tokens.count,
            dropped: Int(slot.dropped)))
        spans[number].folded = folded
        continue
      }
      let first = Int(slot.first) + known + depths[chain.nodes[0]] - 1
      var table = store.branch(content.table, at: slot.held)
      while table.count <= (first - Int(slot.dropped) + tokens.count - 1) / store.tokensPerBlock { table.append(store.takeSpare()) }
      // What it follows and is computed in this pass is written there too.
      var node = chain.parent
      while node >= 0, paths[node] > 0 {
        spans[paths[node]].copies.append(SequenceSpan.Copy(count: places[node] + 1, table: table))
        node = tree.chains[paths[node]].parent
      }
      spans[0].copies.append(SequenceSpan.Copy(count: node < 0 ? known : places[node] + 1, table: table))
      spans.append(SequenceSpan(tokens: tokens, first: first, table: table, logits: 0..<tokens.count, dropped: Int(slot.dropped)))
      spans[number].begin = Int(slot.first)
      spans[number].folded = folded
    }
  }

  /// Of the slot's logits, the row after a draft; −1 for the end of the text.
  func row(after node: Int) -> Int { rows[node + 1] }

  /// The request's blocks become those of the path that ends with `node`.
  func keep(upTo node: Int, in store: inout KVStore) {
    guard node >= 0, paths[node] > 0 else { return }
    let span = spans[paths[node]]
    for index in firstBlock..<span.table.count { store.copy(span.table[index], to: spans[0].table[index]) }
  }
}

extension KVStore {
  /// A table of the same blocks up to the one with `position`, which is another one of equal content; nothing after it.
  mutating func branch(_ table: [BlockID], at position: Int) -> [BlockID] {
    let index = position / tokensPerBlock
    let spare = takeSpare()
    if position % tokensPerBlock > 0 { copy(table[index], to: spare) }
    return table[..<index] + [spare]
  }
}

extension StepCost {
  mutating func add(_ runs: [StageRun]) {
    for run in runs {
      operations += Double(run.operations)
      bytes += Double(run.bytes)
    }
  }
}
