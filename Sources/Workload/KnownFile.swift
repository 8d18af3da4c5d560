/// Files that people have beside their traces. None is a list of requests, and
/// saying which one it is helps more than saying what it is not.
enum KnownFile {
  typealias Problem = TraceError.Problem

  /// Told by one line of text.
  static func text(_ line: UnsafeRawBufferPointer) -> Problem? {
    if line.begins(with: "<") {
      return .notAWorkload(what: "an HTML page", wayOut: "the address answered with a web page; download the file itself")
    }
    if line.begins(with: "trace_version:") {
      return .notAWorkload(what: "the header half of a BLIS TraceV2", wayOut: "give the CSV file beside it")
    }
    if line.begins(with: "# one ZMQ message") { return events }
    if line.begins(with: "# HELP") || line.begins(with: "# TYPE") || isSample(line) { return metrics }
    let isLog =
      line.contains("INFO") || line.contains("WARNING") || line.contains("[TRT-LLM]") || line.contains("server_args=")
      || line.contains("Prefill batch") || line.contains("Decode batch") || line.begins(with: "srv ")
      || line.begins(with: "slot ") || line[0] == 0x1b
    return isLog ? log : nil
  }

  /// Told by the keys of a JSON object that no format claims.
  static func object(_ keys: [String]) -> Problem? {
    func has(_ any: String...) -> Bool { any.contains(where: keys.contains) }
    if has("traceEvents") { return chromeTrace }
    if has("version") && has("width", "term", "env", "height") {
      return .notAWorkload(what: "a terminal recording (asciicast)", wayOut: "play it with asciinema; a trace is read here")
    }
    if has("prompt", "text_input", "messages", "conversations") { return text }
    if has("ttfts", "request_throughput", "total_input_tokens", "max_concurrency", "backend") {
      return .notAWorkload(what: "a benchmark's result", wayOut: "its requests have no prompts to share; give the trace that was replayed")
    }
    if has("resourceSpans") {
      return .notAWorkload(what: "OpenTelemetry spans", wayOut: "a trace of arrivals is read here, such as Azure CSV or Mooncake JSON Lines")
    }
    if has("metadata") && has("metrics") {
      return .notAWorkload(what: "an AIPerf profile export", wayOut: "give the trace that was replayed")
    }
    if has("events", "event") { return events }
    if has("error") {
      return .notAWorkload(what: "a server's error message", wayOut: "look at the answer: the server did not send the file")
    }
    if has("iter", "n_ctx", "id_task") { return statistics }
    return nil
  }

  /// Told by the keys of the first object of a JSON array.
  static func array(_ keys: [String]) -> Problem? {
    if keys.contains("ph") { return chromeTrace }
    return object(keys)
  }

  static let serveGen = Problem.notAWorkload(
    what: "a table of arrival rates without a header (ServeGen)",
    wayOut: "draw requests from it first, or use a generator such as gamma:RATE:CV")

  private static let metrics = Problem.notAWorkload(
    what: "Prometheus metrics", wayOut: "they say how a server fared; give the trace it served")
  private static let log = Problem.notAWorkload(
    what: "an engine's log", wayOut: "it has steps, not requests; give the trace it served")
  private static let events = Problem.notAWorkload(
    what: "KV cache events", wayOut: "they name blocks, not requests; give the trace that was served")
  private static let chromeTrace = Problem.notAWorkload(
    what: "a Chrome trace of a run", wayOut: "open it in Perfetto; a list of requests is read here")
  private static let statistics = Problem.notAWorkload(
    what: "a server's statistics", wayOut: "give the trace it served")
  private static let text = Problem.notAWorkload(
    what: "prompts as text", wayOut: "lengths need a tokenizer; count the tokens and write a workload file (traces/README.md)")

  /// `name 12` or `name{label="x"} 1e3`.
  private static func isSample(_ line: UnsafeRawBufferPointer) -> Bool {
    var end = 0
    while end < line.count, isNameByte(line[end]) { end += 1 }
    guard end > 2, end < line.count, line[0] &- UInt8(ascii: "0") >= 10 else { return false }
    let name = line.part(0..<end)
    guard name.contains(UInt8(ascii: "_")) || name.contains(UInt8(ascii: ":")) else { return false }
    if line[end] == UInt8(ascii: "{") { return line.part(end..<line.count).contains("=") }
    guard line[end].isBlank else { return false }
    let value = line.part(end..<line.count).trimmed
    return WrittenNumber(value) != nil || value.equals("NaN") || value.equals("+Inf")
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":") || byte | 0x20 &- UInt8(ascii: "a") < 26
      || byte &- UInt8(ascii: "0") < 10
  }
}
