/// What a hand does, as text: `:policy fcfs<ret><C-p><S-tab><esc>`.
///
/// A character is itself. Between `<` and `>`: a key with its modifiers `C-`,
/// `A-`, `S-`; or `<click 10,5>`, `<drag 12,5>`, `<release 12,5>`, `<wheelup 3,4>`,
/// `<wheeldown 3,4>`, `<resize 80x24>`, `<paste any text>`, `<focus>`, `<blur>`,
/// and `<wait>`: nothing happens until the program has asked once. `<` itself is `<lt>`.
public struct KeyMacro: Equatable, Sendable {
  public enum Step: Equatable, Sendable {
    case event(InputEvent)
    case wait
  }

  public let steps: [Step]

  public init(_ text: String) throws(KeyMacroError) {
    var steps: [Step] = []
    var rest = text[...]
    while let character = rest.popFirst() {
      guard character == "<" else {
        steps.append(.event(.key(Self.press(character))))
        continue
      }
      guard let end = rest.firstIndex(of: ">") else {
        throw KeyMacroError(macro: text, part: "<" + rest, problem: "has no >; write <lt> for the character <")
      }
      let word = String(rest[..<end])
      rest = rest[rest.index(after: end)...]
      guard let step = Self.step(word) else {
        throw KeyMacroError(macro: text, part: "<\(word)>", problem: "is no key, mouse action or <wait>")
      }
      steps.append(step)
    }
    self.steps = steps
  }

  private static func press(_ character: Character) -> KeyPress {
    switch character {
    case "\n", "\r", "\r\n": KeyPress(.enter)
    case "\t": KeyPress(.tab)
    default: .character(character)
    }
  }

  private static func step(_ word: String) -> Step? {
    if word == "wait" { return .wait }
    if word == "focus" { return .event(.focus(true)) }
    if word == "blur" { return .event(.focus(false)) }
    if let press = KeyPress(named: word) { return .event(.key(press)) }
    guard let space = word.firstIndex(of: " ") else { return nil }
    let verb = word[..<space]
    let object = word[word.index(after: space)...]
    if verb == "paste" { return .event(.paste(String(object))) }
    if verb == "resize" {
      let numbers = object.split(separator: "x").compactMap { Int($0) }
      return numbers.count == 2 ? .event(.resize(Size(numbers[0], numbers[1]))) : nil
    }
    let numbers = object.split(separator: ",").compactMap { Int($0) }
    guard numbers.count == 2, let action = mouse[String(verb)] else { return nil }
    return .event(.mouse(MouseEvent(action, at: Point(numbers[0], numbers[1]))))
  }

  private static let mouse: [String: MouseEvent.Action] = [
    "click": .press(.left), "drag": .drag(.left), "release": .release(.left), "wheelup": .wheelUp,
    "wheeldown": .wheelDown,
  ]
}

/// A macro that cannot be read: which part, and why.
public struct KeyMacroError: Error, Equatable, CustomStringConvertible {
  public let macro: String
  public let part: String
  public let problem: String

  public var description: String { "key macro \(macro): \(part) \(problem)" }
}
