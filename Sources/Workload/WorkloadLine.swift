import Core

/// One request as one line of JSON, both ways. Workload files and recordings use it.
///
/// | member | value |
/// | --- | --- |
/// | `t_us` or `t_ns` | arrival, whole micro- or nanoseconds since the start of the run |
/// | `prompt` | `120`: that many tokens nobody shares · `[["s0",800],["p7",16,104]]`: runs · `[5,81,3]`: token ids |
/// | `output` | tokens it will produce, at least 1 |
/// | `priority` | lower is more urgent; 0 when absent |
/// | `abort_us` or `abort_ns` | when the client hangs up; never when absent |
/// | `label` | a name, or its number in the header's list; none when absent |
///
/// A run is `[stream, count]` or `[stream, start, count]`. A stream is `p7`, private
/// tokens of request 7; `s3`, text number 3 shared by those who name it; `a7`, what the
/// model answers to request 7; or `#` and the sixteen hexadecimal digits of its key.
/// The empty list is no tokens spelled out; `[[]]` is no runs.
public enum WorkloadLine {
  /// The line of `arrival`, request `number` of its trace, without a line end.
  public static func encode(_ arrival: Arrival, number: Int, labels: [String]) -> String {
    var bytes: [UInt8] = []
    append(arrival, number: number, labels: labels, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The same, behind what `bytes` holds.
  public static func append(_ arrival: Arrival, number: Int, labels: [String], to bytes: inout [UInt8]) {
    bytes += "{".utf8
    appendTime("t", arrival.time, to: &bytes)
    bytes += ",\"prompt\":".utf8
    appendPrompt(arrival.prompt, number: number, to: &bytes)
    bytes += ",\"output\":\(arrival.outputLimit)".utf8
    if arrival.priority != 0 { bytes += ",\"priority\":\(arrival.priority)".utf8 }
    if let abort = arrival.abortTime {
      bytes += ",".utf8
      appendTime("abort", abort, to: &bytes)
    }
    if arrival.label != 0 {
      bytes += ",\"label\":".utf8
      let index = Int(arrival.label)
      if index < labels.count, !labels[index].isEmpty, labels.firstIndex(of: labels[index]) == index {
        appendText(labels[index], to: &bytes)
      } else {
        bytes += "\(index)".utf8
      }
    }
    bytes += "}".utf8
  }

  /// The request of a line that `encode` wrote, or that a person did.
  public static func parse(_ line: String, number: Int, labels: [String]) throws(TraceFault) -> Arrival {
    let bytes = Array(line.utf8)
    return try bytes.withUnsafeBufferPointer { (buffer) throws(TraceFault) in
      try parse(UnsafeRawBufferPointer(buffer), number: number, labels: labels)
    }
  }

  public static func parse(
    _ line: UnsafeRawBufferPointer, number: Int, labels: [String]
  ) throws(TraceFault) -> Arrival {
    var table = LabelTable()
    table.replace(with: labels)
    do throws(RowFault) {
      let row = try Self.row(line, number: number, labels: &table)
      guard table.names.count == labels.count else { throw RowFault("label", "not one of the trace's labels") }
      return Arrival(row)
    } catch {
      throw TraceFault(line: nil, field: error.field, problem: error.problem)
    }
  }

  // MARK: - Reading

  static func row(
    _ line: UnsafeRawBufferPointer, number: Int, labels: inout LabelTable
  ) throws(RowFault) -> Row {
    var scanner = JSONScanner(line)
    var time: Int64?
    var abort: Int64?
    var prompt: Prompt?
    var output: Int?
    var priority: Int?
    var label: UInt16?
    try scanner.expect(UInt8(ascii: "{"), "at the start of the line")
    var isFirst = true
    while let key = try scanner.nextKey(&isFirst) {
      if key.equals("t_us") {
        try once(&time, scanner.time("t_us", decimals: 3), "t_us")
      } else if key.equals("t_ns") {
        try once(&time, scanner.time("t_ns", decimals: 0), "t_ns")
      } else if key.equals("prompt") {
        try once(&prompt, readPrompt(&scanner, number: number), "prompt")
      } else if key.equals("output") {
        try once(&output, scanner.tokens("output"), "output")
      } else if key.equals("priority") {
        try once(&priority, scanner.whole("priority"), "priority")
      } else if key.equals("abort_us") {
        try once(&abort, scanner.time("abort_us", decimals: 3), "abort_us")
      } else if key.equals("abort_ns") {
        try once(&abort, scanner.time("abort_ns", decimals: 0), "abort_ns")
      } else if key.equals("label") {
        try once(&label, readLabel(&scanner, &labels), "label")
      } else {
        throw RowFault(key.shown(24), "not a member of a request")
      }
    }
    try scanner.finish()
    var row = Row(
      time: try need(time, "t_us"), prompt: try need(prompt, "prompt"), output: try need(output, "output"))
    row.priority = priority ?? 0
    row.abort = abort
    row.label = label ?? 0
    return row
  }

  private static func readLabel(
    _ scanner: inout JSONScanner, _ labels: inout LabelTable
  ) throws(RowFault) -> UInt16 {
    if scanner.next == UInt8(ascii: "\"") { return labels.number(of: try scanner.text("label")) }
    let number = try scanner.whole("label")
    guard number >= 0, number < labels.names.count, let label = UInt16(exactly: number) else {
      throw RowFault("label", "\(number) is not in the header's list of \(labels.names.count)")
    }
    return label
  }

  private static func readPrompt(_ scanner: inout JSONScanner, number: Int) throws(RowFault) -> Prompt {
    guard scanner.next == UInt8(ascii: "[") else {
      return Prompt(TokenRun(.own(number), count: try scanner.tokens("prompt", least: 0)))
    }
    var ahead = scanner
    _ = ahead.take(UInt8(ascii: "["))
    if ahead.next == UInt8(ascii: "[") {
      scanner = ahead
      return Prompt(try readRuns(&scanner))
    }
    var ids: [TokenID] = []
    try scanner.tokenIDs(into: &ids, "prompt")
    return Prompt(ids)
  }

  private static func readRuns(_ scanner: inout JSONScanner) throws(RowFault) -> [TokenRun] {
    var runs: [TokenRun] = []
    var tokens = 0
    var isFirst = true
    while try scanner.nextElement(&isFirst) {
      guard scanner.take(UInt8(ascii: "[")) else { throw RowFault("prompt", "a run is [stream, count]") }
      if runs.isEmpty, scanner.take(UInt8(ascii: "]")) {
        guard scanner.take(UInt8(ascii: "]")) else { throw RowFault("prompt", "a run is [stream, count]") }
        return []
      }
      let stream = try readStream(try scanner.text("prompt"))
      try scanner.expect(UInt8(ascii: ","), "in a run")
      var start = 0
      var count = try scanner.tokens("prompt", least: 0)
      if scanner.take(UInt8(ascii: ",")) {
        start = count
        count = try scanner.tokens("prompt", least: 0)
      }
      try scanner.expect(UInt8(ascii: "]"), "at the end of a run")
      tokens += count
      guard tokens <= TraceLimits.tokens else {
        throw RowFault("prompt", "over the reader's limit of \(TraceLimits.tokens) tokens")
      }
      runs.append(TokenRun(stream, start: start, count: count))
    }
    return runs
  }

  private static func readStream(_ text: String) throws(RowFault) -> TokenStream {
    let digits = text.dropFirst()
    let isPlain = digits.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    switch text.utf8.first {
    case UInt8(ascii: "p"):
      if isPlain, let number = Int(digits), number < 1 << 56 { return .own(number) }
    case UInt8(ascii: "s"):
      if isPlain, let number = UInt64(digits) { return .shared(number) }
    case UInt8(ascii: "a"):
      if isPlain, let number = Int32(digits) { return .output(of: RequestID(Int(number))) }
    case UInt8(ascii: "#"):
      if let digest = Digest(hexadecimal: String(digits)) { return TokenStream(key: digest.value) }
    default: break
    }
    throw RowFault("prompt", "\(text.utf8.excerpt) is not a stream: p7, s3, a7, or # and 16 hexadecimal digits")
  }

  // MARK: - Writing

  private static func appendTime(_ name: String, _ time: EngineTime, to bytes: inout [UInt8]) {
    let (microseconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000)
    bytes += (rest == 0 ? "\"\(name)_us\":\(microseconds)" : "\"\(name)_ns\":\(time.nanoseconds)").utf8
  }

  private static func appendPrompt(_ prompt: Prompt, number: Int, to bytes: inout [UInt8]) {
    if let tokens = prompt.literal {
      bytes += "[".utf8
      for (position, token) in tokens.enumerated() { bytes += (position == 0 ? "\(token)" : ",\(token)").utf8 }
      bytes += "]".utf8
      return
    }
    let runs = prompt.runs ?? []
    if runs.count == 1, runs[0].stream == .own(number), runs[0].start == 0 {
      bytes += "\(runs[0].count)".utf8
      return
    }
    bytes += runs.isEmpty ? "[[]".utf8 : "[".utf8
    for (position, run) in runs.enumerated() {
      bytes += position == 0 ? "[\"".utf8 : ",[\"".utf8
      bytes += name(of: run.stream).utf8
      bytes += run.start == 0 ? "\",\(run.count)]".utf8 : "\",\(run.start),\(run.count)]".utf8
    }
    bytes += "]".utf8
  }

  /// Keys of shared streams cannot be turned back into numbers; the small numbers are looked up.
  private static let sharedNumbers: [UInt64: Int] = Dictionary(
    uniqueKeysWithValues: (0..<1_024).map { (TokenStream.shared(UInt64($0)).key, $0) })

  private static func name(of stream: TokenStream) -> String {
    let number = stream.key & 0xff_ffff_ffff_ffff
    switch stream.key >> 56 {
    case 1: return "p\(number)"
    case 2: if let number = sharedNumbers[stream.key] { return "s\(number)" }
    case 3: if number <= UInt64(Int32.max) { return "a\(number)" }
    default: break
    }
    return "#\(Digest(value: stream.key))"
  }

  static func appendText(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension Arrival {
  init(_ row: Row) {
    self.init(
      time: EngineTime(nanoseconds: row.time), prompt: row.prompt, outputLimit: row.output, priority: row.priority,
      abortTime: row.abort.map { EngineTime(nanoseconds: $0) }, label: row.label)
  }
}
