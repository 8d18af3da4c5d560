import Core

/// `Timestamp,[Session ID,Elapsed time,]Model,Request tokens,Response tokens,Total tokens,Log Type`.
///
/// Both published layouts are read, since columns are found by name. The model is the
/// label. A response of 0 tokens is a failed request: it is left out and counted.
/// `Elapsed time` is not used: the file does not say how long the client would have waited.
struct BurstGPTFormat: TraceFormat {
  static let descriptor = Descriptor(
    name: "burstgpt", summary: "BurstGPT (CSV, both column layouts): times, lengths and models of a ChatGPT deployment",
    source: "HPMLL/BurstGPT release v1.2; Wang et al., 2024")
  static let required = ["Timestamp", "Model", "Request tokens", "Response tokens"]
  static let layout = TraceLayout.table

  private var width = 0
  private var time = 0
  private var model = 0
  private var prompt = 0
  private var output = 0
  private var total: Int?
  private var fields = CommaFields()

  mutating func open(_ columns: ColumnMap) {
    width = columns.width
    time = columns.column("Timestamp") ?? 0
    model = columns.column("Model") ?? 0
    prompt = columns.column("Request tokens") ?? 0
    output = columns.column("Response tokens") ?? 0
    total = columns.column("Total tokens")
  }

  mutating func read(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) throws(RowFault) -> RowOutcome {
    try fields.split(line)
    try RowValues.width(fields.count, header: width)
    let moment = try RowValues.time(fields.field(time, of: line), "Timestamp", decimals: 9)
    let promptTokens = try RowValues.tokens(fields.field(prompt, of: line), "Request tokens")
    let response = fields.field(output, of: line)
    if let number = WrittenNumber(response), number.whole == 0 { return .failed }
    let outputTokens = try RowValues.tokens(response, "Response tokens")
    if let total {
      let written = WrittenNumber(fields.field(total, of: line))?.whole
      if written != promptTokens + outputTokens {
        context.warn(
          "Total tokens",
          "\(fields.field(total, of: line).excerpt) is not \(promptTokens) + \(outputTokens); the sum is used")
      }
    }
    var row = Row(
      time: moment, prompt: Prompt(TokenRun(.own(context.row), count: promptTokens)), output: outputTokens)
    row.label = context.labels.number(of: fields.field(model, of: line))
    return .request(row)
  }
}
