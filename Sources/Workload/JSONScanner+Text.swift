extension JSONScanner {
  /// A text with its escapes taken out.
  mutating func text(_ field: String) throws(RowFault) -> String {
    guard next == UInt8(ascii: "\"") else { throw RowFault(field, "not a text") }
    guard let text = Self.text(try string()) else { throw RowFault(field, "a wrong escape in the text") }
    return text
  }

  /// A JSON text without its escapes; nil when one of them is wrong.
  static func text(_ raw: UnsafeRawBufferPointer) -> String? {
    if !raw.contains(UInt8(ascii: "\\")) { return String(decoding: raw, as: UTF8.self) }
    var units: [UInt16] = []
    var result = ""
    var at = 0
    func unit(_ at: Int) -> UInt16? {
      guard at + 4 <= raw.count else { return nil }
      let digits = raw.part(at..<(at + 4))
      guard digits.allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit }) else { return nil }
      return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }
    while at < raw.count {
      if raw[at] == UInt8(ascii: "\\") {
        guard at + 1 < raw.count else { return nil }
        switch raw[at + 1] {
        case UInt8(ascii: "u"):
          guard let value = unit(at + 2) else { return nil }
          units.append(value)
          at += 6
        case let byte:
          guard let index = "\"\\/bfnrt".utf8.firstIndex(of: byte) else { return nil }
          let place = "\"\\/bfnrt".utf8.distance(from: "\"\\/bfnrt".utf8.startIndex, to: index)
          units.append([0x22, 0x5c, 0x2f, 0x08, 0x0c, 0x0a, 0x0d, 0x09][place])
          at += 2
        }
      } else {
        result += String(decoding: units, as: UTF16.self)
        units.removeAll()
        var end = at
        while end < raw.count, raw[end] != UInt8(ascii: "\\") { end += 1 }
        result += String(decoding: raw.part(at..<end), as: UTF8.self)
        at = end
      }
    }
    return result + String(decoding: units, as: UTF16.self)
  }
}
