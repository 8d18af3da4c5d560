import Core

/// `{"input_toks", "output_toks", "arrival_time_ns", "input_tok_ids"?}`, a line for each request.
///
/// Token ids make the prompt literal, so equal beginnings can be shared; without them
/// it is private. Agentic rows (`sub_requests`) are left out and counted: each call waits for
/// the answer to the one before, and a list of fixed arrival times cannot say that.
struct LLMServingSimFormat: TraceFormat {
  static let descriptor = Descriptor(
    name: "llmservingsim", summary: "LLMServingSim 2.0 flat requests (JSON Lines), with token ids where they are given",
    source: "casys-kaist/LLMServingSim docs/workloads/jsonl-format.md")
  static let required = ["input_toks", "output_toks", "arrival_time_ns", "sub_requests"]
  static let layout = TraceLayout.lines

  private var ids: [TokenID] = []

  mutating func read(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) throws(RowFault) -> RowOutcome {
    var scanner = JSONScanner(line)
    var time: Int64?
    var input: Int?
    var output: Int?
    var hasIDs: Bool?
    try scanner.expect(UInt8(ascii: "{"), "at the start of the line")
    var isFirst = true
    while let key = try scanner.nextKey(&isFirst) {
      if key.equals("arrival_time_ns") {
        try once(&time, scanner.time("arrival_time_ns", decimals: 0), "arrival_time_ns")
      } else if key.equals("input_toks") {
        try once(&input, scanner.tokens("input_toks"), "input_toks")
      } else if key.equals("output_toks") {
        try once(&output, scanner.tokens("output_toks"), "output_toks")
      } else if key.equals("input_tok_ids") {
        try once(&hasIDs, true, "input_tok_ids")
        try scanner.tokenIDs(into: &ids, "input_tok_ids")
      } else if key.equals("sub_requests") {
        return .session
      } else {
        try scanner.skipValue()
      }
    }
    try scanner.finish()
    let moment = try need(time, "arrival_time_ns")
    let tokens = try need(input, "input_toks")
    let outputTokens = try need(output, "output_toks")
    guard hasIDs == true else {
      return .request(Row(time: moment, prompt: Prompt(TokenRun(.own(context.row), count: tokens)), output: outputTokens))
    }
    guard ids.count == tokens else {
      throw RowFault("input_tok_ids", "\(ids.count) ids for \(tokens) tokens")
    }
    return .request(Row(time: moment, prompt: Prompt(ids), output: outputTokens))
  }
}

extension JSONScanner {
  /// An array of token ids, each 0 ..< 2³¹, into `ids`, which is emptied first.
  mutating func tokenIDs(into ids: inout [TokenID], _ field: String) throws(RowFault) {
    ids.removeAll(keepingCapacity: true)
    guard take(UInt8(ascii: "[")) else { throw RowFault(field, "not an array of token ids") }
    var isFirst = true
    while try nextElement(&isFirst) {
      guard let value = try number(field).whole, value >= 0, let id = TokenID(exactly: value) else {
        throw RowFault(field, "token \(ids.count + 1) is not in 0 ..< 2147483648")
      }
      guard ids.count < TraceLimits.tokens else {
        throw RowFault(field, "over the reader's limit of \(TraceLimits.tokens) tokens")
      }
      ids.append(id)
    }
  }
}
