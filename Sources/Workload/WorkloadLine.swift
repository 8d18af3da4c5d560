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
}

extension Arrival {
  init(_ row: Row) {
    self.init(
      time: EngineTime(nanoseconds: row.time), prompt: row.prompt, outputLimit: row.output, priority: row.priority,
      abortTime: row.abort.map { EngineTime(nanoseconds: $0) }, label: row.label)
  }
}
