import Core

extension WorkloadLine {
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
}
