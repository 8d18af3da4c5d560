/// Which requests are listed: words and comparisons, all of which must hold.
///
/// ```
/// preempted ttft>0.5        was preempted, and waited longer than half a second
/// live prompt>=8k           in the queue or the batch, with a long prompt
/// !finished tpot>40         times without a unit: TPOT in ms, all others in s
/// r12  dec  chat            numbers and states that begin so; part of a label
/// phase:de  label:chat      the same, of one field only
/// ```
///
/// An unknown value never satisfies a comparison. A word that cannot be read
/// is said, and does not hide the rest.
public struct RequestFilter: Equatable, Sendable {
  enum Quantity: String, CaseIterable, Sendable {
    case id, arrival, prompt, output, reused, queue, ttft, tpot, e2e, preemptions, priority
  }

  enum Comparison: String, Sendable { case less = "<", lessOrEqual = "<=", more = ">", moreOrEqual = ">=", equal = "=", notEqual = "!=" }

  enum Word: String, CaseIterable, Sendable {
    case queued, prefill, decode, preempted, stalled, finished, aborted, rejected
    /// In the queue, also after a preemption.
    case waiting
    /// In the batch.
    case running
    /// In the queue or in the batch.
    case live
    /// Finished or aborted.
    case done
    /// A promise was broken.
    case missed
  }

  indirect enum Term: Equatable, Sendable {
    case compares(Quantity, Comparison, Double)
    case `is`(Word)
    case contains(String)
    case phase(String)
    case label(String)
    case not(Term)
  }

  private(set) var terms: [Term] = []
  /// What could not be understood; nil when all was.
  public private(set) var fault: String?

  /// How fields begin, for completion.
  public static let fields = ["phase:", "label:"] + Quantity.allCases.map { $0.rawValue + ">" }

  public var isEmpty: Bool { terms.isEmpty }

  public init(_ text: String) {
    for part in text.lowercased().split(whereSeparator: \.isWhitespace) {
      if part.first == "!", part.count > 1 {
        if let term = read(part.dropFirst()) { terms.append(.not(term)) }
      } else if let term = read(part) {
        terms.append(term)
      }
    }
  }

  private mutating func read(_ part: Substring) -> Term? {
    if let colon = part.firstIndex(of: ":"), colon != part.startIndex {
      let value = String(part[part.index(after: colon)...])
      switch part[..<colon] {
      case "phase", "state": return .phase(value)
      case "label", "class": return .label(value)
      default:
        return wrong("there is no field \(part[..<colon]); there are phase and label")
      }
    }
    guard let start = part.firstIndex(where: { "<>=≤≥≠!".contains($0) }) else {
      return Word(rawValue: String(part)).map(Term.is) ?? .contains(String(part))
    }
    let name = String(part[..<start])
    guard let quantity = Self.quantity(named: name) else {
      return wrong("there is no quantity \(name); there are \(Quantity.allCases.map(\.rawValue).joined(separator: " "))")
    }
    let signs = part[start...].prefix { "<>=≤≥≠!".contains($0) }
    let spelled = ["≤": "<=", "≥": ">=", "≠": "!=", "==": "=", "=<": "<=", "=>": ">="][String(signs)] ?? String(signs)
    guard let comparison = Comparison(rawValue: spelled) else {
      return wrong("\(signs) compares nothing; < <= > >= = != do")
    }
    let number = part[signs.endIndex...]
    // While it is typed: `ttft>` lists all.
    if number.isEmpty { return nil }
    guard let value = Self.value(number, of: quantity) else {
      return wrong("\(part): a number is wanted after \(signs)")
    }
    return .compares(quantity, comparison, value)
  }

  /// Keeps the first fault.
  private mutating func wrong(_ sentence: String) -> Term? {
    fault = fault ?? sentence
    return nil
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
}
