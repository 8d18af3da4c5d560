import Core

/// A prompt known by the ids of its blocks: equal ids at the start of two prompts mean equal tokens.
enum BlockPrompt {
  /// The ids of a JSON array into `ids`, which is emptied first.
  static func read(_ scanner: inout JSONScanner, into ids: inout [UInt64], _ field: String) throws(RowFault) {
    ids.removeAll(keepingCapacity: true)
    guard scanner.take(UInt8(ascii: "[")) else { throw RowFault(field, "not an array of block ids") }
    var isFirst = true
    while try scanner.nextElement(&isFirst) {
      guard let id = try scanner.number(field).wholeUnsigned else {
        throw RowFault(field, "id \(ids.count + 1) is not a whole number of 64 bits")
      }
      ids.append(id)
    }
  }

  /// Each id stands for one block of tokens; the last is cut at the end of the prompt.
  ///
  /// With fewer ids than the length needs, what they do not cover is private to the
  /// row; surplus ids are left out. Both are doubts, not errors.
  static func prompt(
    _ ids: [UInt64], tokens: Int, tokensPerBlock: Int, _ context: inout RowContext
  ) -> Prompt {
    let blocks = (tokens + tokensPerBlock - 1) / tokensPerBlock
    if ids.count != blocks {
      context.warn(
        "hash_ids",
        "\(ids.count) ids for \(tokens) tokens, \(blocks) blocks of \(tokensPerBlock) expected; "
          + (ids.count < blocks ? "the rest of the prompt is taken as private" : "the surplus is left out"))
    }
    var runs: [TokenRun] = []
    runs.reserveCapacity(min(ids.count, blocks) + 1)
    var remaining = tokens
    for id in ids {
      if remaining == 0 { break }
      let count = min(tokensPerBlock, remaining)
      runs.append(TokenRun(.shared(id), count: count))
      remaining -= count
    }
    if remaining > 0 { runs.append(TokenRun(.own(context.row), count: remaining)) }
    return Prompt(runs)
  }
}
