import Core

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension PackedLlama {
  /// Computes a ragged batch: spans of many sequences, prompts in part and single tokens together.
  ///
  /// A sequence's numbers have the same bits alone or in a batch, its prompt whole or cut anywhere, its blocks anywhere, on
  /// any path and number of threads. Blocks may be shared by the tables of several spans; a span sees what spans before it
  /// in the list write.
  ///
  /// - Parameters:
  ///   - shared: What single tokens have in common and read once; the numbers are the same.
  ///   - sparse: Which keys decodes leave out; the cache keeps the notes it needs.
  ///   - used: The layers that are computed, rising; nil for all. Fewer of them make a guess.
  /// - Returns: The logits of all wanted tokens, `[wanted, vocabulary]`, span by span. The next pass uses their memory again
  ///   unless somebody keeps them.
  public func forward(
    _ spans: [SequenceSpan], sharing shared: [SharedSpan] = [], leavingOut sparse: SparseAttention? = nil, in cache: inout KVStore,
    scratch: inout ForwardScratch, layers used: [Int]? = nil
  ) -> [Float] {
    scratch.log.begin()
    scratch.kept.begin()
    let rounds = ForwardRound.rounds(
      of: spans, rows: scratch.rows, shape: shape, tokensPerBlock: cache.tokensPerBlock, beginsPrompts: sparse.map { !$0.isOfDecodes } ?? false)
    var logits: [Float] = []
    swap(&logits, &scratch.logits)
    let count = rounds.reduce(0) { $0 + $1.wanted.count } * shape.vocabulary
    if logits.count > count { logits.removeLast(logits.count - count) }
    if logits.count < count { logits.append(contentsOf: repeatElement(0, count: count - logits.count)) }
    logits.withUnsafeMutableBufferPointer { logits in
      guard var target = logits.baseAddress else { return }
      for round in rounds {
        compute(round, sharing: shared, leavingOut: sparse, in: &cache, logits: target, scratch: &scratch, layers: used ?? Array(layers.indices))
        target += round.wanted.count * shape.vocabulary
      }
    }
    scratch.logits = logits
    return logits
  }

  private func compute(
    _ round: ForwardRound, sharing shared: [SharedSpan], leavingOut sparse: SparseAttention?, in cache: inout KVStore, logits: UnsafeMutablePointer<Float>,
    scratch: inout ForwardScratch, layers used: [Int]
  ) {
    var places = Places(round, leavingOut: sparse, in: &cache, shape: shape, scratch: scratch)
    if !shared.isEmpty { places.share(shared, of: round, in: cache) }
    let rows = round.tokens.count
    embed(round, &scratch)
    for index in used {
      let layer = layers[index]
      // Attention: x + Wₒ · attend(rope(Wq n), rope(Wk n), Wv n) with n = norm(x).
      normalise(rows, layer.attentionNorm, adding: index != used.first, for: [layer.query, layer.key, layer.value], index, &scratch)
      project(layer, rows, index, &scratch)
      rotateAndStore(round, layer, index, places, cache, &scratch)
      attend(places, index, cache, &scratch)
      if !places.folded.isEmpty { attend(folded: places.folded, index, cache, &scratch) }
      if let sparse { attend(places, leavingOut: sparse, index, cache, &scratch) }
      if case .patterns(let blocks, _) = sparse { attendByPatterns(places.patterned, blocks: blocks, index, cache, &scratch) }
      if let watcher = scratch.watcher { show(round, index, cache, to: watcher, &scratch) }
      if scratch.tap != nil { scratch.tap?.note(layer: index, rows: round.wanted, of: scratch.mixed.base) }
      load(scratch.mixed, rows, for: [layer.output], index, &scratch)
      multiply([(layer.output, scratch.addend.base, shape.hidden)], .output, index, &scratch)
      // SwiGLU (Shazeer 2020): x + W₂ · (silu(W₁ n) · W₃ n) with n = norm(x).
      normalise(rows, layer.feedForwardNorm, adding: true, for: [layer.gate, layer.up], index, &scratch)
      multiply(
        [(layer.gate, scratch.gate.base, shape.feedForward), (layer.up, scratch.up.base, shape.feedForward)], .gateUp, index, &scratch)
      activate(rows, layer, index, &scratch)
      multiply([(layer.down, scratch.addend.base, shape.hidden)], .down, index, &scratch)
    }
    // The head, for those who asked.
    guard !round.wanted.isEmpty else { return }
    gather(round.wanted, &scratch)
    normalise(round.wanted.count, outputNorm, adding: true, for: [output], nil, &scratch)
    multiply([(output, logits, shape.vocabulary)], .head, nil, &scratch)
  }
}

// The stages. Every one works on rows or on rows of a matrix: nothing is summed across rows or threads.
extension PackedLlama {
  /// Where a round's keys and values go and what its queries see.
  private struct Places {
    /// Of each row: its block, opened for writing, and the slot in it.
    var slots: [(block: BlockAddress, slot: Int)] = []
    /// Where keys and values of rows go besides.
    var copies: [(row: Int, block: BlockAddress, slot: Int)] = []
    /// Blocks that this round fills, where they are closed then: window and codes.
    var full: [(window: BlockAddress, codes: BlockAddress)] = []
    var prompts: [AttentionSpan] = []
    var decodes: [AttentionSpan] = []
    /// Those that read a part of their keys.
    var sparse: [SparseDecode] = []
    /// Prompts that read a part of what comes before.
    var patterned: [AttentionSpan] = []
    /// Those whose heads keep different tokens.
    var folded: [FoldedSpan] = []
    /// Blocks whose notes change, and the slots that are written.
    var noted: [(block: BlockID, slots: Range<Int>)] = []
    /// What decodes have in common, and room for their running softmaxes.
    var shared: [SharedStretch] = []
    var states: AlignedBuffer?

    init(_ round: ForwardRound, leavingOut sparse: SparseAttention?, in cache: inout KVStore, shape: LlamaShape, scratch: borrowing ForwardScratch) {
      let size = cache.tokensPerBlock
      // All are opened before any address is taken: opening may move a block.
      var opened: Set<BlockID> = []
      for part in round.parts {
        for (table, count) in [(part.table, part.rows.count)] + part.copies.map({ ($0.table, $0.count) }) {
          let end = part.slot + count
          for index in part.slot / size...(end - 1) / size {
            _ = cache.open(table[index])
            if cache.format.keepsWindow { opened.insert(table[index]) }
            guard cache.notes != nil else { continue }
            cache.notes?.open(table[index])
            noted.append((table[index], max(0, part.slot - index * size)..<min(size, end - index * size)))
          }
        }
      }
      if cache.format.keepsWindow { for part in round.parts { cache.closed(part.table[..<(part.begin / size)], besides: opened) } }
      let stride = shape.queryWidth + 2 * shape.keyWidth
      for part in round.parts {
        let end = part.slot + part.rows.count
        let table = part.table[..<((end + size - 1) / size)].map { cache.address(of: $0) }
        let windows = cache.format.keepsWindow ? part.table[part.slot / size...(end - 1) / size].map { cache.window(of: $0) } : []
        for slot in part.slot..<end {
          slots.append((windows.isEmpty ? table[slot / size] : windows[slot / size - part.slot / size], slot % size))
        }
        for copy in part.copies {
          for offset in 0..<copy.count {
            let (block, slot) = (copy.table[(part.slot + offset) / size], (part.slot + offset) % size)
            copies.append((part.rows.lowerBound + offset, cache.format.keepsWindow ? cache.window(of: block) : cache.address(of: block), slot))
          }
        }
        if cache.format.keepsWindow {
          for number in part.slot / size..<end / size { full.append((windows[number - part.slot / size], table[number])) }
          for copy in part.copies {
            for block in copy.table[part.slot / size..<(part.slot + copy.count) / size] { full.append((cache.window(of: block), cache.address(of: block))) }
          }
        }
        let span = AttentionSpan(
          table: table, windows: windows, first: part.slot, count: part.rows.count, queries: scratch.projected.base + part.rows.lowerBound * stride,
          queryStride: stride, output: scratch.mixed.base + part.rows.lowerBound * shape.queryWidth)
        if let table = part.folded {
          folded.append(FoldedSpan(span: span, table: table))
        } else if let notes = cache.notes, part.isDecode, part.rows.count == 1, sparse?.isOfDecodes == true {
          let blocks = part.table[..<((end + size - 1) / size)]
          self.sparse.append(SparseDecode(span: span, blocks: blocks, notes: blocks.map { notes.address(of: $0) }))
        } else if case .patterns(let blocks, _) = sparse, !part.isDecode, end > (1 + KVStore.units(blocks, tokensPerBlock: size)) * cache.unitTokens {
          patterned.append(span)
        } else if part.rows.count > 1 {
          prompts.append(span)
        } else {
          decodes.append(span)
        }
      }
    }

    /// Stretches end where spans of keys do; what is left of a shared part is read by each.
    mutating func share(_ spans: [SharedSpan], of round: ForwardRound, in cache: KVStore) {
      var decode: [Int: Int] = [:]
      for part in round.parts where part.rows.count == 1 && part.folded == nil { decode[part.span] = decode.count }
      for span in spans {
        let keys = KVStore.wholeSpans(of: span.positions)
        let members = span.spans.compactMap { decode[$0] }
        if !keys.isEmpty, members.count > 1 { shared.append(SharedStretch(keys: keys, members: members, depth: span.depth)) }
      }
      if !shared.isEmpty { states = AlignedBuffer(bytes: decodes.count * cache.bytesPerState, isZeroed: false) }
    }
  }

  /// x = the tokens' rows of the embedding; and the angles of their positions.
  private func embed(_ round: ForwardRound, _ scratch: inout ForwardScratch) {
    let start = scratch.log.now
    let (hidden, pairs, path) = (shape.hidden, frequencies.count, scratch.path)
    let (stream, cosines, sines) = (scratch.stream.base, scratch.cosines.base, scratch.sines.base)
    eachTile(round.tokens.count, scratch.pool) { rows in
      for row in rows {
        let token = Int(round.tokens[row])
        if let embedding {
          embedding.decode(row: token, into: .init(start: stream + row * hidden, count: hidden))
        } else {
          output.decode(row: token, into: stream + row * hidden, path: path)
        }
        for pair in 0..<pairs {
          let angle = Double(round.positions[row]) * frequencies[pair]
          cosines[row * pairs + pair] = Float(cos(angle))
          sines[row * pairs + pair] = Float(sin(angle))
        }
      }
    }
    let count = round.tokens.count
    scratch.log.record(.normalise, nil, since: start, operations: count * hidden * 2, bytes: count * hidden * 5, pieces: (count + 7) / 8)
  }

  /// RMSNorm (Zhang & Sennrich 2019) of x, after adding what the block before gave, as activations for `matrices`.
  private func normalise(
    _ rows: Int, _ weight: [Float], adding: Bool, for matrices: [PackedMatrix], _ layer: Int?, _ scratch: inout ForwardScratch
  ) {
    let start = scratch.log.now
    let (hidden, path) = (shape.hidden, scratch.path)
    let (stream, addend, normalised) = (scratch.stream.base, scratch.addend.base, scratch.normalised.base)
    let loader = scratch.activations.begin(columns: rows, width: hidden, for: matrices.map(\.type), path: path)
    eachTile(rows, scratch.pool) { rows in
      for row in rows {
        let x = stream + row * hidden
        if adding { path.add(addend + row * hidden, count: hidden, to: x) }
        path.rmsNorm(x, weight: weight, epsilon: shape.epsilon, count: hidden, into: normalised + row * hidden)
      }
      loader.load(normalised, stride: hidden, columns: rows)
    }
    scratch.log.record(.normalise, layer, since: start, operations: rows * hidden * 5, bytes: rows * hidden * 12, pieces: (rows + 7) / 8)
  }

  private func project(_ layer: Layer, _ rows: Int, _ index: Int, _ scratch: inout ForwardScratch) {
    let (queries, stride) = (scratch.projected.base, shape.queryWidth + 2 * shape.keyWidth)
    multiply(
      [
        (layer.query, queries, stride), (layer.key, queries + shape.queryWidth, stride),
        (layer.value, queries + shape.queryWidth + shape.keyWidth, stride),
      ], .qkv, index, &scratch)
  }

  /// Biases (Qwen2), norms of each head (Qwen3), RoPE (Su et al. 2021); then keys and values go into their slots.
  private func rotateAndStore(
    _ round: ForwardRound, _ layer: Layer, _ index: Int, _ places: Places, _ cache: KVStore, _ scratch: inout ForwardScratch
  ) {
    let start = scratch.log.now
    let (path, pairs, width) = (scratch.path, frequencies.count, shape.headWidth)
    let (projected, cosines, sines) = (scratch.projected.base, scratch.cosines.base, scratch.sines.base)
    let stride = shape.queryWidth + 2 * shape.keyWidth
    let layout: KernelPath.RotaryLayout = shape.rotaryPairs == .neighbours ? .neighbours : .halves
    eachTile(round.tokens.count, scratch.pool) { rows in
      for row in rows {
        let queries = projected + row * stride
        let keys = queries + shape.queryWidth
        let values = keys + shape.keyWidth
        for (bias, vector) in [(layer.queryBias, queries), (layer.keyBias, keys), (layer.valueBias, values)] where !bias.isEmpty {
          path.add(bias, count: bias.count, to: vector)
        }
        for (norm, heads, vector) in [(layer.queryNorm, shape.heads, queries), (layer.keyNorm, shape.keyHeads, keys)] where !norm.isEmpty {
          for head in 0..<heads {
            path.rmsNorm(vector + head * width, weight: norm, epsilon: shape.epsilon, count: width, into: vector + head * width)
          }
        }
        // Queries and keys lie side by side: one run of heads.
        path.rotate(
          queries, heads: shape.heads + shape.keyHeads, headWidth: width, pairs: pairs, cosines: cosines + row * pairs,
          sines: sines + row * pairs, layout: layout)
        let (block, slot) = places.slots[row]
        cache.store(layer: index, into: block, slot: slot, keys: keys, values: values, path: path)
      }
    }
    for copy in places.copies {
      let keys = projected + copy.row * stride + shape.queryWidth
      cache.store(layer: index, into: copy.block, slot: copy.slot, keys: keys, values: keys + shape.keyWidth, path: path)
    }
    if !places.full.isEmpty {
      scratch.pool.parallelFor(places.full.count * cache.kvHeads) { numbers, _ in
        for number in numbers {
          let (window, codes) = places.full[number / cache.kvHeads]
          cache.close(layer: index, kvHead: number % cache.kvHeads, window: window, into: codes, path: path)
        }
      }
    }
    let count = round.tokens.count
    scratch.observe?(index, count, projected)
    scratch.pool.parallelFor(places.noted.count) { range, _ in
      for (block, slots) in places.noted[range] { cache.note(layer: index, block: block, slots: slots, path: path) }
    }
    scratch.log.record(
      .normalise, index, since: start, operations: count * (shape.queryWidth + shape.keyWidth) * 3,
      bytes: count * (shape.queryWidth * 8 + shape.keyWidth * 12 + cache.bytesPerToken / cache.layers), pieces: (count + 7) / 8)
  }

  private func attend(_ places: Places, _ index: Int, _ cache: KVStore, _ scratch: inout ForwardScratch) {
    for (kind, spans) in [(KernelRun.Kind.attentionPrefill, places.prompts), (.attentionDecode, places.decodes)] where !spans.isEmpty {
      let start = scratch.log.now
      let shared = kind == .attentionDecode ? places.shared : []
      if let states = places.states, !shared.isEmpty {
        cache.attend(layer: index, decodes: spans, shared: shared, states: states, pool: scratch.pool, path: scratch.path)
      } else {
        cache.attend(layer: index, spans, pool: scratch.pool, path: scratch.path)
      }
      var (pairs, cached, queries, pieces) = (0, 0, 0, 0)
      for span in spans {
        pairs += span.count * span.first + span.count * (span.count + 1) / 2
        cached += span.first + span.count
        queries += span.count
        pieces += (span.count + 15) / 16 * shape.keyHeads
      }
      for stretch in shared { cached -= stretch.keys.count * (stretch.members.count - 1) }
      scratch.log.record(
        kind, index, since: start, operations: 4 * shape.queryWidth * pairs,
        bytes: cached * (cache.bytesPerToken / cache.layers) + queries * shape.queryWidth * 8, pieces: pieces)
    }
  }

  /// Sequences whose heads keep different tokens.
  private func attend(folded spans: [FoldedSpan], _ index: Int, _ cache: KVStore, _ scratch: inout ForwardScratch) {
    for isPrompt in [true, false] {
      let spans = spans.filter { ($0.span.count > 1) == isPrompt }
      if spans.isEmpty { continue }
      let start = scratch.log.now
      cache.attend(layer: index, folded: spans, pool: scratch.pool, path: scratch.path)
      // Of key heads.
      var (pairs, cached, queries, pieces) = (0, 0, 0, 0)
      for folded in spans {
        let (seen, count) = (cache.seen(of: folded, layer: index), folded.span.count)
        pairs += count * seen - shape.keyHeads * count * (count - 1) / 2
        cached += seen
        queries += count
        pieces += (count + 15) / 16 * shape.keyHeads
      }
      scratch.log.record(
        isPrompt ? .attentionPrefill : .attentionDecode, index, since: start, operations: 4 * shape.queryWidth / shape.keyHeads * pairs,
        bytes: cached * (cache.bytesPerToken / cache.layers / cache.kvHeads) + queries * shape.queryWidth * 8, pieces: pieces)
    }
  }

  /// Queries, and keys where they lie, to who watches attention.
  private func show(_ round: ForwardRound, _ index: Int, _ cache: KVStore, to watcher: any AttentionWatcher, _ scratch: inout ForwardScratch) {
    let start = scratch.log.now
    let stride = shape.queryWidth + 2 * shape.keyWidth
    let queries = round.parts.map { part in
      WatchedQueries(
        span: part.span, first: part.first, slot: part.slot, count: part.rows.count,
        queries: scratch.projected.base + part.rows.lowerBound * stride, stride: stride, table: part.table)
    }
    let (operations, bytes) = watcher.see(layer: index, queries, cache, scratch.pool, scratch.path)
    scratch.log.record(.retain, index, since: start, operations: operations, bytes: bytes, pieces: round.parts.count * shape.keyHeads)
  }

  /// Decodes that read a part of their keys: the choice, then attention over what was chosen.
  private func attend(_ places: Places, leavingOut sparse: SparseAttention, _ index: Int, _ cache: KVStore, _ scratch: inout ForwardScratch) {
    let decodes = places.sparse
    guard !decodes.isEmpty else { return }
    let (heads, width) = (shape.keyHeads, shape.headWidth)
    var start = scratch.log.now
    let chosen = cache.choose(layer: index, decodes, sparse, pool: scratch.pool)
    var (scanned, kept) = (0, 0)
    for (number, places) in chosen.enumerated() {
      let context = decodes[number / heads].context
      guard let places else {
        kept += context
        continue
      }
      kept += min(context, sparse.kept(of: context))
      switch sparse {
      case .pages: scanned += (context - 1) / cache.tokensPerBlock * 2 * width
      case .labels: scanned += context * max(1, width / sparse.labelDivisor)
      case .patterns: scanned += places.count
      }
    }
    let group = shape.heads / heads
    scratch.log.record(
      .attentionIndex, index, since: start, operations: 2 * scanned * group, bytes: scanned * 4, pieces: decodes.count * heads)
    start = scratch.log.now
    cache.attend(layer: index, decodes, chosen, sparse, pool: scratch.pool, path: scratch.path)
    scratch.log.record(
      .attentionDecode, index, since: start, operations: 4 * kept * group * width,
      bytes: kept * width * 4 + decodes.count * shape.queryWidth * 8, pieces: decodes.count * heads)
    guard scratch.kept.isWanted else { return }
    start = scratch.log.now
    scratch.kept.note(cache.keptShare(layer: index, decodes, chosen, sparse, pool: scratch.pool))
    scratch.kept.duration += scratch.log.now - start
  }

  /// Activations for a product.
  private func load(_ source: FloatBuffer, _ rows: Int, for matrices: [PackedMatrix], _ layer: Int, _ scratch: inout ForwardScratch) {
    let start = scratch.log.now
    let width = matrices[0].columns
    let source = source.base
    let loader = scratch.activations.begin(columns: rows, width: width, for: matrices.map(\.type), path: scratch.path)
    eachTile(rows, scratch.pool) { loader.load(source, stride: width, columns: $0) }
    scratch.log.record(.normalise, layer, since: start, operations: rows * width * 2, bytes: rows * width * 5, pieces: (rows + 7) / 8)
  }

  private func activate(_ rows: Int, _ layer: Layer, _ index: Int, _ scratch: inout ForwardScratch) {
    let start = scratch.log.now
    let (width, path) = (shape.feedForward, scratch.path)
    let (gate, up) = (scratch.gate.base, scratch.up.base)
    let loader = scratch.activations.begin(columns: rows, width: width, for: [layer.down.type], path: path)
    eachTile(rows, scratch.pool) { rows in
      for row in rows { path.siluMultiply(gate: gate + row * width, up: up + row * width, count: width, into: gate + row * width) }
      loader.load(gate, stride: width, columns: rows)
    }
    scratch.log.record(.normalise, index, since: start, operations: rows * width * 5, bytes: rows * width * 12, pieces: (rows + 7) / 8)
  }

  /// Brings the wanted rows of x, and of what the last block adds, to the front.
  private func gather(_ wanted: [Int], _ scratch: inout ForwardScratch) {
    for (target, row) in wanted.enumerated() where target != row {
      for rows in [scratch.stream.base, scratch.addend.base] {
        (rows + target * shape.hidden).update(from: rows + row * shape.hidden, count: shape.hidden)
      }
    }
  }

  private func multiply(
    _ products: [(matrix: PackedMatrix, target: UnsafeMutablePointer<Float>, stride: Int)], _ kind: KernelRun.Kind, _ layer: Int?,
    _ scratch: inout ForwardScratch
  ) {
    let start = scratch.log.now
    PackedMatrix.multiply(products, by: scratch.activations, pool: scratch.pool, path: scratch.path)
    let count = scratch.activations.count
    var (weights, bytes, panels) = (0, scratch.activations.bytes, 0)
    for (matrix, _, _) in products {
      weights += matrix.rows * matrix.columns
      bytes += matrix.bytes + matrix.rows * count * 4
      panels += (matrix.rows + 15) / 16
    }
    scratch.log.record(kind, layer, since: start, operations: 2 * weights * count, bytes: bytes, pieces: panels)
  }
}

/// Rows in tiles of eight, shared by the threads where there are several.
private func eachTile(_ rows: Int, _ pool: ThreadPool, _ body: (Range<Int>) -> Void) {
  if rows <= 8 { return body(0..<rows) }
  pool.parallelFor((rows + 7) / 8) { tiles, _ in
    for tile in tiles { body(tile * 8..<min(rows, tile * 8 + 8)) }
  }
}
