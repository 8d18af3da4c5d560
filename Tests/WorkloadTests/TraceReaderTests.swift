import Core
import Testing

@testable import Workload

@Suite("Reading a trace")
struct TraceReaderTests {
  @Test("a format is told by its content", arguments: Samples.all)
  func recognition(format: String, text: String) throws {
    #expect(try TraceReader.read(Array(text.utf8), name: "x").format.name == format)
  }

  @Test("pieces of any size give the same reading", arguments: Samples.all)
  func pieces(format: String, text: String) throws {
    let bytes = Array(text.replacing("\n", with: "\r\n").utf8)
    // Long enough that lines go on after the format is known.
    var long = bytes
    if format != "workload" {
      let body = bytes[(format == "azure" || format == "burstgpt" || format == "blis" ? bytes.firstIndex(of: 10)! + 1 : 0)...]
      if body.last == 10 { for _ in 0..<1_200 { long += body } }
    }
    let whole = try TraceReader.read(long, name: "x")
    for size in [1, 2, 3, 7, 61, 4_096, 70_000] {
      var reader = TraceReader(name: "x", options: TraceOptions())
      var at = 0
      while at < long.count {
        let end = min(at + size, long.count)
        try long[at..<end].withUnsafeBytes { try reader.feed($0) }
        at = end
      }
      #expect(try reader.finish() == whole, "pieces of \(size) bytes")
    }
  }

  @Test("the end of a line is LF, CR LF or CR")
  func lineEnds() throws {
    let plain = try Samples.picture(Samples.azure2024)
    for end in ["\r\n", "\r", "\n\n", "\n  \n"] {
      #expect(try Samples.picture(Samples.azure2024.replacing("\n", with: end)) == plain)
    }
    #expect(try Samples.picture("\u{feff}" + Samples.azure2024) == plain)
  }

  @Test("skip and limit count requests, and the first one kept arrives at 0")
  func partOfATrace() throws {
    var options = TraceOptions()
    options.skip = 1
    options.limit = 1
    #expect(try Samples.picture(Samples.azure2023, options: options) == #"{"t_us":0,"prompt":[["p1",3180]],"output":8}"#)
    options.limit = 0
    #expect(try Samples.picture(Samples.azure2023, options: options) == "")
  }

  @Test("nothing behind the limit is looked at")
  func limitStops() throws {
    var options = TraceOptions()
    options.limit = 3
    #expect(try Samples.picture(Samples.azure2023 + "\nrubbish\n", options: options).split(separator: "\n").count == 3)
  }

  @Test("a rate scale of 2 halves the times and leaves patience alone")
  func rateScale() throws {
    var options = TraceOptions()
    options.rateScale = 2
    #expect(
      try Samples.picture(Samples.blis, options: options) == """
        {"t_us":0,"prompt":1579,"output":191,"label":"acme/standard"}
        {"t_ns":1839500,"prompt":[["#028c2c4ce9d1a4ab",512],["p1",100]],"output":12,"priority":3,"abort_ns":8876254500,"label":"acme/batch"}
        """.replacing("#028c2c4ce9d1a4ab", with: Self.sharedName("sys")))
  }

  /// How a prefix group's stream is written.
  static func sharedName(_ group: String) -> String {
    var digest = Digest()
    digest.fold(group)
    return "#\(Digest(value: TokenStream.shared(digest.value).key))"
  }

  @Test("drawn arrivals keep the order of the trace and depend on the seed alone")
  func drawnArrivals() throws {
    var options = TraceOptions()
    options.arrivals = .poisson(ratePerSecond: 10)
    options.seed = 3
    let once = try TraceReader.read(Array(Samples.azure2023.utf8), name: "x", options: options).trace
    let again = try TraceReader.read(Array(Samples.azure2023.utf8), name: "x", options: options).trace
    #expect(once == again)
    #expect(once.arrivals.map(\.outputLimit) == [10, 8, 27])
    options.seed = 4
    #expect(try TraceReader.read(Array(Samples.azure2023.utf8), name: "x", options: options).trace != once)
    options.arrivals = .allAtOnce
    let batch = try TraceReader.read(Array(Samples.azure2023.utf8), name: "x", options: options).trace
    #expect(batch.arrivals.allSatisfy { $0.time == .zero })
  }

  @Test("an arrival mode is told by its words")
  func arrivalModes() {
    #expect(ArrivalMode("trace") == .trace)
    #expect(ArrivalMode("all-at-once") == .allAtOnce)
    #expect(ArrivalMode("poisson:2.5") == .poisson(ratePerSecond: 2.5))
    #expect(["", "poisson", "poisson:0", "poisson:nan", "poisson:1:2", "Trace"].allSatisfy { ArrivalMode($0) == nil })
  }

  @Test("rows out of order are sorted by time, those of one moment as they stand, and the reader says so")
  func disorder() throws {
    let text = """
      {"timestamp": 5, "input_length": 1, "output_length": 1}
      {"timestamp": 3, "input_length": 2, "output_length": 1}
      {"timestamp": 5, "input_length": 3, "output_length": 1}
      {"timestamp": 3, "input_length": 4, "output_length": 1}
      """
    let reading = try TraceReader.read(Array(text.utf8), name: "x")
    #expect(reading.trace.arrivals.map(\.prompt.count) == [2, 4, 1, 3])
    #expect(reading.trace.arrivals.map(\.time.nanoseconds) == [0, 0, 2_000_000, 2_000_000])
    #expect(reading.warnings.map(\.description) == ["line 2: 2 rows earlier than a row before, the first here; sorted by time"])
  }

  @Test("answers that prompts quote follow their requests to new numbers")
  func answers() throws {
    let text = """
      {"schema":"workbench.workload/1"}
      {"t_us":0,"prompt":1,"output":4}
      {"t_us":9,"prompt":2,"output":4}
      {"t_us":3,"prompt":3,"output":4}
      {"t_us":11,"prompt":[["a1",4],["a2",4],["a0",2]],"output":4}
      """
    #expect(try Samples.picture(text).split(separator: "\n").last == #"{"t_us":11,"prompt":[["a2",4],["a1",4],["a0",2]],"output":4}"#)
    var options = TraceOptions()
    options.skip = 1
    let skipped = TokenStream.shared(~0)
    #expect(
      try Samples.picture(text, options: options).split(separator: "\n").last
        == "{\"t_us\":8,\"prompt\":[[\"a1\",4],[\"a0\",4],[\"#\(Digest(value: skipped.key))\",2]],\"output\":4}")
  }

  @Test("a lenient reader counts every bad row and keeps the first thousand")
  func lenient() throws {
    var options = TraceOptions()
    options.lenient = true
    let text = Samples.azure2024 + String(repeating: "rubbish\n", count: 1_500)
    let reading = try TraceReader.read(Array(text.utf8), name: "x", options: options)
    #expect(reading.trace.arrivals.count == 2)
    #expect(reading.rejectedCount == 1_500)
    #expect(reading.rejected.count == 1_000)
    #expect(reading.rejected[0].description == "line 4: 1 field where the header has 3")
  }

  @Test(
    "an error is one line that names the place, the fault and the way out",
    arguments: [
      ("", "sample: the file is empty, 0 requests — give a trace, or a generator such as poisson:8"),
      (" \n\n", "sample: no header, only blank lines — a trace begins with a line of column names or a JSON object"),
      ("hello\n", "sample: not a known trace, it begins with \"hello\" — formats: workload, azure, burstgpt, blis, qwen-bailian, mooncake, llmservingsim"),
      (
        "TIMESTAMP,ContextTokens\n",
        "sample:1: columns TIMESTAMP,ContextTokens, without GeneratedTokens — azure expects the columns TIMESTAMP, ContextTokens, GeneratedTokens, separated by commas"
      ),
      (
        Samples.azure2024 + "2024-05-10 00:00:00,\u{1b}[31m,5\n",
        "sample:4: field 2: a control character, byte 27 — correct the row, or pass --lenient to skip and count such rows"
      ),
      (
        Samples.mooncake + "{\"timestamp\":1,\"input_length\":NaN,\"output_length\":1}",
        "sample:4: input_length: \"NaN\" is not a number — correct the row, or pass --lenient to skip and count such rows"
      ),
      (
        "{\"schema\":\"workbench.workload/2\"}\n",
        "sample:1: schema: workbench.workload/2 where workbench.workload/1 is read — write the file again with this version, or correct its first line"
      ),
    ])
  func errors(text: String, expected: String) {
    #expect(Samples.error(text) == expected)
  }

  @Test("a recording is told apart, so that it can be opened as one")
  func recording() {
    #expect(throws: TraceError(file: "r", problem: .recording)) {
      try TraceReader.read(Array("{\"schema\":\"workbench.recording/3\",\"x\":1}\n".utf8), name: "r")
    }
  }

  @Test("options that cannot be followed are refused by name")
  func wrongOptions() {
    func expect(_ name: String, _ change: (inout TraceOptions) -> Void) {
      var options = TraceOptions()
      change(&options)
      #expect(Samples.error(Samples.azure2023, options: options).contains(name))
    }
    expect("rate scale") { $0.rateScale = .nan }
    expect("rate scale") { $0.rateScale = 0 }
    expect("rate scale") { $0.rateScale = 1e-300 }
    expect("skip") { $0.skip = -1 }
    expect("limit") { $0.limit = -1 }
    expect("arrivals") { $0.arrivals = .poisson(ratePerSecond: -.infinity) }
    expect("format vidur") { $0.format = "vidur" }
  }

  @Test("a format that is named is read as such, whatever the content looks like")
  func namedFormat() {
    var options = TraceOptions()
    options.format = "burstgpt"
    #expect(Samples.error(Samples.azure2023, options: options).contains("burstgpt expects the columns Timestamp, Model"))
    options.format = "mooncake"
    #expect(Samples.error(Samples.azure2023, options: options).contains("sample:1: not JSON"))
  }

  @Test("a million opening brackets are one bad row")
  func nesting() {
    let deep = Samples.mooncake + "{\"x\":" + String(repeating: "[", count: 1_000_000)
    #expect(Samples.error(deep).contains("sample:4: nested deeper than 64 brackets"))
    #expect(Samples.error(String(repeating: "[", count: 1_000_000)).contains("not a known trace"))
    #expect(Samples.error(String(repeating: "{\"a\":", count: 300_000)).contains("not a known trace"))
  }

  @Test("a line longer than the limit is one bad row, not a full memory")
  func longLine() throws {
    var options = TraceOptions()
    options.lenient = true
    var reader = TraceReader(name: "x", options: options)
    let piece = [UInt8](repeating: 0x20, count: 1 << 20)
    try Array(Samples.mooncake.utf8).withUnsafeBytes { try reader.feed($0) }
    for _ in 0..<40 { try piece.withUnsafeBytes { try reader.feed($0) } }
    try Array(("\n" + Samples.mooncake).utf8).withUnsafeBytes { try reader.feed($0) }
    let reading = try reader.finish()
    #expect(reading.trace.arrivals.count == 6)
    #expect(reading.rejected.map(\.line) == [4])
  }
}
