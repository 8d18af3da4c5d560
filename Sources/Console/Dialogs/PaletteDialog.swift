import Core
import Screen
import ServingEngine

/// The command line and the list of commands in one: type a part of a name, see what fits, run it.
///
/// The menus of themes, exports and files are this list with a word already typed.
struct PaletteDialog: Dialog {
  private(set) var field: TextField
  private var place = ListPlace()
  private var recalled: Recalled?
  private static let width = 72

  /// An earlier line stands in the field.
  private struct Recalled {
    /// 1 is the latest.
    var age: Int
    /// What stood there before.
    var own: String
  }

  init(_ text: String = "") { field = TextField(text) }

  /// One row of the list.
  struct Entry: Equatable {
    /// What Enter runs.
    var line: String
    var title: String
    var summary: String
    var detail = ""
    var keys = ""
    /// Why it cannot be run.
    var refusal: String?
    /// Enter asks for more instead of running.
    var isOpen = false
  }

  let hints = [Hint("Enter", "run"), Hint("Tab", "complete"), Hint("↑↓", "choose"), Hint("Esc", "close")]

  /// Begins with the present theme, so that nothing changes before a key does.
  mutating func follow(_ state: ConsoleState) {
    guard field.text.hasPrefix("theme ") else { return }
    let entries = entries(state)
    guard let now = entries.firstIndex(where: { $0.line == "theme " + state.themes[state.themeIndex].name }) else { return }
    place.select(now, entries.count, listHeight(state))
  }

  /// Files are asked for while `open` is typed.
  var needs: [Effect] {
    guard field.text.hasPrefix("open ") else { return [] }
    return [.listFiles(prefix: TypedLine(field.text).argument ?? "")]
  }

  mutating func press(_ key: KeyPress, _ state: ConsoleState) -> DialogAnswer {
    let entries = entries(state)
    switch key {
    case KeyPress(.escape): return .close
    case KeyPress(.enter): return enter(entries, state)
    case KeyPress(.tab):
      guard entries.indices.contains(place.selected) else { return .stay }
      field = TextField(entries[place.selected].isOpen ? entries[place.selected].line + " " : entries[place.selected].line)
      place = ListPlace()
      return .effects(needs)
    case KeyPress(.backspace) where field.text.isEmpty: return .close
    default: break
    }
    if recall(key, state) { return .effects(needs) }
    if key != .control("u"), place.press(key, count: entries.count, height: listHeight(state)) { return .stay }
    let before = field.text
    guard field.press(key) else { return .stay }
    if field.text != before {
      place = ListPlace()
      recalled = nil
    }
    return field.text == before ? .stay : .effects(needs)
  }

  /// Up from the first row goes to earlier lines, Down comes back from them.
  private mutating func recall(_ key: KeyPress, _ state: ConsoleState) -> Bool {
    let lines = state.typedLines
    let age = recalled?.age ?? 0
    switch key {
    case KeyPress(.up), .control("p"):
      guard recalled != nil || place.selected == 0, age < lines.count else { return false }
      recalled = Recalled(age: age + 1, own: recalled?.own ?? field.text)
    case KeyPress(.down), .control("n"):
      guard let recalled else { return false }
      self.recalled = age > 1 ? Recalled(age: age - 1, own: recalled.own) : nil
      if age == 1 { field = TextField(recalled.own) }
    default: return false
    }
    if let recalled { field = TextField(lines[lines.count - recalled.age]) }
    place = ListPlace()
    return true
  }

  mutating func paste(_ text: String, _ state: ConsoleState) -> DialogAnswer {
    field.insert(text)
    place = ListPlace()
    return .effects(needs)
  }

  private mutating func enter(_ entries: [Entry], _ state: ConsoleState) -> DialogAnswer {
    guard entries.indices.contains(place.selected) else {
      let text = field.text.trimmed
      if text.isEmpty { return .close }
      return .say("there is no command \(TypedLine(text).name)")
    }
    let entry = entries[place.selected]
    if let refusal = entry.refusal { return .say(refusal) }
    if entry.isOpen {
      field = TextField(entry.line + " ")
      place = ListPlace()
      follow(state)
      return .effects(needs)
    }
    return .run(entry.line)
  }

  mutating func click(_ point: Point, _ state: ConsoleState) -> DialogAnswer {
    let entries = entries(state)
    let height = listHeight(state)
    let row = point.row - area(state).top - 3
    let rows = place.rows(count: entries.count, height: height)
    guard row >= 0, row < rows.count else { return .stay }
    place.select(rows.lowerBound + row, entries.count, height)
    return enter(entries, state)
  }

  func previewedTheme(_ state: ConsoleState) -> Int? {
    guard field.text.hasPrefix("theme ") else { return nil }
    let entries = entries(state)
    guard entries.indices.contains(place.selected) else { return nil }
    let name = TypedLine(entries[place.selected].line).argument
    return state.themes.firstIndex { $0.name == name }
  }

  // MARK: The list

  /// What fits, best first; equals stay in the order of the catalogue.
  func entries(_ state: ConsoleState) -> [Entry] {
    let text = field.text.drop { $0 == " " || $0 == ":" }
    if text.contains(" "), let command = CommandCatalogue.named(TypedLine(String(text)).name), command.argument != nil {
      return choices(of: command, TypedLine(String(text)).argument ?? "", state)
    }
    var scored: [(score: Int, entry: Entry)] = []
    for command in CommandCatalogue.all {
      if let score = score(String(text), command.name, command.summary) { scored.append((score, entry(for: command, state))) }
      guard !text.isEmpty, command.argument != nil else { continue }
      for choice in command.choices(state) {
        let line = command.name + " " + choice.argument
        guard let score = FuzzyMatch.score(String(text), in: line) ?? FuzzyMatch.score(String(text), in: choice.argument)
        else { continue }
        scored.append((score - 1, entry(for: command, choice, state)))
      }
    }
    return sorted(scored)
  }

  private func choices(of command: ConsoleCommand, _ typed: String, _ state: ConsoleState) -> [Entry] {
    let choices = command.choices(state)
    var scored: [(score: Int, entry: Entry)] = []
    for choice in choices {
      guard let score = score(typed, choice.argument, choice.summary) else { continue }
      scored.append((score, entry(for: command, choice, state)))
    }
    var entries = sorted(scored)
    let isListed = choices.contains { $0.argument == typed }
    if !isListed, command.argument?.isClosed == false, !typed.isEmpty || choices.isEmpty {
      var own = entry(for: command, .init(argument: typed, summary: command.summary), state)
      if typed.isEmpty { own = entry(for: command, state) }
      // A number or a name of one's own comes before what only resembles it.
      let isLast = command.argument?.prefersChoices == true
      if own.refusal == nil || entries.isEmpty { entries.insert(own, at: isLast ? entries.count : 0) }
    }
    return entries
  }

  private func sorted(_ scored: [(score: Int, entry: Entry)]) -> [Entry] {
    scored.enumerated().sorted { ($0.element.score, $1.offset) > ($1.element.score, $0.offset) }.map(\.element.entry)
  }

  private func score(_ typed: String, _ name: String, _ summary: String) -> Int? {
    if let score = FuzzyMatch.score(typed, in: name) { return score }
    return typed.count > 2 && summary.lowercased().contains(typed.lowercased()) ? -100 : nil
  }

  private func entry(for command: ConsoleCommand, _ state: ConsoleState) -> Entry {
    Entry(
      line: command.name, title: command.usage, summary: command.summary, keys: key(of: command),
      refusal: command.obstacle(state), isOpen: command.argument?.isRequired == true)
  }

  /// The axes share the key of their menu.
  private func key(of command: ConsoleCommand) -> String {
    let isAxis = AxisCatalogue.axis(named: command.name) != nil
    return isAxis ? CommandCatalogue.named("switch")?.keyLabel ?? "" : command.keyLabel
  }

  private func entry(for command: ConsoleCommand, _ choice: ConsoleCommand.Choice, _ state: ConsoleState) -> Entry {
    let key = command.keys.first { $0.argument == choice.argument }?.press.label
    return Entry(
      line: command.name + " " + choice.argument, title: command.name + " " + choice.argument, summary: choice.summary,
      detail: choice.detail, keys: key ?? "",
      refusal: command.obstacle(state) ?? command.fault(state, choice.argument))
  }

  // MARK: The picture

  private func listHeight(_ state: ConsoleState) -> Int { max(1, area(state).height - 7) }

  /// As high as the menu it is; while a name is typed always the same, so that it does not jump.
  func area(_ state: ConsoleState) -> Rect {
    let line = TypedLine(field.text)
    let isMenu = field.text.drop { $0 == " " || $0 == ":" }.contains(" ")
    let command = isMenu ? CommandCatalogue.named(line.name).flatMap { $0.argument == nil ? nil : $0 } : nil
    let rows = command.map { max(4, min(13, $0.choices(state).count + ($0.argument?.isClosed == true ? 0 : 1))) } ?? 13
    return box(min(Self.width, state.size.width - 4), rows + 7, state)
  }

  func draw(_ state: ConsoleState, on canvas: inout Canvas) {
    let area = area(state)
    let entries = entries(state)
    let inside = Panel("command", badge: "Esc close", footer: "Tab complete  Enter run  ↑↓ choose" + (state.typedLines.isEmpty ? "" : "  ↑ at the top: earlier lines"), isFocused: true)
      .draw(in: area, on: &canvas)
    let row = Rect(inside.left + 1, inside.top, inside.width - 2, inside.height)
    let count = entries.isEmpty ? "nothing fits" : "\(place.selected + 1) of \(entries.count)"
    let end = canvas.put(count, endingAt: Point(row.right, row.top), style: .muted)
    canvas.put(">", at: row.origin, style: Style(.fgKey))
    field.draw(at: Point(row.left + 2, row.top), width: end - row.left - 4, on: &canvas)
    separator(row, row.top + 1, on: &canvas)

    let height = listHeight(state)
    let rows = place.rows(count: entries.count, height: height)
    let titleWidth = min(30, max(entries[rows].map(\.title.cells).max() ?? 0, 12), row.width / 2)
    for (line, number) in rows.enumerated() {
      draw(entries[number], number == place.selected, titleWidth, row.row(line + 2), on: &canvas)
    }
    separator(row, inside.bottom - 3, on: &canvas)
    guard entries.indices.contains(place.selected) else { return }
    drawDetail(entries[place.selected], row, inside.bottom - 2, state, on: &canvas)
  }

  private func separator(_ row: Rect, _ line: Int, on canvas: inout Canvas) {
    canvas.fill(Rect(row.left, line, row.width, 1), with: "─", style: Style(.separator, on: .bgPanel))
  }

  private func draw(_ entry: Entry, _ isSelected: Bool, _ titleWidth: Int, _ row: Rect, on canvas: inout Canvas) {
    if isSelected {
      canvas.fill(row, style: Style(.fg, on: .bgSelection))
      canvas.put(Glyphs.selected, at: row.origin, style: .strong)
    }
    let isRefused = entry.refusal != nil
    let style = isRefused ? Style(.disabled) : isSelected ? .strong : .plain
    canvas.put(entry.title, at: Point(row.left + 2, row.top), width: titleWidth, style: style)
    let keys = canvas.put(entry.keys, endingAt: Point(row.right, row.top), style: Style(.fgKey))
    let left = row.left + titleWidth + 4
    canvas.put(
      entry.summary, at: Point(left, row.top), width: max(0, keys - left - 1), style: isRefused ? Style(.disabled) : .muted)
  }

  private func drawDetail(_ entry: Entry, _ row: Rect, _ top: Int, _ state: ConsoleState, on canvas: inout Canvas) {
    let line = TypedLine(entry.line)
    if let refusal = entry.refusal {
      put("not now", refusal, Style(.warn), row, top, on: &canvas)
    } else if let argument = line.argument, let command = CommandCatalogue.named(line.name),
      let preview = command.preview(state, argument)
    {
      put("preview", preview, .plain, row, top, on: &canvas)
    }
    let axis = AxisCatalogue.axis(named: line.name)
    if let argument = line.argument, let axis, let reason = state.reasonToFork(argument, on: axis) {
      put("why", reason, .muted, row, top + 1, on: &canvas)
    } else if let argument = line.argument, axis != nil {
      put("script", "\(state.shownStep) \(line.name) \(argument)", .muted, row, top + 1, on: &canvas)
    } else if !entry.detail.isEmpty {
      put("", entry.detail, .muted, row, top + 1, on: &canvas)
    }
  }

  private func put(_ name: String, _ text: String, _ style: Style, _ row: Rect, _ line: Int, on canvas: inout Canvas) {
    canvas.put(name.padded(to: 9), at: Point(row.left, line), style: .muted)
    canvas.put(text, at: Point(row.left + 9, line), width: row.width - 9, style: style)
  }
}

extension String {
  var trimmed: String {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
