import Screen

/// Something that lies over the page and takes the keys until it is closed.
///
/// A value, as all of the state is. It changes nothing but itself: what it
/// leads to is an answer, and most answers are lines of the command line, so
/// that whatever can be clicked can be scripted.
public protocol Dialog: Sendable {
  mutating func press(_ key: KeyPress, _ state: ConsoleState) -> DialogAnswer
  mutating func paste(_ text: String, _ state: ConsoleState) -> DialogAnswer
  mutating func click(_ point: Point, _ state: ConsoleState) -> DialogAnswer
  /// Where it is drawn.
  func area(_ state: ConsoleState) -> Rect
  func draw(_ state: ConsoleState, on canvas: inout Canvas)
  /// Its keys, for the last row.
  var hints: [Hint] { get }
  /// The position in `ConsoleState.themes` of a theme that is being tried.
  func previewedTheme(_ state: ConsoleState) -> Int?
}

public enum DialogAnswer: Sendable {
  case stay
  case close
  /// Closes and carries out a line of the command line.
  case run(String)
  /// Closes and presses a key of the page below.
  case press(KeyPress)
  /// Another filter, while it is typed.
  case filter(String, closes: Bool)
  case say(String)
  case effects([Effect])
}

extension Dialog {
  public mutating func paste(_ text: String, _ state: ConsoleState) -> DialogAnswer { .stay }
  public mutating func click(_ point: Point, _ state: ConsoleState) -> DialogAnswer { .stay }
  public func previewedTheme(_ state: ConsoleState) -> Int? { nil }

  /// A box in the middle of the page, never over the rows at the edges.
  func box(_ width: Int, _ height: Int, _ state: ConsoleState) -> Rect {
    Frame.pageArea(state.size).centred(Size(width, height))
  }
}

/// Which of a list is chosen and which rows are seen.
struct ListPlace: Equatable, Sendable {
  var selected = 0
  var first = 0

  /// - Returns: False when the key does not move in lists.
  mutating func press(_ key: KeyPress, count: Int, height: Int) -> Bool {
    switch key {
    case KeyPress(.up), .control("p"), KeyPress(.tab, .shift): move(-1, count, height)
    case KeyPress(.down), .control("n"): move(1, count, height)
    case KeyPress(.pageUp), .control("u"): move(-max(1, height - 1), count, height)
    case KeyPress(.pageDown), .control("d"): move(max(1, height - 1), count, height)
    default: return false
    }
    return true
  }

  private mutating func move(_ distance: Int, _ count: Int, _ height: Int) {
    select(selected + distance, count, height)
  }

  mutating func select(_ row: Int, _ count: Int, _ height: Int) {
    selected = max(0, min(row, count - 1))
    first = Table.scroll(first, toShow: selected, of: count, height: height)
  }

  func rows(count: Int, height: Int) -> Range<Int> {
    let start = max(0, min(first, count))
    return start..<min(count, start + max(0, height))
  }
}
