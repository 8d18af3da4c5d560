public import Core

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the lossy cache in use does to tokens, measured: one request in so many goes through the same layers a second time,
/// with keys and values of its own in half precision, all of them kept and all of them read.
///
/// Its text is that of the lossy cache; only what would have come next is compared. It takes time beside the step's, and is
/// told apart from it. A request that it has not met from the beginning is read in parts, and compared when it has
/// caught up.
extension CPUDevice {
  /// Whether tokens can differ from those of an exact cache that is read whole.
  var isLossy: Bool { cache.format.isLossy || leavesKeysOut || isRetaining }

  func isShadowed(_ request: RequestID) -> Bool {
    guard isLossy, let shadowRate, shadowRate > 0 else { return false }
    return request.index % shadowRate == 0
  }

  public func wantsHistory(of request: RequestID) -> Bool { isShadowed(request) }

  /// Tokens of a request that is being caught up with that a step reads at most.
  private static let catchUp = 512

  /// - Parameters:
  ///   - tap: What attention gave to the rows of `logits`; nil when nobody is to be compared.
  ///   - rows: Of each slot its first row of `logits`, the one after its last known token; nil where it has none.
  mutating func shadow(
    _ batch: Batch, _ contents: [Batch.Content], _ logits: [Float], _ tap: AttentionTap?, rows: [Int?], _ outcome: inout BatchOutcome
  ) {
    let slots = batch.slots.indices.filter { isShadowed(batch.slots[$0].request) && !contents[$0].tokens.isEmpty }
    guard !slots.isEmpty else { return exactMemory = nil }
    let start = ContinuousClock.now
    var memory = exactMemory ?? DraftMemory(model.shape)
    exactMemory = nil
    memory.keep(batch.slots.map(\.request))
    var spans: [SequenceSpan] = []
    var compared: [(slot: Int, row: Int)] = []
    for number in slots {
      let (slot, content) = (batch.slots[number], contents[number])
      let known = Int(slot.first) + content.tokens.count - Int(slot.drafts)
      guard content.before.count == Int(slot.first), let sequence = memory.open(slot.request, tokens: known), sequence.computed < known
      else { continue }
      let end = min(known, sequence.computed + Self.catchUp)
      let text = content.before + content.tokens
      let isThere = end == known && rows[number] != nil
      spans.append(
        SequenceSpan(
          tokens: Array(text[sequence.computed..<end]), first: sequence.computed, table: sequence.table,
          logits: isThere ? end - sequence.computed - 1..<end - sequence.computed : 0..<0))
      if isThere, let row = rows[number] { compared.append((number, row)) }
      memory.setComputed(end, of: slot.request)
    }
    let (exact, exactTap) = model.workspace.use { scratch in
      scratch.tap = AttentionTap(model.shape)
      defer { scratch.tap = nil }
      return (model.weights.forward(spans, in: &memory.store, scratch: &scratch), scratch.tap)
    }
    exactMemory = memory
    let vocabulary = model.shape.vocabulary
    for (exactRow, (number, row)) in compared.enumerated() {
      let slot = batch.slots[number]
      let (divergence, agrees) = Self.divergence(
        of: logits[row * vocabulary..<(row + 1) * vocabulary], from: exact[exactRow * vocabulary..<(exactRow + 1) * vocabulary])
      outcome.deviations.append(
        Deviation(
          request: slot.request, position: Int(slot.first) + contents[number].tokens.count - Int(slot.drafts) - 1, divergence: divergence,
          agrees: agrees, attention: exactTap.flatMap { tap?.errors(of: row, against: $0, row: exactRow) } ?? []))
    }
    outcome.shadowing = EngineTime(.now - start)
  }

  /// Σ p · ln(p ÷ q) of two rows of logits, p the exact one's softmax; and whether their largest is the same token.
  public static func divergence(of lossy: ArraySlice<Float>, from exact: ArraySlice<Float>) -> (nats: Double, agrees: Bool) {
    func scale(_ row: ArraySlice<Float>) -> (logarithm: Double, top: Int) {
      var top = row.startIndex
      for index in row.indices where row[index] > row[top] { top = index }
      let most = Double(row[top])
      return (most + log(row.reduce(0) { $0 + exp(Double($1) - most) }), top - row.startIndex)
    }
    let (p, q) = (scale(exact), scale(lossy))
    var sum = 0.0
    for (truth, own) in zip(exact, lossy) {
      let logarithm = Double(truth) - p.logarithm
      sum += exp(logarithm) * (logarithm - (Double(own) - q.logarithm))
    }
    return (max(0, sum), p.top == q.top)
  }
}
