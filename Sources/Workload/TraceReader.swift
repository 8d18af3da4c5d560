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
///
/// A million Azure rows (38 MB, pieces of 1 MiB) take 0.28 s and 72 MB in a release
/// build on one core of a 2-core cloud machine; the 3 MB Mooncake conversation 14 ms.
public struct TraceReader {
  public let name: String
  public let options: TraceOptions
  /// True when the limit is reached: further bytes change nothing.
  public private(set) var isComplete = false

  /// The start of the file, until its format is known.
  private var head: [UInt8] = []
  private var format: (any TraceFormat)?
  private var hasHeader = false
  private var splitter = LineSplitter()
  private var context = RowContext()
  private var arrivals: [Arrival] = []
  /// Row of each arrival, where requests can name each other.
  private var rows: [Int32] = []
  private var skipped = 0
  private var rejected: [TraceFault] = []
  private var rejectedCount = 0
  private var failedCount = 0
  private var firstFailedLine = 0
  private var sessionCount = 0
  private var firstSessionLine = 0
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
    if head.count >= TraceRecognition.window { try begin() }
  }

  public mutating func finish() throws(TraceError) -> TraceReading {
    if format == nil { try begin() }
    if !isComplete { try consume(nil) }
    guard let format else { throw error(.emptyFile) }
    let kind = type(of: format)
    if kind.layout == .table && !hasHeader && !isComplete { throw error(.noHeader) }
    format.finish(&context)
    let trace = try placed(kind)
    summarise()
    return TraceReading(
      trace: trace, format: kind.descriptor, rejected: rejected, rejectedCount: rejectedCount, failedCount: failedCount, sessionCount: sessionCount,
      warnings: context.warnings, warningCount: context.warningCount)
  }

  private func error(_ problem: TraceError.Problem) -> TraceError { TraceError(file: name, problem: problem) }

  // MARK: - The start

  private mutating func begin() throws(TraceError) {
    try check(options)
    var bytes: [UInt8] = []
    swap(&bytes, &head)
    try bytes.withUnsafeBufferPointer { (buffer) throws(TraceError) in
      var start = UnsafeRawBufferPointer(buffer)
      if start.count >= 3, start[0] == 0xef, start[1] == 0xbb, start[2] == 0xbf { start = start.part(3..<start.count) }
      format = try kind(start).init()
      if !isComplete { try consume(start) }
    }
  }

  private func kind(_ start: UnsafeRawBufferPointer) throws(TraceError) -> any TraceFormat.Type {
    var named: (any TraceFormat.Type)?
    if let name = options.format {
      named = TraceFormats.named(name)
      if named == nil { throw error(.unknownFormatName(name)) }
    }
    switch (TraceRecognition.format(of: start), named) {
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

  /// Reads the lines that end in `bytes`; the rest of the last one when there are no more bytes.
  private mutating func consume(_ bytes: UnsafeRawBufferPointer?) throws(TraceError) {
    // Taken out while it calls back, so that nothing is changed from two sides.
    var splitter = LineSplitter()
    swap(&splitter, &self.splitter)
    if let bytes {
      try splitter.feed(bytes) { (line) throws(TraceError) in try read(line) }
    } else {
      try splitter.finish { (line) throws(TraceError) in try read(line) }
    }
    swap(&splitter, &self.splitter)
  }

  /// False when no more lines are wanted.
  private mutating func read(_ line: LineSplitter.Line) throws(TraceError) -> Bool {
    context.line += 1
    switch line {
    case .bytes(let bytes): try self.line(bytes)
    case .tooLong:
      try reject(RowFault("", "longer than the reader's limit of \(TraceLimits.line >> 20) MiB"))
      context.row += 1
    }
    return !isComplete
  }

  private mutating func line(_ bytes: UnsafeRawBufferPointer) throws(TraceError) {
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
      case .session:
        sessionCount += 1
        if sessionCount == 1 { firstSessionLine = context.line }
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
        throw self.error(.badHeader(TraceFault(line: context.line, field: error.field, problem: error.problem)))
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
    trace.sortByTime(isSorted: earlyCount == 0, rows: rows)
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

  private mutating func summarise() {
    if failedCount > 0 {
      context.line = firstFailedLine
      let count = failedCount
      context.warn("", "\(count) failed request\(count == 1 ? "" : "s") without output left out, the first here")
    }
    if sessionCount > 0 {
      context.line = firstSessionLine
      let count = sessionCount
      context.warn(
        "sub_requests",
        "\(count) agentic session\(count == 1 ? "" : "s") left out, the first here: each call waits for the answer before it, which fixed arrival times cannot say"
      )
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
