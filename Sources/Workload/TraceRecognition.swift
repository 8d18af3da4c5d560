import Core

/// What a file is, told by how it begins.
enum TraceRecognition {
  /// Bytes looked at: enough for the keys of a first line, whatever their order in most files.
  static let window = 64 << 10

  typealias Answer = Result<any TraceFormat.Type, TraceError.Problem>

  static func format(of start: UnsafeRawBufferPointer) -> Answer {
    if start.isEmpty { return .failure(.emptyFile) }
    if let encoding = encoding(of: start) { return .failure(.encoding(encoding)) }
    var at = 0
    var first: UnsafeRawBufferPointer?
    // A damaged or commented first line must not hide what the next ones are.
    var tries = 0
    while at < start.count, tries < 20 {
      var end = at
      while end < start.count, start[end] != 0x0a, start[end] != 0x0d { end += 1 }
      let line = start.part(at..<end).trimmed
      if !line.isEmpty {
        if first == nil { first = line }
        tries += 1
        if let answer = recognise(line, rest: start.part(at..<start.count)) { return answer }
      }
      at = end + 1
    }
    guard let first else { return .failure(.noHeader) }
    return .failure(.unknownFormat(first.excerpt))
  }

  private static func encoding(of start: UnsafeRawBufferPointer) -> String? {
    if start.count >= 2 {
      switch (start[0], start[1]) {
      case (0xff, 0xfe), (0xfe, 0xff): return "UTF-16"
      case (0x1f, 0x8b): return "gzip data"
      case (0x28, 0xb5): return "zstd data"
      case (UInt8(ascii: "P"), UInt8(ascii: "K")) where start.count > 3 && start[2] < 9: return "a zip archive"
      default: break
      }
    }
    // UTF-16 without its mark: every other byte of plain text is zero.
    let sample = start.prefix(64)
    if sample.count >= 8, sample.filter({ $0 == 0 }).count * 3 >= sample.count { return "UTF-16 or binary data" }
    return nil
  }

  private static func recognise(_ line: UnsafeRawBufferPointer, rest: UnsafeRawBufferPointer) -> Answer? {
    switch line[0] {
    case UInt8(ascii: "{"): return object(JSONOutline(rest))
    case UInt8(ascii: "["):
      // A log line may begin with its time in brackets.
      if let problem = KnownFile.text(line), line.count > 1, line[1] &- UInt8(ascii: "0") < 10 { return .failure(problem) }
      return array(JSONOutline(rest))
    case UInt8(ascii: "#"): return KnownFile.text(line).map { .failure($0) }
    default:
      let answer = table(line)
      if case .success? = answer { return answer }
      return KnownFile.text(line).map { .failure($0) } ?? answer
    }
  }

  private static func object(_ outline: JSONOutline) -> Answer? {
    if let schema = outline.schema {
      if schema.begins(with: "workbench.recording/") { return .failure(.recording) }
      if schema.begins(with: "workbench.workload/") { return .success(WorkloadFormat.self) }
    }
    let keys = outline.keys
    let common = ["timestamp", "input_length", "output_length", "hash_ids"].filter(keys.contains).count
    if common >= 2 || (common == 1 && keys.contains("hash_ids")) {
      return .success(keys.contains("chat_id") || keys.contains("parent_chat_id") ? QwenFormat.self : MooncakeFormat.self)
    }
    if keys.contains("sub_requests") || keys.contains("arrival_time_ns")
      || (keys.contains("input_toks") && keys.contains("output_toks"))
    {
      return .success(LLMServingSimFormat.self)
    }
    return KnownFile.object(keys).map { .failure($0) }
  }

  private static func array(_ outline: JSONOutline) -> Answer? {
    if case .success(let format)? = object(outline) {
      return .failure(
        .notAWorkload(
          what: "a JSON array of \(format.descriptor.name) rows",
          wayOut: "write JSON Lines, one object a line (jq -c '.[]')"))
    }
    return KnownFile.array(outline.keys).map { .failure($0) }
  }

  private static func table(_ line: UnsafeRawBufferPointer) -> Answer? {
    let columns = ColumnMap(line)
    let tables = TraceFormats.all.filter { $0.layout == .table }
    if let format = tables.first(where: { columns.missing($0.required).isEmpty }) { return .success(format) }
    // Some, but not all: say what is missing of the format that fits best.
    let best = tables.max { $0.required.count - columns.missing($0.required).count < $1.required.count - columns.missing($1.required).count }
    if let best, columns.missing(best.required).count < best.required.count {
      let missing = columns.missing(best.required).joined(separator: ", ")
      return .failure(.columns(found: "\(columns.text), without \(missing)", expected: best.required, format: best.descriptor.name))
    }
    for separator in [UInt8(ascii: ";"), 0x09, UInt8(ascii: "|")] where line.contains(separator) {
      let columns = ColumnMap(line, separator: separator)
      if let format = tables.first(where: { columns.missing($0.required).isEmpty }) {
        let name = separator == 0x09 ? "a tab" : "\"\(Character(UnicodeScalar(separator)))\""
        return .failure(
          .columns(found: "one column, the separator is \(name)", expected: format.required, format: format.descriptor.name))
      }
    }
    return headless(line)
  }

  /// A table that begins with a row.
  private static func headless(_ line: UnsafeRawBufferPointer) -> Answer? {
    var fields = CommaFields()
    guard (try? fields.split(line)) != nil, fields.count > 1 else { return nil }
    let isRow = (0..<fields.count).allSatisfy { column in
      let field = fields.field(column, of: line)
      return WrittenNumber(field) != nil || CivilTime.nanoseconds(field) != nil || column > 2
    }
    guard isRow else {
      // Three unknown words over three columns are most likely meant as the plainest table there is.
      let hasDigit = line.contains { $0 &- UInt8(ascii: "0") < 10 }
      guard !hasDigit else { return nil }
      return .failure(
        .columns(found: ColumnMap(line).text, expected: AzureFormat.required, format: AzureFormat.descriptor.name))
    }
    if fields.count == 6 {
      return .failure(KnownFile.serveGen)
    }
    if fields.count == 3, CivilTime.nanoseconds(fields.field(0, of: line)) != nil {
      return .failure(.columns(found: "no header", expected: AzureFormat.required, format: AzureFormat.descriptor.name))
    }
    return .failure(.columns(found: "no header", expected: BurstGPTFormat.required, format: BurstGPTFormat.descriptor.name))
  }
}
