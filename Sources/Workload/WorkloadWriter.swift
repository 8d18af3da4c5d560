import Core

/// A trace as a workload file: a header, then one line a request (`WorkloadLine`).
public enum WorkloadWriter {
  /// The header without a line end; `origin` says in words where the requests come from.
  public static func header(_ trace: Trace, origin: String? = nil) -> String {
    var bytes: [UInt8] = Array("{\"schema\":\"\(WorkloadFormat.schema)\",\"name\":".utf8)
    WorkloadLine.appendText(trace.name, to: &bytes)
    bytes += ",\"labels\":[".utf8
    for (position, label) in trace.labels.enumerated() {
      if position > 0 { bytes.append(UInt8(ascii: ",")) }
      WorkloadLine.appendText(label, to: &bytes)
    }
    bytes += "]".utf8
    if let origin {
      bytes += ",\"origin\":".utf8
      WorkloadLine.appendText(origin, to: &bytes)
    }
    bytes += "}".utf8
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The whole file.
  public static func bytes(_ trace: Trace, origin: String? = nil) -> [UInt8] {
    var bytes = Array(header(trace, origin: origin).utf8)
    bytes.append(UInt8(ascii: "\n"))
    for (number, arrival) in trace.arrivals.enumerated() {
      WorkloadLine.append(arrival, number: number, labels: trace.labels, to: &bytes)
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}
