extension UnsafeRawBufferPointer {
  /// The bytes of `range` as a buffer of their own.
  @inline(__always)
  func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

  /// Text without blanks on either side.
  var trimmed: UnsafeRawBufferPointer {
    var first = 0
    var end = count
    while first < end, self[first].isBlank { first += 1 }
    while end > first, self[end - 1].isBlank { end -= 1 }
    return part(first..<end)
  }

  func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for position in 0..<count where self[position] != text.utf8Start[position] { return false }
    return true
  }

  func begins(with text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount && part(0..<text.utf8CodeUnitCount).equals(text)
  }

  func contains(_ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard length > 0, count >= length else { return false }
    return (0...(count - length)).contains { self[$0] == text.utf8Start[0] && part($0..<($0 + length)).equals(text) }
  }
}

extension UInt8 {
  @inline(__always) var isBlank: Bool { self == 0x20 || self == 0x09 }
}

extension Collection<UInt8> {
  /// What a message may show of the bytes: the first few, and nothing that a terminal would obey.
  func shown(_ most: Int) -> String {
    var text = ""
    for byte in prefix(most) { text.append(byte >= 0x20 && byte < 0x7f ? Character(UnicodeScalar(byte)) : "·") }
    return text + (count > most ? "…" : "")
  }

  /// A short piece of text in quotes.
  var excerpt: String { "\"\(shown(32))\"" }
}
