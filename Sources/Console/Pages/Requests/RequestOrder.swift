import Analysis
import Core

/// What the list of requests is sorted by. Unknown values stand last, equal ones in the order of arrival.
public enum RequestOrder: String, CaseIterable, Sendable {
  case arrival, prompt, output
  case ttft = "TTFT"
  case tpot = "TPOT"
  case e2e, preemptions

  var next: RequestOrder {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
  }

  /// Nil while it is not known.
  func key(_ record: RequestRecord) -> Int64? {
    switch self {
    case .arrival: 0  // the numbers of requests are in order of arrival
    case .prompt: Int64(record.input)
    case .output: Int64(record.output)
    case .ttft: record.ttft?.nanoseconds
    case .tpot: record.tpot?.nanoseconds
    case .e2e: record.e2e?.nanoseconds
    case .preemptions: Int64(record.preemptions)
    }
  }
}
