import Core

extension PackedLlama {
  /// Prompts that read some blocks of what comes before: the choice, then attention over what was chosen.
  func attendByPatterns(_ spans: [AttentionSpan], blocks: Int, _ index: Int, _ cache: KVStore, _ scratch: inout ForwardScratch) {
    guard !spans.isEmpty else { return }
    let (heads, width, unit) = (shape.heads, shape.headWidth, cache.unitTokens)
    let patterns = cache.patterns[index * heads..<(index + 1) * heads]
    var start = scratch.log.now
    let tiles = cache.tiles(of: spans)
    let chosen = cache.choose(
      layer: index, spans, tiles, patterns, budget: KVStore.units(blocks, tokensPerBlock: cache.tokensPerBlock), pool: scratch.pool, path: scratch.path)
    var (scanned, operations) = (0, 0)
    for span in spans {
      let end = span.first + span.count
      for pattern in patterns {
        switch pattern {
        case .aShape: break
        case .verticalSlash:
          scanned += end
          operations += 2 * min(KVStore.probeQueries, span.count) * end * width
        case .blocks:
          scanned += end
          operations += 2 * ((span.count + unit - 1) / unit) * end * width
        }
      }
    }
    scratch.log.record(.attentionIndex, index, since: start, operations: operations, bytes: scanned * width * 2, pieces: spans.count * heads)
    start = scratch.log.now
    cache.attend(layer: index, spans, tiles, chosen, pool: scratch.pool, path: scratch.path)
    var (pairs, read) = (0, 0)
    for (number, units) in chosen.enumerated() {
      let tile = tiles[number / heads]
      let before = (units?.count ?? tile.unit) * unit + (spans[tile.span].first + tile.offset) % unit
      pairs += tile.count * before + tile.count * (tile.count + 1) / 2
      read += before + tile.count
    }
    let rows = spans.reduce(0) { $0 + $1.count }
    scratch.log.record(
      .attentionPrefill, index, since: start, operations: 4 * width * pairs, bytes: read * width * 4 + rows * shape.queryWidth * 8,
      pieces: tiles.count * heads)
  }

  /// Which pattern serves each query head best, layer by layer: the one under which attention's output over the last queries of
  /// `tokens` is nearest to dense attention's, each pattern reading a quarter of what lies before those.
  ///
  /// - Source: Jiang et al. 2024, MInference (arXiv 2407.02490), algorithm 1: an offline search for each head at equal
  ///   operations, by the error of attention's output. There one long prompt decides; here a text of this program does.
  func patterns(for tokens: [TokenID], scratch: inout ForwardScratch) -> [HeadPattern] {
    let blocks = (tokens.count + 15) / 16
    var cache = KVStore(shape, blockCount: blocks, tokensPerBlock: 16)
    let span = SequenceSpan(tokens: tokens, first: 0, table: (0..<BlockID(blocks)).map { $0 }, logits: tokens.count..<tokens.count)
    let search = PatternSearch(shape, tokens: tokens.count)
    let watcher = scratch.watcher
    scratch.watcher = search
    _ = forward([span], in: &cache, scratch: &scratch)
    scratch.watcher = watcher
    return search.found
  }
}

/// Tries every pattern on the last queries of a pass.
private final class PatternSearch: AttentionWatcher {
  private(set) var found: [HeadPattern]
  private let heads: Int
  private let width: Int
  private let tokens: Int

  init(_ shape: LlamaShape, tokens: Int) {
    (heads, width, self.tokens) = (shape.heads, shape.headWidth, tokens)
    found = Array(repeating: HeadPattern.candidates[0], count: shape.layers * shape.heads)
  }

  func see(layer: Int, _ queries: [WatchedQueries], _ cache: KVStore, _ pool: ThreadPool, _ path: KernelPath) -> (operations: Int, bytes: Int) {
    for part in queries where part.slot + part.count == tokens {
      let budget = max(4, part.slot / cache.unitTokens / 4)
      let table = part.table[..<((tokens + cache.tokensPerBlock - 1) / cache.tokensPerBlock)].map { cache.address(of: $0) }
      func output(_ pattern: HeadPattern?) -> [Float] {
        var output = [Float](repeating: 0, count: part.count * heads * width)
        output.withUnsafeMutableBufferPointer { output in
          guard let base = output.baseAddress else { return }
          let span = AttentionSpan(
            table: table, first: part.slot, count: part.count, queries: part.queries, queryStride: part.stride, output: base)
          guard let pattern else { return cache.attend(layer: layer, [span], pool: pool, path: path) }
          let tiles = cache.tiles(of: [span])
          let chosen = cache.choose(layer: layer, [span], tiles, Array(repeating: pattern, count: heads)[...], budget: budget, pool: pool, path: path)
          cache.attend(layer: layer, [span], tiles, chosen, pool: pool, path: path)
        }
        return output
      }
      let dense = output(nil)
      var least = [Float](repeating: .infinity, count: heads)
      for pattern in HeadPattern.candidates {
        let own = output(pattern)
        for head in 0..<heads {
          var error: Float = 0
          for query in 0..<part.count {
            for place in (query * heads + head) * width..<(query * heads + head + 1) * width {
              let difference = own[place] - dense[place]
              error += difference * difference
            }
          }
          if error < least[head] { (least[head], found[layer * heads + head]) = (error, pattern) }
        }
      }
    }
    return (0, 0)
  }
}

extension LocalModel {
  /// The pattern of each query head, layer by layer: found when it is first asked for, on a text of this program.
  public func headPatterns() -> [HeadPattern] {
    workspace.patterns { scratch in
      let text = language.tokenizer.promptTokens(Passages.all.joined(separator: " "), parseSpecial: false)
      return weights.patterns(for: Array(text.prefix(min(1_024, shape.contextLength))), scratch: &scratch)
    }
  }
}
