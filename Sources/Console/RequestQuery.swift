import Analysis
import Core

/// What the viewer wants listed: words that all must fit.
///
///     chat                 its id, phase or label holds the text
///     phase:decode label:chat
///     input>1000 output<=64 preemptions>0 ttft>0.5 tpot>40 queue>1
///     !rejected            everything else
///
/// TTFT and queue are in seconds, TPOT in milliseconds. A request without the
/// quantity does not fit.
public struct RequestQuery: Equatable, Sendable {
  struct Term: Equatable, Sendable {
    enum Test: Equatable, Sendable {
      case text(String)
      case phase(String)
      case label(String)
      case number(Quantity, Comparison, Double)
    }

    var test: Test
    var isNegated = false
  }

  enum Quantity: String, CaseIterable, Sendable { case input, output, reused, preemptions, ttft, tpot, queue, e2e }
  enum Comparison: String, CaseIterable, Sendable { case atMost = "<=", atLeast = ">=", below = "<", above = ">", equal = "=" }

  let terms: [Term]
  /// What could not be read; such a word is taken as text.
  public let fault: String?

  public static let fields = ["phase:", "label:"] + Quantity.allCases.map { $0.rawValue + ">" }

  public init(_ text: String) {
    var terms: [Term] = []
    var fault: String?
    for word in text.lowercased().split(whereSeparator: \.isWhitespace) {
      let isNegated = word.count > 1 && word.hasPrefix("!")
      let (test, problem) = Self.test(String(isNegated ? word.dropFirst() : word))
      terms.append(Term(test: test, isNegated: isNegated))
      fault = fault ?? problem
    }
    self.terms = terms
    self.fault = fault
  }

  public var isEmpty: Bool { terms.isEmpty }

  private static func test(_ word: String) -> (Term.Test, String?) {
    if let colon = word.firstIndex(of: ":"), colon != word.startIndex {
      let value = String(word[word.index(after: colon)...])
      switch word[..<colon] {
      case "phase", "state": return (.phase(value), nil)
      case "label", "class": return (.label(value), nil)
      default: return (.text(word), "\(word[..<colon]): is no field; fields are \(fields.joined(separator: " "))")
      }
    }
    for comparison in Comparison.allCases {
      guard let place = word.firstRange(of: comparison.rawValue), place.lowerBound != word.startIndex else { continue }
      let name = String(word[..<place.lowerBound])
      guard let quantity = Quantity(rawValue: name) else {
        return (.text(word), "\(name) is no quantity; quantities are \(Quantity.allCases.map(\.rawValue).joined(separator: " "))")
      }
      guard let number = Double(word[place.upperBound...]) else {
        return (.text(word), "\(word): a number is wanted after \(comparison.rawValue)")
      }
      return (.number(quantity, comparison, number), nil)
    }
    return (.text(word), nil)
  }

  /// - Parameters:
  ///   - phase: `waiting`, `prefill`, `decode`, `done`, `rejected`, …
  ///   - label: of its trace, "" for none.
  public func matches(_ request: RequestID, _ record: RequestRecord, phase: String, label: String) -> Bool {
    terms.allSatisfy { term in
      let fits = switch term.test {
      case .text(let text):
        phase.hasPrefix(text) || request.description.contains(text) || label.lowercased().contains(text)
      case .phase(let text): phase.hasPrefix(text)
      case .label(let text): label.lowercased().contains(text)
      case .number(let quantity, let comparison, let number):
        quantity.value(of: record).map { comparison.holds($0, number) } ?? false
      }
      return fits != term.isNegated
    }
  }
}

extension RequestQuery.Quantity {
  func value(of record: RequestRecord) -> Double? {
    switch self {
    case .input: Double(record.input)
    case .output: Double(record.output)
    case .reused: Double(record.reused)
    case .preemptions: Double(record.preemptions)
    case .ttft: record.ttft?.seconds
    case .tpot: record.tpot?.milliseconds
    case .queue: record.queue?.seconds
    case .e2e: record.e2e?.seconds
    }
  }
}

extension RequestQuery.Comparison {
  func holds(_ value: Double, _ limit: Double) -> Bool {
    switch self {
    case .atMost: value <= limit
    case .atLeast: value >= limit
    case .below: value < limit
    case .above: value > limit
    case .equal: value == limit
    }
  }
}
