/// One press of a key, written as editors write it: `a`, `<C-p>`, `<S-tab>`, `<esc>`.
public struct KeyPress: Hashable, Sendable {
  public enum Key: Hashable, Sendable {
    case character(Character)
    case enter, tab, escape, backspace, delete, insert
    case up, down, left, right, home, end, pageUp, pageDown
    case function(Int)
  }

  public struct Modifiers: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let shift = Modifiers(rawValue: 1)
    public static let alt = Modifiers(rawValue: 2)
    public static let control = Modifiers(rawValue: 4)
  }

  public var key: Key
  /// A capital letter is itself a different character: it has no `shift`.
  public var modifiers: Modifiers

  public init(_ key: Key, _ modifiers: Modifiers = []) {
    self.key = key
    self.modifiers = modifiers
  }

  public static func character(_ character: Character) -> KeyPress { KeyPress(.character(character)) }
  public static func control(_ character: Character) -> KeyPress { KeyPress(.character(character), .control) }

  /// The character that this press types, when it types one.
  public var typed: Character? {
    if case .character(let character) = key, modifiers.isEmpty { character } else { nil }
  }
}
