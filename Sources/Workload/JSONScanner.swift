/// Reads one JSON value (RFC 8259) from the bytes of a line, without building it.
///
/// It never calls itself, so nesting costs no stack, and it refuses what Python
/// writes but JSON does not have (NaN, Infinity). Strings are left as they stand in
/// the line; `text` takes the escapes out where a name is wanted.
struct JSONScanner {
  let bytes: UnsafeRawBufferPointer
  private(set) var at: Int

  init(_ bytes: UnsafeRawBufferPointer, at: Int = 0) {
    self.bytes = bytes
    self.at = at
  }

  /// The next byte that is not blank, or nil at the end.
  var next: UInt8? {
    mutating get {
      while at < bytes.count {
        let byte = bytes[at]
        guard byte.isBlank || byte == 0x0a || byte == 0x0d else { return byte }
        at += 1
      }
      return nil
    }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    at += 1
    return true
  }

  mutating func expect(_ byte: UInt8, _ place: String) throws(RowFault) {
    if !take(byte) {
      if at >= bytes.count { throw RowFault("", "not JSON: the line ends \(place)") }
      throw RowFault("", "not JSON: \(Character(UnicodeScalar(byte))) expected \(place), column \(at + 1)")
    }
  }

  /// The next key of an object whose `{` was taken, or nil at its `}`.
  mutating func nextKey(_ isFirst: inout Bool) throws(RowFault) -> UnsafeRawBufferPointer? {
    if take(UInt8(ascii: "}")) { return nil }
    if !isFirst { try expect(UInt8(ascii: ","), "between members") }
    isFirst = false
    let key = try string()
    try expect(UInt8(ascii: ":"), "after a key")
    return key
  }

  /// True when an array whose `[` was taken has one more element; false at its `]`.
  mutating func nextElement(_ isFirst: inout Bool) throws(RowFault) -> Bool {
    if take(UInt8(ascii: "]")) { return false }
    if !isFirst { try expect(UInt8(ascii: ","), "between elements") }
    isFirst = false
    return true
  }

  /// The bytes between the quotes, escapes and all.
  mutating func string() throws(RowFault) -> UnsafeRawBufferPointer {
    try expect(UInt8(ascii: "\""), "at the start of a text")
    let first = at
    var bits: UInt8 = 0
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        at += 1
        let text = bytes.part(first..<(at - 1))
        if bits >= 0x80 && String(validating: text, as: UTF8.self) == nil { throw RowFault("", "not valid UTF-8") }
        return text
      }
      guard byte >= 0x20 else { throw RowFault("", "not JSON: a control character in a text, column \(at + 1)") }
      bits |= byte
      at += byte == UInt8(ascii: "\\") ? 2 : 1
    }
    at = bytes.count
    throw RowFault("", "not JSON: the line ends inside a text")
  }

  mutating func number(_ field: String) throws(RowFault) -> WrittenNumber {
    guard let first = next else { throw RowFault(field, "the line ends before the value") }
    let start = at
    if first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10,
      let number = WrittenNumber(prefixOf: bytes, at: &at), at == bytes.count || !bytes[at].continuesWord
    {
      return number
    }
    throw RowFault(field, "\(Self.word(bytes, at: start).excerpt) is not a number")
  }

  /// Steps over any value. Brackets are counted and their kinds kept as bits.
  mutating func skipValue() throws(RowFault) {
    var kinds: UInt64 = 0  // one bit for each open bracket: 1 is an object
    var depth = 0
    while true {
      guard let byte = next else { throw RowFault("", "not JSON: the line ends inside a value") }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        let isObject = byte == UInt8(ascii: "{")
        at += 1
        if take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { break }
        guard depth < TraceLimits.nesting else {
          throw RowFault("", "nested deeper than \(TraceLimits.nesting) brackets")
        }
        kinds = kinds << 1 | (isObject ? 1 : 0)
        depth += 1
        if isObject { try key() }
        continue
      case UInt8(ascii: "\""): _ = try string()
      case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): try literal()
      default: _ = try number("")
      }
      // A value has ended: close brackets until one goes on.
      var goesOn = false
      while depth > 0 && !goesOn {
        let isObject = kinds & 1 == 1
        if take(UInt8(ascii: ",")) {
          if isObject { try key() }
          goesOn = true
        } else {
          try expect(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"), "at the end of a bracket")
          kinds >>= 1
          depth -= 1
        }
      }
      if !goesOn { return }
    }
  }

  private mutating func key() throws(RowFault) {
    _ = try string()
    try expect(UInt8(ascii: ":"), "after a key")
  }

  private mutating func literal() throws(RowFault) {
    let word = Self.word(bytes, at: at)
    guard word.equals("true") || word.equals("false") || word.equals("null") else {
      throw RowFault("", "not JSON: \(word.excerpt), column \(at + 1)")
    }
    at += word.count
  }

  /// True, with the word taken, when `null` stands here.
  mutating func takeNull() -> Bool {
    guard next == UInt8(ascii: "n"), Self.word(bytes, at: at).equals("null") else { return false }
    at += 4
    return true
  }

  mutating func finish() throws(RowFault) {
    if next != nil { throw RowFault("", "more text after the object, column \(at + 1): one object a line") }
  }

  /// What stands at a place up to the next blank, comma or bracket.
  private static func word(_ bytes: UnsafeRawBufferPointer, at start: Int) -> UnsafeRawBufferPointer {
    var end = start
    while end < bytes.count, bytes[end].continuesWord { end += 1 }
    return bytes.part(start..<max(end, min(start + 1, bytes.count)))
  }
}

extension UInt8 {
  /// Letters, digits and signs: what a number or a literal is made of.
  fileprivate var continuesWord: Bool {
    switch self {
    case 0...0x20, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "\""): false
    case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"): false
    default: true
    }
  }
}
