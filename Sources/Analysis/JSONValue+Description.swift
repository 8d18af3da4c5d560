extension JSONValue: CustomStringConvertible {
  /// On one line.
  public var description: String {
    var text = ""
    write(to: &text)
    return text
  }

  /// Over several lines of at most `width` characters where that is possible:
  /// what fits on its line stays on it, the rest opens by two spaces a level.
  public func pretty(width: Int = 120) -> String {
    var text = ""
    writePretty(to: &text, column: 0, indent: 0, width: width)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let truth): text += truth ? "true" : "false"
    case .integer(let count): text += count.description
    // Swift prints the shortest digits that read back as the same double (SwiftDtoa).
    case .number(let quantity): text += quantity.isFinite ? quantity.description : "null"
    case .string(let string): Self.quote(string, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += ", " }
        value.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += members.isEmpty ? "{" : "{ "
      for (index, member) in members.enumerated() {
        if index > 0 { text += ", " }
        Self.quote(member.name, to: &text)
        text += ": "
        member.value.write(to: &text)
      }
      text += members.isEmpty ? "}" : " }"
    }
  }

  private func writePretty(to text: inout String, column: Int, indent: Int, width: Int) {
    let line = description
    let parts: [(head: String, value: JSONValue)]
    let (open, close): (String, String)
    switch self {
    case .array(let values) where column + line.count > width:
      (open, close) = ("[", "]")
      parts = values.map { ("", $0) }
    // The outermost object is always opened: its members are what one looks for.
    case .object(let members) where !members.isEmpty && (column + line.count > width || indent == 0):
      (open, close) = ("{", "}")
      parts = members.map { member in
        var head = ""
        Self.quote(member.name, to: &head)
        return (head + ": ", member.value)
      }
    default:
      text += line
      return
    }
    text += open + "\n"
    let margin = String(repeating: " ", count: indent + 2)
    for (index, part) in parts.enumerated() {
      text += margin + part.head
      part.value.writePretty(to: &text, column: margin.count + part.head.count + 1, indent: indent + 2, width: width)
      text += index + 1 < parts.count ? ",\n" : "\n"
    }
    text += String(repeating: " ", count: indent) + close
  }

  /// RFC 8259, section 7: quotes, backslashes and control characters are escaped, the rest is UTF-8.
  private static func quote(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
