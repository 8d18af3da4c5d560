extension KeyPress: CustomStringConvertible {
  /// As macros and key maps write it; `KeyPress(named:)` reads it back.
  public var description: String {
    let marks = (modifiers.contains(.control) ? "C-" : "") + (modifiers.contains(.alt) ? "A-" : "")
      + (modifiers.contains(.shift) ? "S-" : "")
    switch key {
    case .character(let character):
      let name = character == " " ? "space" : character == "<" ? "lt" : character == ">" ? "gt" : String(character)
      return marks.isEmpty && name.count == 1 ? name : "<\(marks)\(name)>"
    case .function(let number): return "<\(marks)F\(number)>"
    default: return "<\(marks)\(Self.names.first { $0.key == key }?.name ?? "?")>"
    }
  }

  /// As a footer shows it: `^P`, `M-x`, `S-Tab`, `Space`, `↑`.
  public var label: String {
    let marks = (modifiers.contains(.alt) ? "M-" : "") + (modifiers.contains(.shift) ? "S-" : "")
    let control = modifiers.contains(.control) ? "^" : ""
    switch key {
    case .character(" "): return marks + control + "Space"
    case .character(let character): return marks + control + (control.isEmpty ? String(character) : character.uppercased())
    case .function(let number): return marks + control + "F\(number)"
    default: return marks + control + (Self.names.first { $0.key == key }?.label ?? "?")
    }
  }

  /// From what stands between `<` and `>`: `C-p`, `S-tab`, `esc`, `F5`, `lt`.
  public init?(named text: String) {
    var rest = text[...]
    var modifiers: Modifiers = []
    while rest.count > 2, rest.dropFirst().first == "-", let mark = rest.first {
      guard let modifier: Modifiers = ["C": .control, "A": .alt, "M": .alt, "S": .shift][mark] else { break }
      modifiers.insert(modifier)
      rest = rest.dropFirst(2)
    }
    if rest.count == 1, let character = rest.first, !modifiers.isEmpty {
      self.init(.character(character), modifiers)
    } else if rest == "lt" || rest == "gt" || rest == "space" {
      self.init(.character(rest == "lt" ? "<" : rest == "gt" ? ">" : " "), modifiers)
    } else if let first = rest.first, first == "F" || first == "f", let number = Int(rest.dropFirst()), number > 0 {
      self.init(.function(number), modifiers)
    } else if let name = Self.names.first(where: { $0.name == rest.lowercased() || $0.other == rest.lowercased() }) {
      self.init(name.key, modifiers)
    } else {
      return nil
    }
  }

  private static let names: [(key: Key, name: String, other: String, label: String)] = [
    (.enter, "ret", "enter", "Enter"), (.tab, "tab", "tab", "Tab"), (.escape, "esc", "escape", "Esc"),
    (.backspace, "bs", "backspace", "Bksp"), (.delete, "del", "delete", "Del"), (.insert, "ins", "insert", "Ins"),
    (.up, "up", "up", "↑"), (.down, "down", "down", "↓"), (.left, "left", "left", "←"), (.right, "right", "right", "→"),
    (.home, "home", "home", "Home"), (.end, "end", "end", "End"), (.pageUp, "pageup", "pgup", "PgUp"),
    (.pageDown, "pagedown", "pgdn", "PgDn"),
  ]
}
