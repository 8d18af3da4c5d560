import Screen

/// The last row: the keys that are valid here. Each can be clicked.
struct HintRow {
  private struct Place {
    var hint: Hint
    var columns: Range<Int>
  }

  private let places: [Place]
  private let separators: [Int]
  private let row: Int

  init(_ state: ConsoleState) {
    row = state.size.height - 1
    let width = state.size.width
    let groups = state.dialog.map { [$0.hints] } ?? Self.groups(state, width)
    let wide = width >= 100
    var places: [Place] = []
    var separators: [Int] = []
    var column = 1
    for group in groups where !group.isEmpty {
      if wide && !places.isEmpty {
        separators.append(column - 1)
        column += 2 - 1
      }
      for hint in group {
        let end = column + hint.key.cells + 1 + hint.action.cells
        places.append(Place(hint: hint, columns: column..<end))
        column = end + 2
      }
    }
    self.places = places
    self.separators = separators
  }

  func draw(on canvas: inout Canvas) {
    for place in places where place.columns.upperBound <= canvas.width {
      let column = canvas.put(place.hint.key, at: Point(place.columns.lowerBound, row), style: Style(.fgKey, .bold))
      canvas.put(place.hint.action, at: Point(column + 1, row), style: .muted)
    }
    for column in separators { canvas.put("│", at: Point(column, row), style: Style(.separator)) }
  }

  func key(at column: Int) -> KeyPress? {
    places.first { $0.columns.contains(column) }.flatMap { Self.key($0.hint.key) }
  }

  /// The first key of a hint such as `, .` or `Enter`.
  static func key(_ label: String) -> KeyPress? {
    let word = label.split(separator: " ").first.map(String.init) ?? label
    if word.count == 1 { return word.first.flatMap { arrows[$0] ?? .character($0) } }
    if word.hasPrefix("^"), word.count == 2 { return word.lowercased().last.map(KeyPress.control) }
    return KeyPress(named: word.lowercased()) ?? word.first.flatMap { word.contains("/") ? KeyPress.character($0) : nil }
  }

  private static let arrows: [Character: KeyPress] = [
    "↑": KeyPress(.up), "↓": KeyPress(.down), "←": KeyPress(.left), "→": KeyPress(.right),
  ]

  /// Time │ act │ the page's own │ view │ help. The first and the last always stand; of the rest what
  /// fits, the page's own before the common.
  private static func groups(_ state: ConsoleState, _ width: Int) -> [[Hint]] {
    let wide = width >= 100
    let canRun = CommandCatalogue.named("run")?.obstacle(state) == nil
    let time = (canRun ? [Hint("Space", state.isMoving ? "pause" : "run")] : []) + [Hint(", .", "step")]
    let canFollow = CommandCatalogue.named("live")?.obstacle(state) == nil
    let help = [Hint(":", wide ? "command" : "cmd"), Hint("?", "help")]
    let page = state.page.hints(state.scene)
    let taken = Set(page.map(\.key))
    var groups: [[Hint]] = [time, [Hint("p", "policy")], [], [], help]
    let wished: [(group: Int, hint: Hint)] =
      page.prefix(3).map { (2, $0) } + (canFollow ? [(0, Hint("f", "live"))] : []) + [(3, Hint("/", "filter")), (3, Hint("z", "zoom"))]
      + page.dropFirst(3).map { (2, $0) } + [(0, Hint("[ ]", "event")), (3, Hint("e", "export"))]
    for (group, hint) in wished where group == 2 || !taken.contains(hint.key) {
      groups[group].append(hint)
      if cells(groups, wide) > width - 1 { groups[group].removeLast() }
    }
    return groups
  }

  private static func cells(_ groups: [[Hint]], _ wide: Bool) -> Int {
    let shown = groups.filter { !$0.isEmpty }
    let hints = shown.joined().reduce(0) { $0 + $1.key.cells + 1 + $1.action.cells + 2 }
    return 1 + hints - 2 + (wide ? shown.count - 1 : 0)
  }
}
