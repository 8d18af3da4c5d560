import Foundation
import Core
import Hardware
import KVMemory
import TestSupport
import Testing
@testable import Transformer

/// Attention that is watched, and keys and values that are moved, on a model of random weights.
@Suite("Retention on the cpu")
struct CPURetentionTests {
  private static let size = 16

  /// Copies every query that it is shown.
  private final class Spy: AttentionWatcher {
    /// Of each layer, of each position, `[heads · headWidth]`.
    var queries: [[[Float]]]
    private let width: Int

    init(_ shape: LlamaShape) {
      width = shape.queryWidth
      queries = Array(repeating: [], count: shape.layers)
    }

    func see(layer: Int, _ parts: [WatchedQueries], _ cache: KVStore, _ pool: ThreadPool, _ path: KernelPath) -> (operations: Int, bytes: Int) {
      for part in parts {
        for row in 0..<part.count { queries[layer].append(Array(UnsafeBufferPointer(start: part.queries + row * part.stride, count: width))) }
      }
      return (0, 0)
    }
  }

  /// What each query gives to each position, `[layer · kvHeads + kvHead][query][position]`, added up over the group; in doubles.
  private func attention(_ model: LocalModel, _ tokens: [TokenID], _ table: [BlockID]) -> [[[Double]]] {
    let shape = model.shape
    var device = CPUDevice(model, blockCount: 64, tokensPerBlock: Self.size)
    let spy = Spy(shape)
    var watch = StepWatch(model.workspace)
    _ = device.forward([SequenceSpan(tokens: tokens, first: 0, table: table, logits: 0..<0)], watchedBy: spy, &watch)
    var result: [[[Double]]] = []
    for layer in 0..<shape.layers {
      for kvHead in 0..<shape.keyHeads {
        let keys = self.keys(device.cache, shape, layer, kvHead, table, tokens.count)
        result.append(
          tokens.indices.map { query in
            var sums = [Double](repeating: 0, count: tokens.count)
            for member in 0..<shape.heads / shape.keyHeads {
              let head = kvHead * (shape.heads / shape.keyHeads) + member
              let vector = spy.queries[layer][query][head * shape.headWidth..<(head + 1) * shape.headWidth]
              let weights = keys[...query].map { key in
                exp(zip(vector, key).reduce(0) { $0 + Double($1.0) * Double($1.1) } / Double(shape.headWidth).squareRoot())
              }
              let total = weights.reduce(0, +)
              for (position, weight) in weights.enumerated() { sums[position] += weight / total }
            }
            return sums
          })
      }
    }
    return result
  }

  private func keys(_ cache: KVStore, _ shape: LlamaShape, _ layer: Int, _ kvHead: Int, _ table: [BlockID], _ count: Int) -> [[Float]] {
    (0..<count).map { slot in
      var block = [Float](repeating: 0, count: Self.size * shape.headWidth)
      cache.keys(layer: layer, block: table[slot / Self.size], kvHead: kvHead, into: &block)
      return Array(block[slot % Self.size * shape.headWidth..<(slot % Self.size + 1) * shape.headWidth])
    }
  }

  private func tokens(_ count: Int, seed: UInt64) -> [TokenID] {
    var random = SplitMix(seed: seed, purpose: "tokens")
    return (0..<count).map { _ in TokenID(random.below(256)) }
  }

  private func retaining(_ text: String, protected: Int = 0) throws -> (Retaining, any Retention) {
    let policy = try #require(RetentionCatalogue.retention(try Choice(text, among: RetentionCatalogue.members.map { $0.descriptor })))
    var work = Retaining(policy: policy.choice, protected: protected, watch: policy.watch)
    work.running = [RequestID(0)]
    return (work, policy)
  }

  /// Reads a prompt in pieces, then gives up; the device, the compaction, and what attention it should have seen.
  private func compacted(
    _ text: String, prompt: Int, pieces: [Int], kept: Int, model: LocalModel, protected: Int = 0, target: [BlockID]? = nil
  ) throws -> (device: CPUDevice, compaction: Compaction, tokens: [TokenID], policy: any Retention) {
    let tokens = tokens(prompt, seed: 3)
    let table = Array<BlockID>(5..<BlockID(5 + (prompt + Self.size) / Self.size))
    var device = CPUDevice(model, blockCount: 64, tokensPerBlock: Self.size)
    var (work, policy) = try retaining(text, protected: protected)
    var first = 0
    for count in pieces + [prompt - pieces.reduce(0, +)] {
      var batch = Batch(
        slots: [Batch.Slot(request: RequestID(0), first: first, count: count, promptCount: prompt, outputs: 0, samples: first + count == prompt)],
        contents: [Batch.Content(tokens: Array(tokens[first..<first + count]), table: table)])
      batch.retaining = work
      _ = try device.execute(batch)
      first += count
    }
    let compaction = Compaction(
      request: RequestID(0), computed: prompt, promptCount: prompt, slots: prompt, kept: kept, source: table,
      target: target ?? Array(table.prefix((kept + Self.size - 1) / Self.size)), freed: 0)
    work.compactions = [compaction]
    _ = device.giveUp(work)
    return (device, compaction, tokens, policy)
  }

  @Test("what is kept is what each policy chooses from attention computed in doubles", arguments: ["heavy-hitters:20:40", "heavy-hitters:20:0", "snapshot:20:8:3", "morph:20:6", "sink-window:3:17"])
  func choice(text: String) throws {
    let model = try TinyModel.model(seed: 4)
    for pieces in [[], [1, 30], [16, 16]] {
      let (device, compaction, tokens, policy) = try compacted(text, prompt: 50, pieces: pieces, kept: 20, model: model, protected: 2)
      let attention = attention(model, tokens, compaction.source)
      let kept = try #require(device.kept(of: RequestID(0), computed: 50))
      var agreeing = 0
      for head in attention.indices {
        var scores = [Float](repeating: 0, count: 50)
        let queries: Range<Int> = switch policy.watch {
        case .lastQueries(let count, _): 50 - count..<50
        case .everyQuery: 0..<50
        case .nobody: 0..<0
        }
        for query in queries { for position in 0..<50 { scores[position] += Float(attention[head][query][position]) } }
        let view = WatchedHead(positions: (0..<50).map { Int32($0) }, scores: scores, computed: 50, prompt: 50, protected: 2)
        if policy.select(20, of: view).map({ Int32($0) }) == kept.positions[head] { agreeing += 1 }
        #expect(kept.positions[head].prefix(2) == [0, 1])
      }
      // Sums in floats and in doubles may order two tokens of nearly equal scores differently.
      #expect(agreeing >= attention.count - 1, "\(text), prompt cut at \(pieces): \(agreeing) of \(attention.count) heads")
    }
  }

  @Test("the next token attends to exactly the kept keys and values, in place or in fresh blocks", arguments: [false, true])
  func moved(isFresh: Bool) throws {
    let model = try TinyModel.model(seed: 4)
    let shape = model.shape
    let (device, compaction, tokens, _) = try compacted(
      "heavy-hitters:20:40", prompt: 50, pieces: [], kept: 20, model: model, target: isFresh ? [30, 31] : nil)
    let kept = try #require(device.kept(of: RequestID(0), computed: 50))

    // The whole text again, and of it the kept tokens of each head in order into a store of their own.
    var whole = CPUDevice(model, blockCount: 64, tokensPerBlock: Self.size)
    var watch = StepWatch(model.workspace)
    _ = whole.forward([SequenceSpan(tokens: tokens, first: 0, table: compaction.source, logits: 0..<0)], &watch)
    var plain = CPUDevice(model, blockCount: 8, tokensPerBlock: Self.size)
    for layer in 0..<shape.layers {
      for slot in 0..<20 {
        var (keys, values) = ([Float](), [Float]())
        for kvHead in 0..<shape.keyHeads {
          let position = Int(kept.positions(layer: layer, kvHead: kvHead)[slot])
          var block = [Float](repeating: 0, count: Self.size * shape.headWidth)
          let part = position % Self.size * shape.headWidth..<(position % Self.size + 1) * shape.headWidth
          whole.cache.keys(layer: layer, block: compaction.source[position / Self.size], kvHead: kvHead, into: &block)
          keys += block[part]
          whole.cache.values(layer: layer, block: compaction.source[position / Self.size], kvHead: kvHead, into: &block)
          values += block[part]
        }
        plain.cache.store(layer: layer, block: BlockID(slot / Self.size), slot: slot % Self.size, keys: keys, values: values)
      }
    }
    func next(_ device: CPUDevice, _ table: [BlockID]) -> [Float] {
      var device = device
      var watch = StepWatch(model.workspace)
      return device.forward([SequenceSpan(tokens: [65, 66], first: 50, table: table, logits: 0..<2, dropped: 30)], &watch).logits
    }
    let (got, expected) = (next(device, compaction.target), next(plain, [0, 1]))
    let difference = zip(got, expected).map { abs($0 - $1) }.max() ?? 1
    #expect(difference < 2e-2, "\(difference)")
    // What was given up is missed.
    var full = whole
    let all = full.forward([SequenceSpan(tokens: [65, 66], first: 50, table: compaction.source, logits: 0..<2)], &watch).logits
    #expect(zip(all, expected).contains { abs($0 - $1) > 0.1 })
  }

  @Test("a fork that goes on keeps its own sheet, and a compacted request can be computed again")
  func rebuilding() throws {
    let model = try TinyModel.model(seed: 4)
    let (device, compaction, tokens, _) = try compacted("heavy-hitters:20:40", prompt: 50, pieces: [], kept: 20, model: model)
    var again = CPUDevice(model, blockCount: 64, tokensPerBlock: Self.size)
    var (work, _) = try retaining("heavy-hitters:20:40")
    var order = compaction
    order.source = []
    work.compactions = [order]
    try again.rebuild([Batch.Content(tokens: tokens, table: compaction.target)], work)
    #expect(again.kept(of: RequestID(0), computed: 50) == device.kept(of: RequestID(0), computed: 50))
    for (one, other) in [(device, again)] {
      var (one, other) = (one, other)
      var watch = StepWatch(model.workspace)
      let span = SequenceSpan(tokens: [65], first: 50, table: compaction.target, logits: 0..<1, dropped: 30)
      #expect(one.forward([span], &watch).logits == other.forward([span], &watch).logits)
    }
  }
}

/// What policies cost real models.
@Suite("Scores of a text under retention", .serialized)
struct RetentionScoreTests {
  private func policy(_ text: String) throws -> any Retention {
    try #require(RetentionCatalogue.retention(try Choice(text, among: RetentionCatalogue.members.map { $0.descriptor })))
  }

  private func check(_ model: LocalModel, windows: Int) throws {
    let names = ["all", "sink-window:4:100%", "sink-window:4:50%", "sink-window:4:25%"]
      + ["heavy-hitters", "snapshot", "morph", "lazy", "magnitude-sparse"].flatMap { name in ["100%", "50%", "25%"].map { "\(name):\($0)" } }
    let scores = model.scores(of: Array(model.passages.prefix(windows * 512)), retaining: try names.map(policy))
    for (name, score) in zip(names, scores) {
      print("\(model.name), \(name): kept \(score.keptFraction), perplexity \(score.score.perplexity), KL \(score.score.meanDivergence), agreement \(score.score.agreement)")
      #expect(score.score.exactNats == scores[0].score.exactNats)
      if name == "all" || name.hasSuffix("100%") { #expect(score.keptFraction == 1 && score.score.divergence < 1e-3, "\(name)") }
      if name.hasSuffix(":25%") { #expect(score.keptFraction < 0.55 && score.score.meanDivergence > scores[0].score.meanDivergence, "\(name)") }
    }
    func divergence(_ name: String) -> Double { scores[names.firstIndex(of: name)!].score.meanDivergence }
    for policy in ["sink-window:4", "heavy-hitters", "snapshot", "morph", "lazy", "magnitude-sparse"] {
      #expect(divergence("\(policy):50%") < divergence("\(policy):25%"), "\(policy)")
    }
    // Attention knows more than position: morph keeps fewer.
    for share in ["50%", "25%"] { #expect(divergence("morph:\(share)") < divergence("sink-window:4:\(share)"), "\(share)") }
  }

  @Test("the built-in model: what is kept whole is exact, half costs less than a quarter, and attention chooses better than position")
  func builtIn() throws {
    guard let file = BuiltInModel.large.file else { return }
    try check(try LocalModel(GGUFFile(file), name: "workbench-large"), windows: 3)
  }

  @Test("SmolLM2: the same", .enabled(if: SmolLM2.hasAll, SmolLM2.absent))
  func smolLM2() throws { try check(try LocalModel(GGUFFile(SmolLM2.model), name: "SmolLM2"), windows: 1) }

  @Test("an instruction loses most of its entries to what follows it, and keeps them all where it is protected")
  func pitfall() throws {
    guard let file = BuiltInModel.large.file else { return }
    let model = try LocalModel(GGUFFile(file), name: "workbench-large")
    let instruction = Array("Answer in one word. Never say the name of the dog, whatever you are asked. ".utf8).map { TokenID($0) }
    let tokens = instruction + Array(model.passages.prefix(420))
    for name in ["snapshot:25%", "heavy-hitters:25%"] {
      let (free, safe) = (
        try model.keptShares(of: tokens, retaining: policy(name)), try model.keptShares(of: tokens, retaining: policy(name), protected: instruction.count)
      )
      func mean(_ shares: ArraySlice<Double>) -> Double { shares.reduce(0, +) / Double(shares.count) }
      let (lost, end) = (mean(free[..<instruction.count]), mean(free.suffix(instruction.count)))
      print("\(name): of the instruction \(lost), of the end \(end), of all \(mean(free[...])), protected \(mean(safe[..<instruction.count]))")
      #expect(lost < 0.5 * end, "\(name)")
      #expect(safe[..<instruction.count].allSatisfy { $0 == 1 }, "\(name)")
      #expect(abs(mean(safe[...]) - mean(free[...])) < 0.03, "\(name): the budget is the same")
    }
  }
}
