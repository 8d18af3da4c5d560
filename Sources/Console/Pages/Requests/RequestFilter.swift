import Analysis
import Core
import Host
import ServingEngine

/// Which requests are listed: words and comparisons, all of which must hold.
///
/// ```
/// preempted ttft>0.5        was preempted, and waited longer than half a second
/// live prompt>=8k           in the queue or the batch, with a long prompt
/// !finished tpot>40         times without a unit: TPOT in ms, all others in s
/// r12  chat                 numbers that begin so; part of a label
/// ```
///
/// An unknown value never satisfies a comparison.
struct RequestFilter: Equatable {
  enum Quantity: String, CaseIterable {
    case id, arrival, prompt, output, reused, queue, ttft, tpot, e2e, preemptions, priority
  }

  enum Comparison: String { case less = "<", lessOrEqual = "<=", more = ">", moreOrEqual = ">=", equal = "=", notEqual = "!=" }

  enum Word: String, CaseIterable {
    case queued, prefill, decode, preempted, stalled, finished, aborted, rejected
    /// In the queue, also after a preemption.
    case waiting
    /// In the batch.
    case running
    /// In the queue or in the batch.
    case live
    /// A promise was broken.
    case missed
  }

  indirect enum Term: Equatable {
    case compares(Quantity, Comparison, Double)
    case `is`(Word)
    case contains(String)
    case not(Term)
  }

  private(set) var terms: [Term] = []
  /// What could not be understood; nil when all was.
  private(set) var problem: String?

  init(_ text: String) {
    for part in text.lowercased().split(separator: " ") {
      if part.first == "!", part.count > 1 {
        if let term = read(part.dropFirst()) { terms.append(.not(term)) }
      } else if let term = read(part) {
        terms.append(term)
      }
    }
  }

  private mutating func read(_ part: Substring) -> Term? {
    guard let start = part.firstIndex(where: { "<>=≤≥≠!".contains($0) }) else {
      return Word(rawValue: String(part)).map(Term.is) ?? .contains(String(part))
    }
    let name = String(part[..<start])
    guard let quantity = Self.quantity(named: name) else {
      problem = "no quantity \"\(name)\": \(Quantity.allCases.map(\.rawValue).joined(separator: " "))"
      return nil
    }
    let signs = part[start...].prefix { "<>=≤≥≠!".contains($0) }
    let spelled = ["≤": "<=", "≥": ">=", "≠": "!=", "==": "=", "=<": "<=", "=>": ">="][String(signs)] ?? String(signs)
    guard let comparison = Comparison(rawValue: spelled) else {
      problem = "no comparison \"\(signs)\": < <= > >= = !="
      return nil
    }
    let number = part[signs.endIndex...]
    // While it is typed: `ttft>` lists all.
    if number.isEmpty { return nil }
    guard let value = Self.value(number, of: quantity) else {
      problem = "\"\(number)\" is no number"
      return nil
    }
    return .compares(quantity, comparison, value)
  }

  private static func quantity(named name: String) -> Quantity? {
    if let quantity = Quantity(rawValue: name) { return quantity }
    return ["pre": .preemptions, "wait": .queue, "input": .prompt, "time": .arrival][name]
  }

  /// Times in seconds.
  private static func value(_ text: Substring, of quantity: Quantity) -> Double? {
    let units: [(String, Double)] = [("µs", 1e-6), ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("k", 1e3)]
    for (unit, scale) in units where text.hasSuffix(unit) {
      return Double(text.dropLast(unit.count)).map { $0 * scale }
    }
    return Double(text.first == "r" ? text.dropFirst() : text).map { quantity == .tpot ? $0 / 1e3 : $0 }
  }

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
      case .preempted: return record.preemptions > 0
      case .missed:
        let slo = observatory.scoreboard.slo
        return (slo.ttft.flatMap { promised in record.ttft.map { $0 > promised } } ?? false)
          || (slo.tpot.flatMap { promised in record.tpot.map { $0 > promised } } ?? false)
      default: return RequestState(of: request, in: observatory).rawValue == word.rawValue
      }
    case .contains(let text):
      if request.description.hasPrefix(text) || String(request.number).hasPrefix(text) { return true }
      let trace = run.engine.trace
      let label = Int(trace.arrivals[request.index].label)
      return label > 0 && label < trace.labels.count && trace.labels[label].lowercased().contains(text)
    }
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
