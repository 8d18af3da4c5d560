/// A member of an axis with its numbers, as it is typed, listed and recorded.
///
/// ```
/// fcfs     chunked     chunked:512     length-aware:512:20     disaggregated:2x1
/// ```
///
/// Numbers that are left out are the standard ones, and a choice prints without them, so that one
/// choice has one spelling.
public struct Choice: Hashable, Sendable, CustomStringConvertible {
  public let name: String
  /// One for each parameter of the member.
  public let values: [Int]
  public let description: String

  /// A member with all its numbers.
  public init(_ member: Descriptor, _ values: [Int]) {
    require(
      values.count == member.parameters.count,
      "\(member.name) takes \(member.parameters.count) numbers, \(values.count) were given")
    name = member.name
    self.values = values
    var written = values[...]
    // 2x1 is one word.
    while member.separator == ":", let last = written.last, last == member.parameters[written.count - 1].standard { written.removeLast() }
    description = written.isEmpty
      ? name
      : name + ":" + zip(member.parameters, written).map { $0.written($1) }.joined(separator: String(member.separator))
  }

  /// A whole number, for an axis without members.
  public init(number: Int) {
    name = String(number)
    values = [number]
    description = name
  }

  /// Reads a choice among `members`.
  public init(_ text: String, among members: [Descriptor]) throws(ChoiceFault) {
    let name = String(text.prefix { $0 != ":" })
    guard let member = members.first(where: { $0.name == name }) else {
      throw ChoiceFault("there is no such member; choose \(members.map(\.usage).joined(separator: ", "))")
    }
    var values = member.parameters.map(\.standard)
    if name.count < text.count {
      let words = text.dropFirst(name.count + 1).split(separator: member.separator, omittingEmptySubsequences: false)
      guard words.count <= values.count else {
        throw ChoiceFault(
          values.isEmpty ? "\(name) takes no number" : "\(member.usage) is how it is written: \(values.count) at most")
      }
      for (position, word) in words.enumerated() {
        let parameter = member.parameters[position]
        guard let value = parameter.read(word) else {
          throw ChoiceFault(
            "\(parameter.name) is \(parameter.wanted) (\(parameter.summary)); write \(member.usage)")
        }
        values[position] = value
      }
    }
    self.init(member, values)
  }
}

/// Why a text is no choice, and what would be.
public struct ChoiceFault: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
