import Core

/// Reads a trace from bytes that come in pieces of any size.
///
/// ```
/// var reader = TraceReader(name: "azure.csv", options: TraceOptions())
/// while let piece = file.next(), !reader.isComplete { try reader.feed(piece) }
/// let reading = try reader.finish()
/// ```
///
/// The format is told by the content. A line ends at LF, CR LF or CR, so no choice of
/// line ends makes one giant row. A strict reader throws at the first bad row; a
/// lenient one skips it, counts it, and keeps the first thousand to be shown. What
/// concerns the file as a whole throws always.
public struct TraceReader {
  public let name: String
  public let options: TraceOptions
  /// True when the limit is reached: further bytes change nothing.
  public private(set) var isComplete = false

  /// The start of the file, until its format is known.
  private var head: [UInt8] = []
  private var format: (any TraceFormat)?
  private var hasHeader = false
  /// The beginning of a line whose end has not come yet.
  private var carry: [UInt8] = []
  private var carryIsTooLong = false
  /// The last byte was the CR of a possible CR LF.
  private var endedWithCR = false
  private var context = RowContext()
  private var arrivals: [Arrival] = []
  /// Row of each arrival, where requests can name each other.
  private var rows: [Int32] = []
  private var skipped = 0
  private var rejected: [TraceFault] = []
  private var rejectedCount = 0
  private var failedCount = 0
  private var firstFailedLine = 0
  private var latest = Int64.min
  private var earlyCount = 0
  private var firstEarlyLine = 0

  public init(name: String, options: TraceOptions) {
    self.name = name
    self.options = options
    isComplete = options.limit == 0
  }

  public static func read(
    _ bytes: [UInt8], name: String, options: TraceOptions = TraceOptions()
  ) throws(TraceError) -> TraceReading {
    var reader = TraceReader(name: name, options: options)
    try bytes.withUnsafeBufferPointer { (buffer) throws(TraceError) in
      try reader.feed(UnsafeRawBufferPointer(buffer))
    }
    return try reader.finish()
  }

  public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(TraceError) {
    if format != nil {
      if !isComplete { try consume(bytes) }
      return
    }
    head.append(contentsOf: bytes)
    if head.count >= TraceRecognition.window { try begin(isWhole: false) }
  }

  public mutating func finish() throws(TraceError) -> TraceReading {
    if format == nil { try begin(isWhole: true) }
    if !carry.isEmpty || carryIsTooLong, !isComplete { try endCarriedLine() }
    guard let format else { throw error(.emptyFile) }
    let kind = type(of: format)
    if kind.layout == .table && !hasHeader && !isComplete { throw error(.noHeader) }
    format.finish(&context)
    let trace = try placed(kind)
    summarise()
    return TraceReading(
      trace: trace, format: kind.descriptor, rejected: rejected, rejectedCount: rejectedCount, failedCount: failedCount,
      warnings: context.warnings, warningCount: context.warningCount)
  }

  private func error(_ problem: TraceError.Problem) -> TraceError { TraceError(file: name, problem: problem) }

  // MARK: - The start

  private mutating func begin(isWhole: Bool) throws(TraceError) {
    try check(options)
    var bytes: [UInt8] = []
    swap(&bytes, &head)
    try bytes.withUnsafeBufferPointer { (buffer) throws(TraceError) in
      var start = UnsafeRawBufferPointer(buffer)
      if start.count >= 3, start[0] == 0xef, start[1] == 0xbb, start[2] == 0xbf { start = start.part(3..<start.count) }
      format = try kind(start, isWhole: isWhole).init()
      if !isComplete { try consume(start) }
    }
  }

  private func kind(_ start: UnsafeRawBufferPointer, isWhole: Bool) throws(TraceError) -> any TraceFormat.Type {
    var named: (any TraceFormat.Type)?
    if let name = options.format {
      named = TraceFormats.named(name)
      if named == nil { throw error(.unknownFormatName(name)) }
    }
    switch (TraceRecognition.format(of: start, isWhole: isWhole), named) {
    case (.success(let format), nil): return format
    case (.failure(let problem), nil): throw error(problem)
    case (.failure(.emptyFile), _): throw error(.emptyFile)
    case (.failure(.noHeader), _): throw error(.noHeader)
    case (.failure(.encoding(let encoding)), _): throw error(.encoding(encoding))
    case (_, let format?): return format
    }
  }

  private func check(_ options: TraceOptions) throws(TraceError) {
    guard options.rateScale.isFinite, options.rateScale > 0 else {
      throw error(.option("rate scale", "\(options.rateScale) is not a positive number"))
    }
    guard options.skip >= 0 else { throw error(.option("skip", "\(options.skip) is negative")) }
    guard (options.limit ?? 0) >= 0 else { throw error(.option("limit", "\(options.limit ?? 0) is negative")) }
    if case .poisson(let rate) = options.arrivals, !(rate.isFinite && rate > 0) {
      throw error(.option("arrivals", "a rate of \(rate) requests a second is not a positive number"))
    }
  }

  // MARK: - Lines

  private mutating func consume(_ bytes: UnsafeRawBufferPointer) throws(TraceError) {
    var at = 0
    if endedWithCR, let first = bytes.first {
      endedWithCR = false
      if first == 0x0a { at = 1 }
    }
    while at < bytes.count {
      guard let end = Self.lineEnd(bytes, from: at) else {
        keep(bytes.part(at..<bytes.count))
        return
      }
      if carry.isEmpty && !carryIsTooLong {
        try line(bytes.part(at..<end))
      } else {
        keep(bytes.part(at..<end))
        try endCarriedLine()
      }
      if isComplete { return }
      at = end + 1
      if bytes[end] == 0x0d {
        if at == bytes.count {
          endedWithCR = true
        } else if bytes[at] == 0x0a {
          at += 1
        }
      }
    }
  }

  @inline(__always)
  private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var at = start
    while at < bytes.count {
      let byte = bytes[at]
      if byte == 0x0a || byte == 0x0d { return at }
      at += 1
    }
    return nil
  }

  private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
    if carryIsTooLong || carry.count + bytes.count > TraceLimits.line {
      carryIsTooLong = true
      carry.removeAll()
    } else {
      carry.append(contentsOf: bytes)
    }
  }

  private mutating func endCarriedLine() throws(TraceError) {
    var bytes: [UInt8] = []
    swap(&bytes, &carry)
    if carryIsTooLong {
      carryIsTooLong = false
      context.line += 1
      try reject(RowFault("", "longer than the reader's limit of \(TraceLimits.line >> 20) MiB"))
      context.row += 1
      return
    }
    try bytes.withUnsafeBufferPointer { (buffer) throws(TraceError) in
      try line(UnsafeRawBufferPointer(buffer))
    }
  }

  private mutating func line(_ bytes: UnsafeRawBufferPointer) throws(TraceError) {
    context.line += 1
    var isBlank = true
    for byte in bytes where !byte.isBlank {
      isBlank = false
      break
    }
    if isBlank { return }
    if !hasHeader, try header(bytes) { return }
    do throws(RowFault) {
      guard let outcome = try format?.read(bytes, &context) else { return }
      switch outcome {
      case .request(let row): try accept(row)
      case .failed:
        failedCount += 1
        if failedCount == 1 { firstFailedLine = context.line }
      case .nothing: return
      }
    } catch {
      try reject(error)
    }
    context.row += 1
    if arrivals.count > TraceLimits.requests { throw error(.tooManyRequests) }
  }

  /// True when the line was a header; a wrong one throws, lenient or not.
  private mutating func header(_ line: UnsafeRawBufferPointer) throws(TraceError) -> Bool {
    guard let kind = format.map({ type(of: $0) }) else { return false }
    if kind.layout == .lines {
      hasHeader = true
      guard kind == WorkloadFormat.self else { return false }
      do throws(RowFault) {
        _ = try format?.read(line, &context)
      } catch {
        throw self.error(.badRow(TraceFault(line: context.line, field: error.field, problem: error.problem)))
      }
      return true
    }
    if line.first == UInt8(ascii: "#") {
      try reject(RowFault("", "a comment before the header"))
      return true
    }
    let columns = ColumnMap(line)
    let missing = columns.missing(kind.required)
    guard missing.isEmpty else {
      throw error(
        .columns(
          found: "\(columns.text), without \(missing.joined(separator: ", "))", expected: kind.required,
          format: kind.descriptor.name))
    }
    format?.open(columns)
    hasHeader = true
    return true
  }

  private mutating func reject(_ fault: RowFault) throws(TraceError) {
    let full = TraceFault(line: context.line, field: fault.field, problem: fault.problem)
    guard options.lenient else { throw error(.badRow(full)) }
    rejectedCount += 1
    if rejected.count < TraceLimits.faultsKept { rejected.append(full) }
  }

  private mutating func accept(_ row: Row) throws(RowFault) {
    if skipped < options.skip {
      skipped += 1
      return
    }
    if row.time < latest {
      earlyCount += 1
      if earlyCount == 1 { firstEarlyLine = context.line }
    } else {
      latest = row.time
    }
    arrivals.append(Arrival(row))
    if format is WorkloadFormat { rows.append(Int32(truncatingIfNeeded: context.row)) }
    if let limit = options.limit, arrivals.count >= limit { isComplete = true }
  }

  // MARK: - The end

  private mutating func placed(_ kind: any TraceFormat.Type) throws(TraceError) -> Trace {
    var trace = Trace(name: name, arrivals: [], labels: context.labels.names)
    if let title = (format as? WorkloadFormat)?.header?.name { trace.name = title }
    swap(&trace.arrivals, &arrivals)
    sort(&trace.arrivals)
    let origin = kind.keepsTimes && options.skip == 0 ? 0 : trace.arrivals.first?.time.nanoseconds ?? 0
    trace.shift(by: -origin)
    if case .allAtOnce = options.arrivals { trace.setTimes { _ in 0 } }
    if case .poisson(let rate) = options.arrivals {
      var gaps = Gaps(.poisson(ratePerSecond: rate), seed: options.seed, purpose: "arrivals")
      trace.setTimes { _ in gaps.next() }
    }
    guard trace.divideTimes(by: options.rateScale) else {
      throw error(.option("rate scale", "\(options.rateScale) stretches the trace beyond 126 years"))
    }
    return trace
  }

  /// By time; rows of one moment keep their order. Answers that prompts quote follow their requests to the new numbers.
  private func sort(_ arrivals: inout [Arrival]) {
    var order: [Int32]?
    if earlyCount > 0 {
      let times = arrivals.map(\.time)
      let sorted = (0..<Int32(truncatingIfNeeded: arrivals.count)).sorted { left, right in
        (times[Int(left)], left) < (times[Int(right)], right)
      }
      arrivals = sorted.map { arrivals[Int($0)] }
      order = sorted
    }
    guard !rows.isEmpty else { return }
    let isUnmoved = order == nil && rows.last == Int32(truncatingIfNeeded: rows.count - 1)
    if isUnmoved { return }
    var numbers: [Int32: Int] = [:]
    for position in rows.indices { numbers[rows[Int(order?[position] ?? Int32(position))]] = position }
    for position in arrivals.indices {
      if let prompt = arrivals[position].prompt.renamingAnswers(numbers) { arrivals[position].prompt = prompt }
    }
  }

  private mutating func summarise() {
    if failedCount > 0 {
      context.line = firstFailedLine
      let count = failedCount
      context.warn("", "\(count) failed request\(count == 1 ? "" : "s") without output left out, the first here")
    }
    if earlyCount > 0 {
      context.line = firstEarlyLine
      let count = earlyCount
      context.warn("", "\(count) row\(count == 1 ? "" : "s") earlier than a row before, the first here; sorted by time")
    }
    if arrivals.isEmpty, context.row == 0, !isComplete {
      context.warningCount += 1
      context.warnings.append(TraceFault(line: nil, problem: "a header and no rows: 0 requests"))
    }
    for position in context.warnings.indices where context.warnings[position].line == 0 {
      context.warnings[position].line = nil
    }
  }
}
