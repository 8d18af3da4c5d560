public import Core
public import KVMemory

/// How well a model foretells the second part of a text when it keeps only a part of its keys and values.
public struct RetentionScore: Equatable, Sendable {
  public var score = TextScore()
  /// Slots with keys and values, in whole where all elements are stored, and tokens read, summed over the tokens foretold.
  public var slots = 0.0
  public var computed = 0
  /// Of the keys and values that would be there, the part that is, on average; 0...1.
  public var keptFraction: Double { slots / Double(max(1, computed)) }
}

extension LocalModel {
  /// Reads a text in windows as a server does: of each the first part whole, as a prompt, the rest token by token, and before
  /// each of these the policy gives up what it would. Only the rest is foretold.
  ///
  /// - Parameters:
  ///   - protected: Tokens at the beginning of each window that stay in any case.
  ///   - prompt: Tokens of a window that are read whole; nil for half of them.
  public func scores(
    of tokens: [TokenID], retaining policies: [any Retention], protected: Int = 0, format: KVFormat = .f16, window: Int = 512,
    prompt: Int? = nil
  ) -> [RetentionScore] {
    let window = min(window, shape.contextLength, tokens.count)
    let prompt = min(prompt ?? window / 2, window - 1)
    var scores = policies.map { _ in RetentionScore() }
    for start in stride(from: 0, through: tokens.count - window, by: window) {
      let read = Array(tokens[start..<start + window])
      let exact = exactRows(of: read, from: prompt - 1)
      for (number, policy) in policies.enumerated() {
        foretell(read, prompt, policy, protected, format, exact, &scores[number])
      }
    }
    return scores
  }

  /// What the exact cache says after each token from `first` on, but the last.
  private func exactRows(of tokens: [TokenID], from first: Int) -> [TextScore.Rows] {
    let blocks = (tokens.count + 15) / 16
    var cache = KVStore(shape, blockCount: blocks, tokensPerBlock: 16)
    let table = (0..<BlockID(blocks)).map { $0 }
    var rows: [TextScore.Rows] = []
    var begin = 0
    while begin < tokens.count - 1 {
      let end = begin < first ? first : min(begin + 64, tokens.count - 1)
      let span = SequenceSpan(
        tokens: Array(tokens[begin..<end]), first: begin, table: table, logits: begin < first ? 0..<0 : 0..<end - begin)
      workspace.use { scratch in
        let logits = weights.forward([span], in: &cache, scratch: &scratch)
        for row in stride(from: 0, to: logits.count, by: shape.vocabulary) {
          var one = Array(logits[row..<row + shape.vocabulary])
          rows.append(TextScore.Rows(&one, vocabulary: shape.vocabulary, path: scratch.path))
        }
      }
      begin = end
    }
    return rows
  }

  private func foretell(
    _ tokens: [TokenID], _ prompt: Int, _ policy: any Retention, _ protected: Int, _ format: KVFormat, _ exact: [TextScore.Rows],
    _ score: inout RetentionScore
  ) {
    let blocks = 2 * ((tokens.count + 15) / 16) + 2
    let format = policy.format ?? format
    var device = CPUDevice(self, blockCount: blocks, tokensPerBlock: 16)
    if format != .f16 {
      device.cache = KVStore(
        shape, blockCount: blocks, tokensPerBlock: 16, format: format, order: format == .bfp8 ? keyOrder() : nil)
    }
    var memory = KVCache(blockCount: blocks, tokensPerBlock: 16, reusesPrefixes: false)
    memory.makeTables(count: 1)
    var taken: [BlockID] = []
    var request = Request(
      id: RequestID(0), arrival: Arrival(time: .zero, prompt: Prompt(Array(tokens[..<prompt])), outputLimit: tokens.count - prompt))
    var position = 0
    while position < tokens.count - 1 {
      let count = position == 0 ? prompt : 1
      request.computed = position
      var work = Retaining(policy: policy.choice, protected: protected, watch: policy.watch)
      work.running = [request.id]
      if position > 0, let order = policy.order(memory.holding(0, request: request, protected: protected)),
        let compaction = memory.compact(0, request: request, order)
      {
        work.compactions = [compaction]
      }
      memory.allocate(0, slots: position + count, into: &taken)
      let table = memory.tables[0]
      var batch = Batch(slots: [
        Batch.Slot(
          request: request.id, first: position, count: count, promptCount: prompt, outputs: max(0, position - prompt), samples: true,
          dropped: Int(table.dropped))
      ])
      batch.retaining = work
      _ = device.giveUp(work)
      if let fold = table.fold { work.folded = [Retaining.Folded(request: request.id, fold: fold)] }
      let recorder = device.recorder(work, batch, spans: [0], count: 1)
      var span = SequenceSpan(
        tokens: Array(tokens[position..<position + count]), first: position, table: table.blocks, logits: count - 1..<count,
        dropped: Int(table.dropped))
      span.folded = device.foldedTable(of: request.id, work)
      var watch = StepWatch(workspace)
      var logits = device.forward([span], watchedBy: recorder, &watch).logits
      if recorder != nil { device.noteWatched(batch) }
      position += count
      let rows = TextScore.Rows(&logits, vocabulary: shape.vocabulary, path: .best)
      score.score.add(rows, beside: exact[position - prompt], next: [tokens[position]])
      let full = position / 16 * 16
      score.slots += Double(position - Int(table.dropped)) - Double(full) * (1 - format.elementShare(headWidth: shape.headWidth))
      score.computed += position
    }
    score.score.bytesPerToken = device.cache.bytesPerToken
    score.score.bitsPerElement = format.bitsPerElement(headWidth: shape.headWidth)
  }
}

extension LocalModel {
  /// Reads a prompt and gives up once, as before its first token: of each position, the part of all heads that keep it, 0...1.
  public func keptShares(of prompt: [TokenID], retaining policy: any Retention, protected: Int = 0) throws -> [Double] {
    let blocks = 2 * ((prompt.count + 15) / 16) + 2
    var device = CPUDevice(self, blockCount: blocks, tokensPerBlock: 16)
    var memory = KVCache(blockCount: blocks, tokensPerBlock: 16, reusesPrefixes: false)
    memory.makeTables(count: 1)
    var taken: [BlockID] = []
    memory.allocate(0, slots: prompt.count + 1, into: &taken)
    var request = Request(id: RequestID(0), arrival: Arrival(time: .zero, prompt: Prompt(prompt), outputLimit: 1))
    var work = Retaining(policy: policy.choice, protected: protected, watch: policy.watch)
    work.running = [request.id]
    var batch = Batch(
      slots: [Batch.Slot(request: request.id, first: 0, count: prompt.count, promptCount: prompt.count, outputs: 0, samples: true)],
      contents: [Batch.Content(tokens: prompt, table: memory.tables[0].blocks)])
    batch.retaining = work
    _ = try device.execute(batch)
    request.computed = prompt.count
    guard let order = policy.order(memory.holding(0, request: request, protected: protected)),
      let compaction = memory.compact(0, request: request, order)
    else { return [Double](repeating: 1, count: prompt.count) }
    if let cut = compaction.cut {
      return prompt.indices.map { $0 / 16 >= cut.lowerBound && $0 / 16 < cut.upperBound ? 0 : 1 }
    }
    work.compactions = [compaction]
    _ = device.giveUp(work)
    if let fold = compaction.fold { return device.kept(fold, computed: prompt.count, tokensPerBlock: 16)?.shares ?? [] }
    return device.kept(of: request.id, computed: prompt.count)?.shares ?? []
  }
}
