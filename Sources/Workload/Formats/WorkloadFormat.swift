import Core

/// Our own workload: a header line, then one JSON object a request. It loses nothing of a `Trace`.
///
/// ```
/// {"schema":"workbench.workload/1","name":"two","labels":["","chat"]}
/// {"t_us":0,"prompt":[["s0",800],["p0",120]],"output":64,"label":"chat"}
/// {"t_us":1500,"prompt":40,"output":16,"priority":-1,"abort_us":9000000}
/// ```
///
/// `WorkloadLine` explains the members of a request. Times stay as they are, unless
/// requests are skipped: the zero of the file is the start of the run.
struct WorkloadFormat: TraceFormat {
  static let descriptor = Descriptor(
    name: "workload", summary: "workbench's own workload (JSON Lines): everything a trace can hold",
    source: "workbench.workload/1, this program")
  static let required = ["schema"]
  static let layout = TraceLayout.lines
  static let keepsTimes = true
  static let schema = "workbench.workload/1"

  private(set) var header: Header?

  struct Header: Equatable, Sendable {
    var name: String?
  }

  mutating func read(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) throws(RowFault) -> RowOutcome {
    guard header != nil else {
      header = try Self.readHeader(line, &context)
      return .nothing
    }
    return .request(try WorkloadLine.row(line, number: context.row, labels: &context.labels))
  }

  private static func readHeader(
    _ line: UnsafeRawBufferPointer, _ context: inout RowContext
  ) throws(RowFault) -> Header {
    var scanner = JSONScanner(line)
    var header = Header()
    var schema: String?
    try scanner.expect(UInt8(ascii: "{"), "at the start of the header")
    var isFirst = true
    while let key = try scanner.nextKey(&isFirst) {
      if key.equals("schema") {
        try once(&schema, scanner.text("schema"), "schema")
      } else if key.equals("name") {
        try once(&header.name, scanner.text("name"), "name")
      } else if key.equals("labels") {
        guard scanner.take(UInt8(ascii: "[")) else { throw RowFault("labels", "not an array of names") }
        var names: [String] = []
        var isFirstName = true
        while try scanner.nextElement(&isFirstName) {
          guard names.count <= Int(UInt16.max) else { throw RowFault("labels", "more than 65,536 names") }
          names.append(try scanner.text("labels"))
        }
        guard names.first?.isEmpty == true else { throw RowFault("labels", "the first name must be \"\", which is none") }
        context.labels.replace(with: names)
      } else {
        try scanner.skipValue()
      }
    }
    try scanner.finish()
    guard schema == Self.schema else {
      throw RowFault("schema", "\((schema ?? "nothing").utf8.shown(48)) where \(Self.schema) is read")
    }
    return header
  }
}
