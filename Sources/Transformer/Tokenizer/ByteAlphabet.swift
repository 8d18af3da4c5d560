/// The letters in which byte-level vocabularies are written: each byte is one visible character.
///
/// Printable bytes of Latin-1 stand for themselves; the others, in order, are U+0100 and on. A space is `Ġ`.
///
/// - Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.2.
enum ByteAlphabet {
  /// The letter of each byte.
  static let letters: [UInt16] = {
    var next: UInt16 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: return UInt16(byte)
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// The byte of each letter, −1 for characters that are none. All letters are below U+0144.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, letter) in letters.enumerated() { bytes[Int(letter)] = Int16(byte) }
    return bytes
  }()

  /// Appends the bytes that `text` spells. What is not in the alphabet stands for itself, as added tokens do.
  static func decode(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
    var index = 0
    while index < text.count {
      let lead = text[index]
      // The alphabet needs one byte of UTF-8, or two.
      let isPair = lead & 0xe0 == 0xc0 && index + 1 < text.count
      let scalar = isPair ? Int(lead & 0x1f) << 6 | Int(text[index + 1] & 0x3f) : Int(lead)
      let byte: Int16 = scalar < 0x144 && (isPair || lead < 0x80) ? Self.bytes[scalar] : -1
      if byte >= 0 {
        bytes.append(UInt8(byte))
        index += isPair ? 2 : 1
      } else {
        bytes.append(lead)
        index += 1
      }
    }
  }

  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(letters[Int(byte)])!) }
    return String(text)
  }
}
