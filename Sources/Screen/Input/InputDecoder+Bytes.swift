extension InputDecoder {
  /// Longer parameter lists than this are noise; their bytes are skipped.
  private static let parameterLimit = 64
  /// A paste keeps its first mebibyte.
  private static let pasteLimit = 1 << 20
  private static let pasteEnd = Array("\u{1b}[201~".utf8)

  /// One byte further.
  mutating func take(_ byte: UInt8) {
    switch state {
    case .ground: plain(byte, alt: false)
    case .escape: afterEscape(byte)
    case .csi(let parameters): afterCSI(byte, parameters)
    case .ss3: afterSS3(byte)
    case .string(let opener, _, let sawEscape):
      if byte == 0x07 || sawEscape && byte == UInt8(ascii: "\\") {
        state = .ground
      } else if sawEscape {
        // Not a terminator: the string was broken off and something else began.
        state = .escape
        afterEscape(byte)
      } else {
        state = .string(opener: opener, isEmpty: false, sawEscape: byte == 0x1b)
      }
    case .oldMouse(let bytes):
      if bytes.count < 2 {
        state = .oldMouse(bytes + [byte])
      } else {
        state = .ground
        mouse(Int(bytes[0]) - 32, Int(bytes[1]) - 32, Int(byte) - 32, isRelease: Int(bytes[0]) & 3 == 3)
      }
    case .consoleFunction:
      state = .ground
      if byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "E") { emit(.function(Int(byte) - 64)) }
    case .utf8(let bits, let missing, let length, let alt): continuation(byte, bits, missing, length, alt)
    case .paste: pasting(byte)
    }
  }

  /// A byte outside any sequence.
  private mutating func plain(_ byte: UInt8, alt: Bool) {
    state = .ground
    let modifiers: KeyPress.Modifiers = alt ? .alt : []
    switch byte {
    case 0x1b: state = .escape
    case 0x0d: emit(.enter, modifiers)
    case 0x09: emit(.tab, modifiers)
    case 0x08, 0x7f: emit(.backspace, modifiers)
    case 0x00: emit(.character(" "), modifiers.union(.control))
    case 0x01...0x1a: emit(.character(Character(Unicode.Scalar(byte + 0x60))), modifiers.union(.control))
    case 0x1c...0x1f: emit(.character(Character(Unicode.Scalar(byte + 0x40))), modifiers.union(.control))
    case 0x20...0x7e: emit(.character(Character(Unicode.Scalar(byte))), modifiers)
    case 0xc2...0xdf: state = .utf8(bits: UInt32(byte & 0x1f), missing: 1, length: 2, alt: alt)
    case 0xe0...0xef: state = .utf8(bits: UInt32(byte & 0x0f), missing: 2, length: 3, alt: alt)
    case 0xf0...0xf4: state = .utf8(bits: UInt32(byte & 0x07), missing: 3, length: 4, alt: alt)
    default: break
    }
  }

  private mutating func continuation(_ byte: UInt8, _ bits: UInt32, _ missing: Int, _ length: Int, _ alt: Bool) {
    guard byte & 0xc0 == 0x80 else { return plain(byte, alt: false) }
    let bits = bits << 6 | UInt32(byte & 0x3f)
    if missing > 1 {
      state = .utf8(bits: bits, missing: missing - 1, length: length, alt: alt)
      return
    }
    state = .ground
    let least: UInt32 = length == 2 ? 0xa0 : length == 3 ? 0x800 : 0x1_0000
    if bits >= least, let scalar = Unicode.Scalar(bits) { emit(.character(Character(scalar)), alt ? .alt : []) }
  }

  private mutating func afterEscape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "["): state = .csi([])
    case UInt8(ascii: "O"): state = .ss3
    case UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "]"), UInt8(ascii: "^"), UInt8(ascii: "_"):
      state = .string(opener: byte, isEmpty: true, sawEscape: false)
    case 0x1b: emit(.escape)
    default: plain(byte, alt: true)
    }
  }

  private mutating func afterSS3(_ byte: UInt8) {
    state = .ground
    switch byte {
    case 0x1b: state = .escape
    case UInt8(ascii: "M"): emit(.enter)
    case UInt8(ascii: "j")...UInt8(ascii: "y"): emit(.character(Character(Unicode.Scalar(byte - 0x40))))
    default: if let key = letterKey(byte) { emit(key) }
    }
  }

  private mutating func afterCSI(_ byte: UInt8, _ parameters: [UInt8]) {
    switch byte {
    case 0x20...0x3f:
      if parameters.count < Self.parameterLimit { state = .csi(parameters + [byte]) }
    case 0x1b: state = .escape
    case UInt8(ascii: "[") where parameters.isEmpty: state = .consoleFunction
    case UInt8(ascii: "M") where parameters.isEmpty: state = .oldMouse([])
    case 0x40...0x7e:
      state = .ground
      finish(byte, parameters)
    case 0x80...0xff: plain(byte, alt: false)
    default: state = .ground
    }
  }

  private mutating func pasting(_ byte: UInt8) {
    guard case .paste(var text) = state else { return }
    state = .ground  // so that the array is not copied
    text.append(byte)
    if byte == UInt8(ascii: "~") && text.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd) {
      text.removeLast(Self.pasteEnd.count)
      events.append(.paste(lines(text)))
      return
    }
    if text.count >= Self.pasteLimit + Self.pasteEnd.count { text.remove(at: Self.pasteLimit) }
    state = .paste(text)
  }

  /// Terminals paste the end of a line as the Enter key.
  private func lines(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      let endsPair = byte == 0x0a && index > 0 && bytes[index - 1] == 0x0d
      if !endsPair { text.append(byte == 0x0d ? 0x0a : byte) }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
