import Core

/// `{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, …]}`, a line for each request.
///
/// Times are milliseconds, fractions allowed. Ids stand for 512 tokens each. A row
/// without `hash_ids` is a prompt nobody shares. A key that stands twice is a bad row: the two values cannot both be meant.
struct MooncakeFormat: TraceFormat {
  static let descriptor = Descriptor(
    name: "mooncake", summary: "Mooncake traces (JSON Lines): times, lengths, ids of 512-token blocks",
    source: "kvcache-ai/Mooncake FAST25-release; Qin et al., FAST 2025")
  static let required = ["timestamp", "input_length", "output_length", "hash_ids"]
  static let layout = TraceLayout.lines
  static let tokensPerBlock = 512

  private var ids: [UInt64] = []
  private var fractions = 0
  private var latest: Int64 = 0

  mutating func read(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) throws(RowFault) -> RowOutcome {
    var scanner = JSONScanner(line)
    var time: Int64?
    var input: Int?
    var output: Int?
    var hasIDs: Bool?
    try scanner.expect(UInt8(ascii: "{"), "at the start of the line")
    var isFirst = true
    while let key = try scanner.nextKey(&isFirst) {
      if key.equals("timestamp") {
        try once(&time, scanner.time("timestamp", decimals: 6), "timestamp")
      } else if key.equals("input_length") {
        try once(&input, scanner.tokens("input_length"), "input_length")
      } else if key.equals("output_length") {
        try once(&output, scanner.tokens("output_length"), "output_length")
      } else if key.equals("hash_ids") {
        try once(&hasIDs, true, "hash_ids")
        try BlockPrompt.read(&scanner, into: &ids, "hash_ids")
      } else {
        try scanner.skipValue()
      }
    }
    try scanner.finish()
    let moment = try need(time, "timestamp")
    let tokens = try need(input, "input_length")
    let outputTokens = try need(output, "output_length")
    latest = max(latest, moment)
    if moment % 1_000_000 != 0 { fractions += 1 }
    let prompt =
      hasIDs == true
      ? BlockPrompt.prompt(ids, tokens: tokens, tokensPerBlock: Self.tokensPerBlock, &context)
      : Prompt(TokenRun(.own(context.row), count: tokens))
    return .request(Row(time: moment, prompt: prompt, output: outputTokens))
  }

  /// The published files have whole milliseconds over most of an hour.
  func finish(_ context: inout RowContext) {
    if fractions > 0 && latest < 10_000_000_000 {
      context.line = 0
      context.warn(
        "timestamp",
        "fractions of milliseconds, and all within \(latest / 1_000_000 + 1) ms: read as milliseconds; "
          + "if they are seconds, slow the trace down with a rate scale of 0.001")
    }
  }
}
