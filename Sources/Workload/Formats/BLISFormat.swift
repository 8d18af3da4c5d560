import Core

/// The CSV half of a BLIS TraceV2, read by column name.
///
/// Requests of one `prefix_group` begin with the same `prefix_length` tokens; the
/// prefix comes on top of `input_tokens`, as in that simulator's own replay. A request
/// that timed out is still a request; one without output tokens is a failed one, left
/// out and counted. `deadline_us` (0 is none) is when the client hangs up. The label is
/// `tenant_id/slo_class`.
struct BLISFormat: TraceFormat {
  static let descriptor = Descriptor(
    name: "blis", summary: "BLIS TraceV2 (CSV half): times, lengths, shared prefixes, tenants and service classes",
    source: "inference-sim/inference-sim sim/workload/tracev2.go")
  static let required = ["arrival_time_us", "input_tokens", "output_tokens"]
  static let layout = TraceLayout.table

  private var columns = ColumnMap()
  private var time = 0
  private var input = 0
  private var output = 0
  private var group: Int?
  private var prefix: Int?
  private var tenant: Int?
  private var service: Int?
  private var priority: Int?
  private var deadline: Int?
  private var fields = CommaFields()

  mutating func open(_ columns: ColumnMap) {
    self.columns = columns
    time = columns.column("arrival_time_us") ?? 0
    input = columns.column("input_tokens") ?? 0
    output = columns.column("output_tokens") ?? 0
    group = columns.column("prefix_group")
    prefix = columns.column("prefix_length")
    tenant = columns.column("tenant_id")
    service = columns.column("slo_class")
    priority = columns.column("vllm_priority")
    deadline = columns.column("deadline_us")
  }

  mutating func read(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) throws(RowFault) -> RowOutcome {
    try fields.split(line)
    try RowValues.width(fields.count, header: columns.width)
    let moment = try RowValues.time(fields.field(time, of: line), "arrival_time_us", decimals: 3)
    let inputTokens = try RowValues.tokens(fields.field(input, of: line), "input_tokens")
    if WrittenNumber(fields.field(output, of: line))?.whole == 0 { return .failed }
    let outputTokens = try RowValues.tokens(fields.field(output, of: line), "output_tokens")
    var row = Row(
      time: moment, prompt: try prompt(line, inputTokens: inputTokens, row: context.row), output: outputTokens)
    row.label = label(line, &context)
    if let priority {
      let text = fields.field(priority, of: line)
      if !text.isEmpty {
        guard let value = try RowValues.written(text, "vllm_priority").whole else {
          throw RowFault("vllm_priority", "\(text.excerpt) is not a whole number")
        }
        row.priority = value
      }
    }
    if let deadline, !fields.field(deadline, of: line).isEmpty {
      let limit = try RowValues.time(fields.field(deadline, of: line), "deadline_us", decimals: 3)
      if limit > moment { row.abort = limit }
    }
    return .request(row)
  }

  private func prompt(_ line: UnsafeRawBufferPointer, inputTokens: Int, row: Int) throws(RowFault) -> Prompt {
    let own = TokenRun(.own(row), count: inputTokens)
    guard let group, let prefix, !fields.field(group, of: line).isEmpty, !fields.field(prefix, of: line).isEmpty
    else { return Prompt(own) }
    let text = fields.field(prefix, of: line)
    let count = try RowValues.tokens(
      RowValues.written(text, "prefix_length"), "prefix_length", text.excerpt, least: 0)
    if count == 0 { return Prompt(own) }
    guard count + inputTokens <= TraceLimits.tokens else {
      throw RowFault("prefix_length", "prefix and input are over the reader's limit of \(TraceLimits.tokens) tokens")
    }
    var digest = Digest()
    digest.fold(String(decoding: fields.field(group, of: line), as: UTF8.self))
    return Prompt([TokenRun(.shared(digest.value), count: count), own])
  }

  private func label(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) -> UInt16 {
    let tenantText = tenant.map { fields.field($0, of: line) }
    let serviceText = service.map { fields.field($0, of: line) }
    switch (tenantText?.isEmpty == false ? tenantText : nil, serviceText?.isEmpty == false ? serviceText : nil) {
    case (let tenant?, let service?):
      return context.labels.number(
        of: String(decoding: tenant, as: UTF8.self) + "/" + String(decoding: service, as: UTF8.self))
    case (let one?, nil), (nil, let one?): return context.labels.number(of: one)
    case (nil, nil): return 0
    }
  }
}
