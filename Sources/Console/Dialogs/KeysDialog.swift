import Core
import Screen

/// The keys and the words of this place: to read, to search, to run.
struct KeysDialog: Dialog {
  private var field = TextField()
  private var place = ListPlace()
  private let title: String

  init(_ state: ConsoleState) {
    let page = PageCatalogue.members[state.view.page]
    let focus = state.view.focus.indices.contains(state.view.page) ? state.view.focus[state.view.page] : 0
    let panel = page.panels.indices.contains(focus) ? page.panels[focus] : ""
    let name = page.descriptor.name
    title = "keys and words · " + (panel.isEmpty || panel == name ? name : "\(name) / \(panel)")
  }

  let hints = [Hint("Enter", "run"), Hint("↑↓", "choose"), Hint("Esc", "close")]

  struct Entry: Equatable {
    var group: String
    var keys: String
    var text: String
    var refusal: String?
    var does: Deed

    enum Deed: Equatable {
      case run(String)
      case press(KeyPress)
      case nothing
    }
  }

  /// The page's own keys and words first, then all commands that have a key.
  func entries(_ state: ConsoleState) -> [Entry] {
    var entries = state.page.hints(state.scene).map { hint in
      let key = HintRow.key(hint.key)
      return Entry(group: "page", keys: hint.key, text: hint.action, does: key.map(Entry.Deed.press) ?? .nothing)
    }
    let own = Set(entries.map(\.keys))
    entries += PageCatalogue.members[state.view.page].words.map { Entry(group: "words", keys: $0.word, text: $0.meaning, does: .nothing) }
    for command in CommandCatalogue.all where !command.keys.contains(where: { own.contains($0.press.label) }) {
      let keys = command.name == "out" ? "Esc" : command.name == "move" ? "hjkl arrows g G" : command.keyLabel
      guard !keys.isEmpty else { continue }
      let deed: Entry.Deed = command.argument?.isRequired == false || command.argument == nil
        ? command.keys.first.map { .press($0.press) } ?? .nothing : .run(command.name)
      entries.append(
        Entry(
          group: command.group.rawValue, keys: keys, text: command.summary, refusal: command.obstacle(state),
          does: command.name == "move" || command.name == "out" ? .nothing : deed))
    }
    let typed = field.text.lowercased()
    if typed.isEmpty { return entries }
    return entries.filter { $0.text.lowercased().contains(typed) || $0.keys.lowercased().split(separator: " ").contains(Substring(typed)) }
  }

  mutating func press(_ key: KeyPress, _ state: ConsoleState) -> DialogAnswer {
    let entries = entries(state)
    if key == KeyPress(.escape) || key == KeyPress(.function(1)) { return .close }
    if key == KeyPress(.enter) { return run(entries) }
    if place.press(key == KeyPress(.tab) ? KeyPress(.down) : key, count: entries.count, height: listHeight(state)) {
      return .stay
    }
    let before = field.text
    _ = field.press(key)
    if field.text != before { place = ListPlace() }
    return .stay
  }

  mutating func paste(_ text: String, _ state: ConsoleState) -> DialogAnswer {
    field.insert(text)
    place = ListPlace()
    return .stay
  }

  private func run(_ entries: [Entry]) -> DialogAnswer {
    guard entries.indices.contains(place.selected) else { return .stay }
    let entry = entries[place.selected]
    if let refusal = entry.refusal { return .say(refusal) }
    switch entry.does {
    case .run(let line): return .run(line)
    case .press(let key): return .press(key)
    case .nothing: return .close
    }
  }

  mutating func click(_ point: Point, _ state: ConsoleState) -> DialogAnswer {
    let entries = entries(state)
    let rows = place.rows(count: entries.count, height: listHeight(state))
    let row = point.row - area(state).top - 3
    guard row >= 0, row < rows.count else { return .stay }
    place.select(rows.lowerBound + row, entries.count, listHeight(state))
    return run(entries)
  }

  private func listHeight(_ state: ConsoleState) -> Int { max(1, area(state).height - 5) }

  func area(_ state: ConsoleState) -> Rect { box(min(78, state.size.width - 4), 34, state) }

  func draw(_ state: ConsoleState, on canvas: inout Canvas) {
    let area = area(state)
    let entries = entries(state)
    let height = listHeight(state)
    let rows = place.rows(count: entries.count, height: height)
    let position = rows.isEmpty ? "nothing fits" : "\(rows.lowerBound + 1)-\(rows.upperBound) of \(entries.count)"
    let inside = Panel(title, badge: "type to search · Esc", footer: "↑↓ more  Enter runs the chosen key", position: position, isFocused: true)
      .draw(in: area, on: &canvas)
    let row = Rect(inside.left + 1, inside.top, inside.width - 2, inside.height)
    canvas.put("/", at: row.origin, style: Style(.fgKey))
    field.draw(at: Point(row.left + 2, row.top), width: row.width - 2, on: &canvas)
    var group = ""
    for (line, number) in rows.enumerated() {
      let entry = entries[number]
      let place = row.row(line + 2)
      if number == self.place.selected {
        canvas.fill(place, style: Style(.fg, on: .bgSelection))
        canvas.put(Glyphs.selected, at: place.origin, style: .strong)
      }
      if entry.group != group { canvas.put(entry.group, at: Point(place.left + 2, place.top), style: .muted) }
      group = entry.group
      let isRefused = entry.refusal != nil
      canvas.put(entry.keys, endingAt: Point(place.left + 26, place.top), style: Style(isRefused ? .disabled : .fgKey, .bold))
      canvas.put(
        entry.text, at: Point(place.left + 28, place.top), width: place.width - 28,
        style: isRefused ? Style(.disabled) : .plain)
    }
    if entries.indices.contains(place.selected), let refusal = entries[place.selected].refusal {
      canvas.put("not now: " + refusal, at: Point(row.left, inside.bottom - 1), width: row.width, style: Style(.warn))
    }
  }
}
