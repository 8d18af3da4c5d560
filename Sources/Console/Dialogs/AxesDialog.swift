import Core
import Host
import Screen
import ServingEngine

/// What can be switched while the engine runs: an axis a tab, its members below.
struct AxesDialog: Dialog {
  private var axis = 0
  private var place = ListPlace()
  /// For an axis that is a number.
  private var number = TextField()
  /// Behind the colon of the selected member, when it takes numbers.
  private var numbers = TextField("")

  init(_ state: ConsoleState) { enter(0, state) }

  let hints = [Hint("Enter", "apply"), Hint("↑↓", "choose"), Hint("← →", "axis"), Hint("Esc", "close")]

  private var chosen: Axis { AxisCatalogue.everything[axis] }

  private mutating func enter(_ axis: Int, _ state: ConsoleState) {
    let count = AxisCatalogue.everything.count
    self.axis = (axis % count + count) % count
    let current = chosen.current(state.snapshot.shown.engine)
    place = ListPlace()
    let chosen = chosen
    place.select(chosen.members.firstIndex { chosen.isChoice(current, of: $0) } ?? 0, chosen.members.count, listHeight(state))
    number = TextField(current)
    readNumbers(state)
  }

  private var member: Descriptor? { chosen.members.indices.contains(place.selected) ? chosen.members[place.selected] : nil }

  /// The selected member's numbers as they are now, if it is the present one.
  private mutating func readNumbers(_ state: ConsoleState) {
    let current = chosen.current(state.snapshot.shown.engine)
    guard let member, current.hasPrefix(member.name + ":") else { return numbers = TextField("") }
    numbers = TextField(String(current.dropFirst(member.name.count + 1)))
  }

  mutating func press(_ key: KeyPress, _ state: ConsoleState) -> DialogAnswer {
    switch key {
    case KeyPress(.escape), .character("p"), .character("q"): return .close
    case KeyPress(.tab), KeyPress(.right), .character("l"): enter(axis + 1, state)
    case KeyPress(.tab, .shift), KeyPress(.left), .character("h"): enter(axis - 1, state)
    case KeyPress(.enter): return apply(state)
    default:
      if chosen.range != nil { return edit(key) }
      if let member, !member.parameters.isEmpty, editNumbers(key, member) { return .stay }
      let selected = place.selected
      let moved = key == .character("j") ? KeyPress(.down) : key == .character("k") ? KeyPress(.up) : key
      _ = place.press(moved, count: chosen.members.count, height: listHeight(state))
      if place.selected != selected { readNumbers(state) }
    }
    return .stay
  }

  /// Digits, what stands between numbers, and the mark of a share.
  private mutating func editNumbers(_ key: KeyPress, _ member: Descriptor) -> Bool {
    if let typed = key.typed {
      guard typed.isNumber && typed.isASCII || typed == member.separator || typed == ":"
        || typed == "%" && member.parameters.contains(where: \.takesShares)
      else { return false }
      if !typed.isNumber, numbers.text.isEmpty { return true }
      if numbers.text.count < 24 { numbers.insert(String(typed)) }
      return true
    }
    guard key == KeyPress(.backspace) || key == .control("u") else { return false }
    _ = numbers.press(key)
    return true
  }

  /// Digits type; up and down double and halve.
  private mutating func edit(_ key: KeyPress) -> DialogAnswer {
    guard let range = chosen.range else { return .stay }
    switch key {
    case KeyPress(.up), .character("k"), .character("+"):
      number = TextField(String(min(range.upperBound, max(range.lowerBound, (Int(number.text) ?? 0) * 2))))
    case KeyPress(.down), .character("j"), .character("-"):
      number = TextField(String(min(range.upperBound, max(range.lowerBound, (Int(number.text) ?? 0) / 2))))
    default:
      if let typed = key.typed {
        if typed.isNumber && typed.isASCII && number.text.count < 12 { number.insert(String(typed)) }
      } else {
        _ = number.press(key)
      }
    }
    return .stay
  }

  private var choice: String {
    guard chosen.range == nil else { return number.text }
    return member.map { $0.name + (numbers.text.isEmpty ? "" : ":" + numbers.text) } ?? ""
  }

  private func apply(_ state: ConsoleState) -> DialogAnswer {
    if let command = CommandCatalogue.named(chosen.name), let fault = command.fault(state, choice) { return .say(fault) }
    return .run("\(chosen.name) \(choice)")
  }

  mutating func paste(_ text: String, _ state: ConsoleState) -> DialogAnswer {
    if chosen.range != nil { number.insert(text.filter { $0.isASCII && $0.isNumber }.prefix(12).description) }
    return .stay
  }

  mutating func click(_ point: Point, _ state: ConsoleState) -> DialogAnswer {
    let inside = Panel.inside(area(state))
    if point.row == inside.top {
      if let tab = tabs(inside).first(where: { $0.columns.contains(point.column) }) { enter(tab.axis, state) }
      return .stay
    }
    let row = point.row - inside.top - 2
    let rows = place.rows(count: chosen.members.count, height: listHeight(state))
    guard chosen.range == nil, row >= 0, row < rows.count else { return .stay }
    let wasSelected = place.selected == rows.lowerBound + row
    place.select(rows.lowerBound + row, chosen.members.count, listHeight(state))
    if !wasSelected { readNumbers(state) }
    return wasSelected ? apply(state) : .stay
  }

  // MARK: The picture

  private static let rowsAround = 10

  private func listHeight(_ state: ConsoleState) -> Int { max(1, area(state).height - Self.rowsAround) }

  func area(_ state: ConsoleState) -> Rect {
    let longest = AxisCatalogue.all.map(\.members.count).max() ?? 0
    return box(min(86, state.size.width - 4), max(longest, 4) + Self.rowsAround, state)
  }

  /// Where each axis has its name: `[policy] prefill  batching`. Those before the present one that do not fit are left out.
  private func tabs(_ inside: Rect) -> [(axis: Int, columns: Range<Int>)] {
    let widths = AxisCatalogue.everything.map { $0.name.cells + 2 }
    var first = 0
    // The marks at both ends say that there are more.
    while first < axis, widths[first...axis].reduce(0, +) > inside.width - 4 { first += 1 }
    var column = inside.left + 2
    return widths.indices.dropFirst(first).compactMap { number in
      defer { column += widths[number] }
      return column + widths[number] <= inside.right - 2 ? (number, column..<column + widths[number]) : nil
    }
  }

  func draw(_ state: ConsoleState, on canvas: inout Canvas) {
    let area = area(state)
    let inside = Panel(
      "switch", badge: "Esc close", footer: "Enter apply  ↑↓ choose  ← → axis",
      position: chosen.range == nil ? "\(place.selected + 1) of \(chosen.members.count)" : "", isFocused: true)
      .draw(in: area, on: &canvas)
    canvas.clipped(to: inside) { canvas in
      let tabs = tabs(inside)
      if let first = tabs.first, first.axis > 0 { canvas.put("‹", at: Point(inside.left + 1, inside.top), style: .muted) }
      if let last = tabs.last, last.axis < AxisCatalogue.everything.count - 1 {
        canvas.put("›", endingAt: Point(inside.right - 1, inside.top), style: .muted)
      }
      for (number, columns) in tabs {
        let name = AxisCatalogue.everything[number].name
        let isHere = number == axis
        canvas.put(
          isHere ? "[\(name)]" : " \(name) ", at: Point(columns.lowerBound, inside.top),
          style: isHere ? .strong : .muted)
      }
      canvas.put(chosen.summary, at: Point(inside.left + 2, inside.top + 1), width: inside.width - 4, style: .muted)
      if chosen.range == nil { drawMembers(inside, state, on: &canvas) } else { drawNumber(inside, state, on: &canvas) }
      drawFoot(inside, state, on: &canvas)
    }
  }

  private func drawMembers(_ inside: Rect, _ state: ConsoleState, on canvas: inout Canvas) {
    let current = chosen.current(state.snapshot.shown.engine)
    let nameWidth = chosen.members.map { $0.name.cells + ($0.parameters.isEmpty ? 0 : 8) }.max() ?? 0
    for (line, number) in place.rows(count: chosen.members.count, height: listHeight(state)).enumerated() {
      let member = chosen.members[number]
      let row = Rect(inside.left + 1, inside.top + 2 + line, inside.width - 2, 1)
      let isSelected = number == place.selected
      if isSelected {
        canvas.fill(row, style: Style(.fg, on: .bgSelection))
        canvas.put(Glyphs.selected, at: row.origin, style: .strong)
      }
      let end = canvas.put(member.name, at: Point(row.left + 2, row.top), style: isSelected ? .strong : .plain)
      let isNow = chosen.isChoice(current, of: member)
      if !member.parameters.isEmpty {
        let written = isSelected ? numbers.text : isNow ? String(current.dropFirst(member.name.count + 1)) : ""
        if isSelected || !written.isEmpty { canvas.put(":" + written + (isSelected ? "_" : ""), at: Point(end, row.top), style: .strong) }
      }
      let left = row.left + nameWidth + 4
      canvas.put(member.summary, at: Point(left, row.top), width: row.right - left - 5, style: .muted)
      if isNow { canvas.put("now", endingAt: Point(row.right, row.top), style: Style(.ok, .bold)) }
    }
  }

  private func drawNumber(_ inside: Rect, _ state: ConsoleState, on canvas: inout Canvas) {
    guard let range = chosen.range else { return }
    let current = chosen.current(state.snapshot.shown.engine)
    let row = inside.top + 3
    canvas.put(">", at: Point(inside.left + 2, row), style: Style(.fgKey))
    number.draw(at: Point(inside.left + 4, row), width: 14, on: &canvas)
    let now = Int(current).map { Figure.grouped($0) } ?? current
    canvas.put(
      "now \(now) · \(Figure.grouped(range.lowerBound)) to \(Figure.grouped(range.upperBound)) · ↑ doubles, ↓ halves",
      at: Point(inside.left + 20, row), width: inside.width - 22, style: .muted)
  }

  /// Source, then what applying does.
  private func drawFoot(_ inside: Rect, _ state: ConsoleState, on canvas: inout Canvas) {
    let left = inside.left + 2
    let width = inside.width - 4
    canvas.fill(Rect(inside.left + 1, inside.bottom - 5, inside.width - 2, 1), with: "─", style: Style(.separator, on: .bgPanel))
    if chosen.range == nil, let member {
      let numbers = member.parameters.map { "\($0.name): \($0.summary)" }.joined(separator: " · ")
      canvas.put(numbers.isEmpty ? "" : "type " + numbers, at: Point(left, inside.bottom - 4), width: width, style: .muted)
      let source = member.source
      canvas.put(source.isEmpty ? "" : "after \(source)", at: Point(left, inside.bottom - 3), width: width, style: .muted)
    }
    let command = CommandCatalogue.named(chosen.name)
    if let fault = command?.fault(state, choice) {
      canvas.put(fault, at: Point(left, inside.bottom - 2), width: width, style: .muted)
    } else {
      let reason = state.reasonToFork(choice, on: chosen)
      canvas.put(
        "\(chosen.name) \(chosen.current(state.snapshot.shown.engine)) → \(choice)" + (reason.map { " · \($0)" } ?? ""),
        at: Point(left, inside.bottom - 2), width: width)
      let engine = state.snapshot.shown.engine
      let warning = (try? chosen.choice(choice)).flatMap { chosen.warning(engine, $0) }
      let leavesHistory = reason != nil || !state.isAtHead
      let when = reason == nil ? state.whenItApplies : ConsoleState.forks
      canvas.put(
        leavesHistory ? "! \(when)" : warning.map { "! \($0)" } ?? when, at: Point(left, inside.bottom - 1), width: width,
        style: leavesHistory || warning != nil ? Style(.warn) : .muted)
    }
  }
}
