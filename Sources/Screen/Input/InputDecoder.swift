/// Bytes from a terminal → events. One state machine for keys (CSI, SS3,
/// UTF-8), SGR mouse, bracketed paste, focus, cursor and mode reports.
///
/// Any bytes are input: what means nothing is dropped. Cutting the stream at
/// any place changes nothing, so reads may return what they like. One thing
/// bytes alone cannot say: whether an ESC is the Escape key or the start of a
/// sequence. While `isWaiting`, the caller waits a moment (25 ms) for more and
/// then calls `flush()`.
///
/// Not for terminal output: it knows no screen.
///
/// - Source: ECMA-48; xterm's ctlseqs; "fixterms" (CSI … u) for the kitty and modifyOtherKeys forms.
public struct InputDecoder: Sendable {
  enum State: Equatable {
    case ground
    case escape
    /// Parameter and intermediate bytes so far.
    case csi([UInt8])
    case ss3
    /// An operating-system command or device string: skipped to its end.
    case string(opener: UInt8, isEmpty: Bool, sawEscape: Bool)
    /// `CSI M` of the old mouse protocol: three bytes follow.
    case oldMouse([UInt8])
    /// `CSI [` of the Linux console: a letter follows.
    case consoleFunction
    case utf8(bits: UInt32, missing: Int, length: Int, alt: Bool)
    case paste([UInt8])
  }

  private(set) var state = State.ground
  private var events: [InputEvent] = []

  /// Set after asking for the cursor: `CSI 1 ; 2 R` is then a report, otherwise Shift-F3.
  public var expectsCursorReport = false

  public init() {}

  /// Something began and is not finished; see `flush()`. A paste may take its time.
  public var isWaiting: Bool {
    switch state {
    case .ground, .paste: false
    default: true
    }
  }

  public mutating func feed(_ bytes: some Sequence<UInt8>) -> [InputEvent] {
    for byte in bytes { step(byte) }
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// No more came in time: what is waiting is all there is.
  public mutating func flush() -> [InputEvent] {
    switch state {
    case .ground, .paste: return []
    case .escape: emit(.escape)
    case .csi([]): emit(.character("["), .alt)
    case .ss3: emit(.character("O"), .alt)
    case .string(let opener, isEmpty: true, sawEscape: false):
      emit(.character(Character(Unicode.Scalar(opener))), .alt)
    default: break
    }
    state = .ground
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  private mutating func emit(_ key: KeyPress.Key, _ modifiers: KeyPress.Modifiers = []) {
    events.append(.key(KeyPress(key, modifiers)))
  }
}

extension InputDecoder {
  /// Longer parameter lists than this are noise; their bytes are skipped.
  private static let parameterLimit = 64
  /// A paste keeps its first mebibyte.
  private static let pasteLimit = 1 << 20
  private static let pasteEnd = Array("\u{1b}[201~".utf8)

  private mutating func step(_ byte: UInt8) {
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
    if byte == UInt8(ascii: "~") && text.count >= Self.pasteEnd.count && text.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd) {
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
      if byte == 0x0d { text.append(0x0a) } else if byte != 0x0a || index == 0 || bytes[index - 1] != 0x0d { text.append(byte) }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension InputDecoder {
  /// A complete `CSI parameters final`.
  private mutating func finish(_ final: UInt8, _ parameters: [UInt8]) {
    let lead = parameters.first.map { $0 >= 0x3c && $0 <= 0x3f ? $0 : 0 } ?? 0
    let body = lead == 0 ? parameters[...] : parameters.dropFirst()
    let numbers = body.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(number)
    func value(_ index: Int, or missing: Int) -> Int { index < numbers.count ? numbers[index] ?? missing : missing }

    switch (lead, final) {
    case (UInt8(ascii: "<"), UInt8(ascii: "M")), (UInt8(ascii: "<"), UInt8(ascii: "m")):
      guard numbers.count == 3 else { return }
      mouse(value(0, or: 0), value(1, or: 1), value(2, or: 1), isRelease: final == UInt8(ascii: "m"))
    case (UInt8(ascii: "?"), UInt8(ascii: "y")):
      guard body.last == UInt8(ascii: "$"), let state = InputEvent.ModeState(rawValue: value(1, or: 0)) else { return }
      events.append(.modeReport(mode: value(0, or: 0), state))
    case (0, UInt8(ascii: "~")): tilde(value(0, or: 0), modifiers(value(1, or: 1)), value(2, or: 0))
    case (0, UInt8(ascii: "u")): unicodeKey(value(0, or: 0), modifiers(value(1, or: 1)))
    case (0, UInt8(ascii: "Z")): emit(.tab, .shift)
    case (0, UInt8(ascii: "I")) where body.isEmpty: events.append(.focus(true))
    case (0, UInt8(ascii: "O")) where body.isEmpty: events.append(.focus(false))
    case (0, UInt8(ascii: "R")) where numbers.count == 2 && (expectsCursorReport || value(0, or: 1) != 1):
      expectsCursorReport = false
      events.append(.cursorReport(Point(max(0, value(1, or: 1) - 1), max(0, value(0, or: 1) - 1))))
    case (0, _): if let key = letterKey(final) { emit(key, modifiers(value(1, or: 1))) }
    default: break
    }
  }

  /// Digits up to a sub-parameter or an intermediate; nil when there are none.
  private func number(_ bytes: some Collection<UInt8>) -> Int? {
    var result: Int?
    for byte in bytes {
      guard byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") else { break }
      result = min((result ?? 0) * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000)
    }
    return result
  }

  private func modifiers(_ parameter: Int) -> KeyPress.Modifiers {
    let bits = max(0, parameter - 1)
    var modifiers: KeyPress.Modifiers = []
    if bits & 1 != 0 { modifiers.insert(.shift) }
    if bits & (2 | 8) != 0 { modifiers.insert(.alt) }
    if bits & 4 != 0 { modifiers.insert(.control) }
    return modifiers
  }

  private func letterKey(_ letter: UInt8) -> KeyPress.Key? {
    switch letter {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): .right
    case UInt8(ascii: "D"): .left
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "P")...UInt8(ascii: "S"): .function(Int(letter) - 79)
    default: nil
    }
  }

  private mutating func tilde(_ number: Int, _ modifiers: KeyPress.Modifiers, _ third: Int) {
    switch number {
    case 1, 7: emit(.home, modifiers)
    case 2: emit(.insert, modifiers)
    case 3: emit(.delete, modifiers)
    case 4, 8: emit(.end, modifiers)
    case 5: emit(.pageUp, modifiers)
    case 6: emit(.pageDown, modifiers)
    case 11...15: emit(.function(number - 10), modifiers)
    case 17...21: emit(.function(number - 11), modifiers)
    case 23...26: emit(.function(number - 12), modifiers)
    case 28, 29: emit(.function(number - 13), modifiers)
    case 31...34: emit(.function(number - 14), modifiers)
    case 27: unicodeKey(third, modifiers)  // xterm's modifyOtherKeys
    case 200: state = .paste([])
    default: break
    }
  }

  /// A key named by its code point.
  private mutating func unicodeKey(_ code: Int, _ modifiers: KeyPress.Modifiers) {
    switch code {
    case 9: emit(.tab, modifiers)
    case 13: emit(.enter, modifiers)
    case 27: emit(.escape, modifiers)
    case 8, 127: emit(.backspace, modifiers)
    case 32..<127, 160...:
      guard let scalar = Unicode.Scalar(UInt32(code)) else { return }
      var rest = modifiers
      var character = Character(scalar)
      if modifiers == .shift {
        character = Character(character.uppercased())
        rest = []
      }
      emit(.character(character), rest)
    default: break
    }
  }

  /// Button bits: 0–1 button, 2 shift … as xterm sends them; places from 1.
  private mutating func mouse(_ bits: Int, _ column: Int, _ row: Int, isRelease: Bool) {
    guard bits >= 0 else { return }
    var modifiers: KeyPress.Modifiers = []
    if bits & 4 != 0 { modifiers.insert(.shift) }
    if bits & 8 != 0 { modifiers.insert(.alt) }
    if bits & 16 != 0 { modifiers.insert(.control) }
    let button: MouseEvent.Button? =
      switch bits & 3 {
      case 0: .left
      case 1: .middle
      case 2: .right
      default: nil
      }
    let action: MouseEvent.Action
    if bits & 128 != 0 { return }
    if bits & 64 != 0 {
      action = [.wheelUp, .wheelDown, .wheelLeft, .wheelRight][bits & 3]
    } else if bits & 32 != 0 {
      action = button.map { .drag($0) } ?? .move
    } else if isRelease {
      action = .release(button ?? .left)
    } else if let button {
      action = .press(button)
    } else {
      return
    }
    events.append(.mouse(MouseEvent(action, at: Point(max(0, column - 1), max(0, row - 1)), modifiers)))
  }
}
