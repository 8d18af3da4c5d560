import Core

/// `{"chat_id", "parent_chat_id", "timestamp", "input_length", "output_length", "type", "turn", "hash_ids"}`, a line for each request.
///
/// Times are seconds, ids stand for 16 tokens each, the type of the request is the
/// label. Parents are only checked (a wrong one is a doubt): what a turn shares with
/// the one before shows in the ids.
struct QwenFormat: TraceFormat {
  static let descriptor = Descriptor(
    name: "qwen-bailian", summary: "Qwen-Bailian usage traces (JSON Lines): times, lengths, types, ids of 16-token blocks",
    source: "alibaba-edu/qwen-bailian-usagetraces-anon; Wang et al., ATC 2025")
  static let required = ["chat_id", "parent_chat_id", "timestamp", "input_length", "output_length", "hash_ids"]
  static let layout = TraceLayout.lines
  static let tokensPerBlock = 16

  private var ids: [UInt64] = []
  private var chats: Set<Int> = []

  mutating func read(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) throws(RowFault) -> RowOutcome {
    var scanner = JSONScanner(line)
    var time: Int64?
    var input: Int?
    var output: Int?
    var hasIDs: Bool?
    var chat: Int?
    var parent: Int?
    var turn: Int?
    var type: UInt16?
    try scanner.expect(UInt8(ascii: "{"), "at the start of the line")
    var isFirst = true
    while let key = try scanner.nextKey(&isFirst) {
      if key.equals("timestamp") {
        try once(&time, scanner.time("timestamp", decimals: 9), "timestamp")
      } else if key.equals("input_length") {
        try once(&input, scanner.tokens("input_length"), "input_length")
      } else if key.equals("output_length") {
        try once(&output, scanner.tokens("output_length"), "output_length")
      } else if key.equals("hash_ids") {
        try once(&hasIDs, true, "hash_ids")
        try BlockPrompt.read(&scanner, into: &ids, "hash_ids")
      } else if key.equals("chat_id") {
        try once(&chat, scanner.whole("chat_id"), "chat_id")
      } else if key.equals("parent_chat_id") {
        try once(&parent, scanner.whole("parent_chat_id"), "parent_chat_id")
      } else if key.equals("turn") {
        try once(&turn, scanner.whole("turn"), "turn")
      } else if key.equals("type"), scanner.next == UInt8(ascii: "\"") {
        try once(&type, context.labels.number(of: scanner.string()), "type")
      } else {
        try scanner.skipValue()
      }
    }
    try scanner.finish()
    let moment = try need(time, "timestamp")
    let tokens = try need(input, "input_length")
    let outputTokens = try need(output, "output_length")
    if let parent, parent != -1, parent == chat || !chats.contains(parent) {
      context.warn("parent_chat_id", parent == chat ? "\(parent) is the chat itself" : "\(parent) has not come before")
    }
    if let turn, turn < 1 { context.warn("turn", "\(turn), turns count from 1") }
    if let chat { chats.insert(chat) }
    let prompt =
      hasIDs == true
      ? BlockPrompt.prompt(ids, tokens: tokens, tokensPerBlock: Self.tokensPerBlock, &context)
      : Prompt(TokenRun(.own(context.row), count: tokens))
    var row = Row(time: moment, prompt: prompt, output: outputTokens)
    row.label = type ?? 0
    return .request(row)
  }
}
