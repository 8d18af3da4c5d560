public import Core

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a cache may lose: every choice that makes what attention reads differ from what the model computed.
public struct CacheChoice: Equatable, Sendable {
  public var format: KVFormat
  /// What attention leaves out; nil where it reads all.
  public var sparse: SparseAttention?

  public init(format: KVFormat = .f16, sparse: SparseAttention? = nil) {
    self.format = format
    self.sparse = sparse
  }
}

/// How well a model foretells a text that it reads through a cache that loses something, beside the same through an exact one.
public struct TextScore: Equatable, Sendable {
  /// Tokens foretold.
  public var tokens = 0
  /// Negative log likelihood of all of them, in nats; and with the exact cache.
  public var nats = 0.0
  public var exactNats = 0.0
  /// Kullback-Leibler divergence of the next token's distribution from the exact one's, summed, in nats.
  public var divergence = 0.0
  /// Tokens at which both would have said the same, the likeliest.
  public var agreeing = 0
  /// Of a full block.
  public var bytesPerToken = 0
  public var bitsPerElement = 0.0

  public var perplexity: Double { exp(nats / Double(tokens)) }
  public var exactPerplexity: Double { exp(exactNats / Double(tokens)) }
  /// Nats a token.
  public var meanDivergence: Double { divergence / Double(tokens) }
  public var agreement: Double { Double(agreeing) / Double(tokens) }
}

extension LocalModel {
  /// A text of this program, in the model's tokens: what scores are taken over where none is given.
  public var passages: [TokenID] { language.tokenizer.encode(Passages.all.dropFirst(Self.calibrationPassages).joined(separator: "\n\n")) }

  /// Another one, for what is found out about the model before it is scored.
  var calibrationText: [TokenID] {
    language.tokenizer.encode(Passages.all.prefix(Self.calibrationPassages).joined(separator: "\n\n"))
  }

  private static let calibrationPassages = 4

  /// Reads a text in windows through the cache as each choice keeps it, block by block as a server does. Where decodes leave keys
  /// out, every token is one.
  ///
  /// - Parameters:
  ///   - window: Tokens that see each other; the first of a window is not foretold.
  ///   - chunk: Tokens of a pass. What a query sees does not depend on it, but where prompts are read by patterns.
  ///   - patterns: Of query heads, where they shall not be those that were found.
  public func scores(
    of tokens: [TokenID], choices: [CacheChoice], window: Int = 512, chunk: Int = 64, tokensPerBlock: Int = 16, patterns: [HeadPattern]? = nil
  ) -> [TextScore] {
    let pool = workspace.pool
    let window = min(window, shape.contextLength)
    let blocks = (window + tokensPerBlock - 1) / tokensPerBlock
    let order = choices.contains { $0.format == .bfp8 } ? keyOrder() : nil
    var scores = choices.map { _ in TextScore() }
    let table = (0..<BlockID(blocks)).map { $0 }
    for start in stride(from: 0, to: tokens.count, by: window) {
      let read = Array(tokens[start..<min(start + window, tokens.count)])
      var exact = KVStore(shape, blockCount: blocks, tokensPerBlock: tokensPerBlock)
      var caches = choices.map { choice in
        var cache = KVStore(shape, blockCount: blocks, tokensPerBlock: tokensPerBlock, format: choice.format, order: order)
        cache.keepNotes(for: choice.sparse, channels: labels(oneIn:), patterns: { patterns ?? headPatterns() }, pool: pool)
        return cache
      }
      for first in stride(from: 0, to: read.count - 1, by: chunk) {
        let part = Array(read[first..<min(first + chunk, read.count)])
        let next = Array(read[(first + 1)...].prefix(part.count))
        let span = SequenceSpan(tokens: part, first: first, table: table, logits: 0..<next.count)
        workspace.use { scratch in
          var reference = weights.forward([span], in: &exact, scratch: &scratch)
          let sums = TextScore.Rows(&reference, vocabulary: shape.vocabulary, path: scratch.path)
          for index in choices.indices {
            var logits: [Float] = []
            if let sparse = choices[index].sparse, sparse.isOfDecodes {
              for (number, token) in part.enumerated() {
                let one = SequenceSpan(tokens: [token], first: first + number, table: table, logits: 0..<(number < next.count ? 1 : 0), isDecode: true)
                logits += weights.forward([one], leavingOut: sparse, in: &caches[index], scratch: &scratch)
              }
            } else {
              logits = weights.forward([span], leavingOut: choices[index].sparse, in: &caches[index], scratch: &scratch)
            }
            scores[index].add(TextScore.Rows(&logits, vocabulary: shape.vocabulary, path: scratch.path), beside: sums, next: next)
          }
        }
      }
      for (index, cache) in caches.enumerated() {
        scores[index].bytesPerToken = cache.bytesPerToken
        scores[index].bitsPerElement = cache.format.bitsPerElement(headWidth: shape.headWidth)
      }
    }
    return scores
  }

  /// The order of keys' channels for `bfp8`: by their mean size over a text of this program.
  public func keyOrder() -> KeyOrder {
    let tokens = Array(calibrationText.prefix(min(256, shape.contextLength)))
    let blocks = (tokens.count + 15) / 16
    var cache = KVStore(shape, blockCount: blocks, tokensPerBlock: 16)
    let span = SequenceSpan(tokens: tokens, first: 0, table: (0..<BlockID(blocks)).map { $0 }, logits: tokens.count..<tokens.count)
    workspace.use { scratch in _ = weights.forward([span], in: &cache, scratch: &scratch) }
    let width = shape.headWidth
    var sizes = [Double](repeating: 0, count: shape.layers * shape.keyHeads * width)
    var keys = [Float](repeating: 0, count: 16 * width)
    for layer in 0..<shape.layers {
      for head in 0..<shape.keyHeads {
        for block in 0..<blocks {
          cache.keys(layer: layer, block: BlockID(block), kvHead: head, into: &keys)
          for slot in 0..<min(16, tokens.count - block * 16) {
            for channel in 0..<width { sizes[(layer * shape.keyHeads + head) * width + channel] += Double(abs(keys[slot * width + channel])) }
          }
        }
      }
    }
    return KeyOrder(sizes: sizes, headWidth: width)
  }
}

extension TextScore {
  /// Logits of consecutive tokens, with what a distribution needs of them.
  struct Rows {
    /// `[rows, vocabulary]`.
    let logits: [Float]
    let probabilities: [Float]
    /// ln Σ e^logit of each row, and its likeliest token.
    let sums: [Double]
    let likeliest: [Int]

    init(_ logits: inout [Float], vocabulary: Int, path: KernelPath) {
      self.logits = logits
      var probabilities = logits
      var sums: [Double] = []
      var likeliest: [Int] = []
      probabilities.withUnsafeMutableBufferPointer { rows in
        for row in stride(from: 0, to: rows.count, by: vocabulary) {
          var best = 0
          for token in 1..<vocabulary where rows[row + token] > rows[row + best] { best = token }
          let most = Double(rows[row + best])
          path.softmax(rows.baseAddress! + row, count: vocabulary)
          likeliest.append(best)
          sums.append(most - log(Double(rows[row + best])))
        }
      }
      self.probabilities = probabilities
      self.sums = sums
      self.likeliest = likeliest
    }
  }

  mutating func add(_ rows: Rows, beside exact: Rows, next: [TokenID]) {
    let vocabulary = rows.logits.count / next.count
    for (row, token) in next.enumerated() {
      let start = row * vocabulary
      tokens += 1
      nats += rows.sums[row] - Double(rows.logits[start + Int(token)])
      exactNats += exact.sums[row] - Double(exact.logits[start + Int(token)])
      if rows.likeliest[row] == exact.likeliest[row] { agreeing += 1 }
      // Σ p (ln p − ln q), with ln p = logit − ln Σ e^logit.
      var sum = 0.0
      exact.probabilities.withUnsafeBufferPointer { p in
        exact.logits.withUnsafeBufferPointer { a in
          rows.logits.withUnsafeBufferPointer { b in
            for index in start..<start + vocabulary { sum += Double(p[index]) * Double(a[index] - b[index]) }
          }
        }
      }
      divergence += max(0, sum + rows.sums[row] - exact.sums[row])
    }
  }
}
