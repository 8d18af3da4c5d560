import Core

extension PackedLlama {
  /// Channels of the keys that decide most of the scores, by layer and key head, the strongest first.
  ///
  /// A channel's weight is the mean of |q · k| over all pairs of a query and a key at the same position of `tokens`, summed
  /// over the query heads that share the key.
  ///
  /// - Source: Yang et al. 2024, Double Sparsity (arXiv 2408.07092), 3.1: offline calibration by activations' outliers.
  func channelsByWeight(of tokens: [TokenID], scratch: inout ForwardScratch) -> [[Int]] {
    let size = 16
    let blocks = (tokens.count + size - 1) / size
    var cache = KVStore(shape, blockCount: blocks, tokensPerBlock: size)
    let span = SequenceSpan(tokens: tokens, first: 0, table: (0..<BlockID(blocks)).map { $0 }, logits: tokens.count..<tokens.count)
    let (heads, kvHeads, width) = (shape.heads, shape.keyHeads, shape.headWidth)
    let group = heads / kvHeads
    var weights = [[Double]](repeating: [Double](repeating: 0, count: width), count: shape.layers * kvHeads)
    let stride = shape.queryWidth + 2 * shape.keyWidth
    scratch.observe = { layer, rows, projected in
      for row in 0..<rows {
        let queries = projected + row * stride
        for kvHead in 0..<kvHeads {
          let key = queries + shape.queryWidth + kvHead * width
          for channel in 0..<width {
            var sum: Float = 0
            for head in 0..<group { sum += abs(queries[(kvHead * group + head) * width + channel] * key[channel]) }
            weights[layer * kvHeads + kvHead][channel] += Double(sum)
          }
        }
      }
    }
    _ = forward([span], in: &cache, scratch: &scratch)
    scratch.observe = nil
    return weights.map { weights in weights.indices.sorted { (weights[$0], $1) > (weights[$1], $0) } }
  }
}

extension LocalModel {
  /// The channels of each key head by which tokens are chosen, one of so many at least; found once, on the bundled texts.
  func labels(oneIn divisor: Int) -> [[Int]] {
    let count = max(1, shape.headWidth / divisor)
    return workspace.channels { scratch in
      let text = language.tokenizer.promptTokens(Passages.all.joined(separator: " "), parseSpecial: false)
      return weights.channelsByWeight(of: Array(text.prefix(min(512, shape.contextLength))), scratch: &scratch)
    }.map { Array($0.prefix(count)) }
  }
}
