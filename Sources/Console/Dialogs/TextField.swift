import Screen

/// One line that is being typed.
struct TextField: Equatable, Sendable {
  private(set) var text: String
  /// Characters before the cursor.
  private(set) var cursor: Int

  init(_ text: String = "") {
    self.text = text
    cursor = text.count
  }

  /// - Returns: False when the key does not edit.
  mutating func press(_ key: KeyPress) -> Bool {
    if let character = key.typed {
      insert(String(character))
      return true
    }
    switch key {
    case KeyPress(.backspace), .control("h"): remove(cursor - 1..<cursor)
    case KeyPress(.delete): remove(cursor..<cursor + 1)
    case KeyPress(.left), .control("b"): cursor = max(0, cursor - 1)
    case KeyPress(.right): cursor = min(text.count, cursor + 1)
    case KeyPress(.home), .control("a"): cursor = 0
    case KeyPress(.end), .control("e"): cursor = text.count
    case .control("u"): remove(0..<cursor)
    case .control("k"): remove(cursor..<text.count)
    case .control("w"): remove(wordStart..<cursor)
    default: return false
    }
    return true
  }

  mutating func insert(_ new: String) {
    guard text.count + new.count <= 1_000 else { return }
    text.insert(contentsOf: new, at: text.index(text.startIndex, offsetBy: cursor))
    // A combining mark joins the character before it: count again.
    cursor = min(text.count, cursor + new.count)
  }

  private mutating func remove(_ range: Range<Int>) {
    let range = range.clamped(to: 0..<text.count)
    guard !range.isEmpty else { return }
    let start = text.index(text.startIndex, offsetBy: range.lowerBound)
    text.removeSubrange(start..<text.index(start, offsetBy: range.count))
    cursor = min(range.lowerBound, text.count)
  }

  private var wordStart: Int {
    let characters = Array(text)
    var place = cursor
    while place > 0, characters[place - 1] == " " { place -= 1 }
    while place > 0, characters[place - 1] != " " { place -= 1 }
    return place
  }

  /// With the cursor as a cell of its own colour; the end is kept in sight.
  func draw(at point: Point, width: Int, on canvas: inout Canvas) {
    guard width > 1 else { return }
    let characters = Array(text)
    let before = String(characters[..<min(cursor, characters.count)])
    var start = 0
    var shown = before
    while shown.cells > width - 1, start < cursor {
      start += 1
      shown = String(characters[start..<cursor])
    }
    let column = canvas.put(shown, at: point, style: .strong)
    let rest = String(characters[min(cursor, characters.count)...])
    canvas.put(rest, at: Point(column, point.row), width: max(0, point.column + width - column), style: .strong)
    let under = rest.first.map(String.init) ?? " "
    canvas.put(under, at: Point(column, point.row), width: max(1, under.cells), style: Style(.fgStrong, on: .bgCursor, .reverse))
  }
}
