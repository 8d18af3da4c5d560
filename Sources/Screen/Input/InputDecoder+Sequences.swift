extension InputDecoder {
  /// A complete `CSI parameters final`.
  mutating func finish(_ final: UInt8, _ parameters: [UInt8]) {
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

  func letterKey(_ letter: UInt8) -> KeyPress.Key? {
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
  mutating func mouse(_ bits: Int, _ column: Int, _ row: Int, isRelease: Bool) {
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
