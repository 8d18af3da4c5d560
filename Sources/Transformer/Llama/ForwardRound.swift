import Core

/// The part of a ragged batch that goes through the layers together, as rows: one for each token, spans one after the other.
struct ForwardRound {
  /// Rows of one span, whose tokens have consecutive positions.
  struct Part {
    var rows: Range<Int>
    var first: Int
    /// Slot of the first one's key.
    var slot: Int
    /// Slots before it will not change any more: where the span begins, of which this may be a later piece, or its drafts.
    var begin: Int
    var table: [BlockID]
    /// Number of the span.
    var span: Int
    var isDecode: Bool
    var folded: FoldedTable?
    /// Of the rows.
    var copies: [SequenceSpan.Copy] = []
  }

  var tokens: [TokenID] = []
  /// Absolute, of each row.
  var positions: [Int] = []
  var parts: [Part] = []
  /// Rows whose logits are wanted.
  var wanted: [Int] = []

  /// Cuts a batch into rounds of at most `rows` tokens. A cut prompt's first part is in the cache before the second begins.
  ///
  /// - Parameter beginsPrompts: A prompt that does not fit into a round begins one: where it is cut does not depend on others.
  static func rounds(
    of spans: [SequenceSpan], rows: Int, shape: LlamaShape, tokensPerBlock: Int, beginsPrompts: Bool = false
  ) -> [ForwardRound] {
    var rounds = [ForwardRound()]
    for (number, span) in spans.enumerated() {
      let end = span.first + span.tokens.count
      require(
        span.first >= span.dropped && end - span.dropped <= span.table.count * tokensPerBlock,
        "\(end - span.dropped) slots in \(span.table.count) blocks")
      require(
        span.logits.lowerBound >= 0 && span.logits.upperBound <= span.tokens.count,
        "logits of \(span.logits) of \(span.tokens.count) tokens")
      if beginsPrompts, rounds[rounds.count - 1].tokens.count + min(span.tokens.count, rows) > rows { rounds.append(ForwardRound()) }
      var offset = 0
      while offset < span.tokens.count {
        if rounds[rounds.count - 1].tokens.count == rows { rounds.append(ForwardRound()) }
        let count = min(rows - rounds[rounds.count - 1].tokens.count, span.tokens.count - offset)
        rounds[rounds.count - 1].append(span, number, offset..<offset + count, vocabulary: shape.vocabulary)
        offset += count
      }
    }
    return rounds.filter { !$0.tokens.isEmpty }
  }

  private mutating func append(_ span: SequenceSpan, _ number: Int, _ range: Range<Int>, vocabulary: Int) {
    let row = tokens.count
    let begin = span.first - span.dropped
    parts.append(
      Part(
        rows: row..<row + range.count, first: span.first + range.lowerBound, slot: begin + range.lowerBound,
        begin: (span.begin ?? span.first) - span.dropped, table: span.table, span: number, isDecode: span.isDecode,
        folded: span.folded))
    for copy in span.copies where copy.count > range.lowerBound {
      let count = min(copy.count - range.lowerBound, range.count)
      parts[parts.count - 1].copies.append(SequenceSpan.Copy(count: count, table: copy.table))
    }
    for index in range {
      let token = span.tokens[index]
      require(token >= 0 && Int(token) < vocabulary, "token \(token) of a vocabulary of \(vocabulary)")
      tokens.append(token)
      positions.append(span.first + index)
      if span.logits.contains(index) { wanted.append(row + index - range.lowerBound) }
    }
  }
}
