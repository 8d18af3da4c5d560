import Analysis
import Core
import Host
import ServingEngine

extension RequestFilter {
  /// - Parameter request: one that has arrived.
  func matches(_ request: RequestID, in run: Run) -> Bool { terms.allSatisfy { holds($0, request, run) } }

  private func holds(_ term: Term, _ request: RequestID, _ run: Run) -> Bool {
    let observatory = run.observatory
    switch term {
    case .not(let term): return !holds(term, request, run)
    case .compares(let quantity, let comparison, let value):
      guard let have = measure(quantity, request, run) else { return false }
      switch comparison {
      case .less: return have < value
      case .lessOrEqual: return have <= value
      case .more: return have > value
      case .moreOrEqual: return have >= value
      case .equal: return have == value
      case .notEqual: return have != value
      }
    case .is(let word):
      let record = observatory.requests[request.index]
      switch word {
      case .live: return record.outcome == .waiting || record.outcome == .running
      case .waiting: return record.outcome == .waiting
      case .running: return record.outcome == .running
      case .done: if case .finished = record.outcome { return true } else { return false }
      case .preempted: return record.preemptions > 0
      case .missed:
        let slo = observatory.scoreboard.slo
        return (slo.ttft.flatMap { promised in record.ttft.map { $0 > promised } } ?? false)
          || (slo.tpot.flatMap { promised in record.tpot.map { $0 > promised } } ?? false)
      default: return RequestState(of: request, in: observatory).rawValue == word.rawValue
      }
    case .contains(let text):
      return Self.begins(request.index, with: text) || Self.label(of: request, run).contains(text)
        || RequestState(of: request, in: observatory).rawValue.hasPrefix(text)
    case .phase(let text):
      if let word = Word(rawValue: text) { return holds(.is(word), request, run) }
      return RequestState(of: request, in: observatory).rawValue.hasPrefix(text)
    case .label(let text): return text.isEmpty || Self.label(of: request, run).contains(text)
    }
  }

  /// In small letters; empty for none.
  private static func label(of request: RequestID, _ run: Run) -> String {
    let trace = run.engine.trace
    let label = Int(trace.arrivals[request.index].label)
    return label > 0 && label < trace.labels.count ? trace.labels[label].lowercased() : ""
  }

  /// Whether the digits of `number` begin with those of `text`, which may have an `r` before them.
  private static func begins(_ number: Int, with text: String) -> Bool {
    let digits = text.utf8.first == UInt8(ascii: "r") ? text.utf8.dropFirst() : text.utf8[...]
    if digits.isEmpty { return true }
    guard digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), digits.count < 18 else { return false }
    let wanted = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    guard digits.first != UInt8(ascii: "0") else { return number == 0 && digits.count == 1 }
    var number = number
    while number > wanted { number /= 10 }
    return number == wanted
  }

  private func measure(_ quantity: Quantity, _ request: RequestID, _ run: Run) -> Double? {
    let record = run.observatory.requests[request.index]
    return switch quantity {
    case .id: Double(request.number)
    case .arrival: record.arrival.seconds
    case .prompt: Double(record.input)
    case .output: Double(record.output)
    case .reused: Double(record.reused)
    case .queue: record.queue?.seconds
    case .ttft: record.ttft?.seconds
    case .tpot: record.tpot?.seconds
    case .e2e: record.e2e?.seconds
    case .preemptions: Double(record.preemptions)
    case .priority: Double(run.engine.trace.arrivals[request.index].priority)
    }
  }
}
