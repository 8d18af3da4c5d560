import Core

/// `TIMESTAMP,ContextTokens,GeneratedTokens`: 2023 with seven fractional digits, 2024 with a zone.
///
/// The rows have no text and no hint of sharing, so each prompt's tokens are its own.
/// A row of 0 prompt or 0 output tokens is a bad row: the published files have none.
struct AzureFormat: TraceFormat {
  static let descriptor = Descriptor(
    name: "azure", summary: "Azure LLM inference traces of 2023 and 2024 (CSV): times and lengths, no sharing",
    source: "Azure/AzurePublicDataset; Patel et al., ISCA 2024; Stojkovic et al., HPCA 2025")
  static let required = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"]
  static let layout = TraceLayout.table

  private var width = 0
  private var time = 0
  private var prompt = 0
  private var output = 0
  private var fields = CommaFields()

  mutating func open(_ columns: ColumnMap) {
    width = columns.width
    time = columns.column("TIMESTAMP") ?? 0
    prompt = columns.column("ContextTokens") ?? 0
    output = columns.column("GeneratedTokens") ?? 0
  }

  mutating func read(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) throws(RowFault) -> RowOutcome {
    try fields.split(line)
    try RowValues.width(fields.count, header: width)
    let written = fields.field(time, of: line)
    guard let moment = CivilTime.nanoseconds(written) else {
      throw RowFault("TIMESTAMP", "\(written.excerpt) is not a time of the form 2023-11-16 18:17:03.9799600")
    }
    let promptTokens = try RowValues.tokens(fields.field(prompt, of: line), "ContextTokens")
    let outputTokens = try RowValues.tokens(fields.field(output, of: line), "GeneratedTokens")
    let tokens = TokenRun(.own(context.row), count: promptTokens)
    return .request(Row(time: moment, prompt: Prompt(tokens), output: outputTokens))
  }
}
