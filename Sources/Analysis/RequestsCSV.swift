import Core

/// One row a request, in order of arrival: RFC 4180 without a need for quotes, rows ended by a line feed as `awk` expects.
///
/// Seconds since the start of the run, to the nanosecond. What never happened is an empty field.
public enum RequestsCSV {
  public static let header =
    "request,arrival_s,scheduled_s,first_token_s,last_token_s,input_tokens,output_tokens,reused_tokens,preemptions\n"

  public static func append(_ record: RequestRecord, number: Int, to bytes: inout [UInt8]) {
    bytes.append(String(number))
    for time in [record.arrival, record.scheduled, record.firstToken, record.lastToken] {
      bytes.append(UInt8(ascii: ","))
      if let time { bytes.appendFixed(time.nanoseconds, decimals: 9) }
    }
    for count in [record.input, record.output, record.reused, record.preemptions] {
      bytes.append(UInt8(ascii: ","))
      bytes.append(String(count))
    }
    bytes.append("\n")
  }

  /// The whole file.
  public static func bytes(of requests: RequestLog) -> [UInt8] {
    var bytes = Array(header.utf8)
    for (number, record) in requests.enumerated() { append(record, number: number, to: &bytes) }
    return bytes
  }
}
