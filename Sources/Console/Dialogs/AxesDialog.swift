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

  init(_ state: ConsoleState) { enter(0, state) }

  let hints = [Hint("Enter", "apply"), Hint("↑↓", "choose"), Hint("← →", "axis"), Hint("Esc", "close")]

  private var chosen: Axis { AxisCatalogue.all[axis] }

  private mutating func enter(_ axis: Int, _ state: ConsoleState) {
    let count = AxisCatalogue.all.count
    self.axis = (axis % count + count) % count
    let current = chosen.current(state.snapshot.shown.engine)
    place = ListPlace()
    place.select(chosen.members.firstIndex { $0.name == current } ?? 0, chosen.members.count, listHeight(state))
    number = TextField(current)
  }

  mutating func press(_ key: KeyPress, _ state: ConsoleState) -> DialogAnswer {
    switch key {
    case KeyPress(.escape), .character("p"), .character("q"): return .close
    case KeyPress(.tab), KeyPress(.right), .character("l"): enter(axis + 1, state)
    case KeyPress(.tab, .shift), KeyPress(.left), .character("h"): enter(axis - 1, state)
    case KeyPress(.enter): return apply(state)
    default:
      if chosen.range != nil { return edit(key) }
      let moved = key == .character("j") ? KeyPress(.down) : key == .character("k") ? KeyPress(.up) : key
      _ = place.press(moved, count: chosen.members.count, height: listHeight(state))
    }
    return .stay
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
    chosen.range != nil ? number.text : chosen.members.indices.contains(place.selected) ? chosen.members[place.selected].name : ""
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
    return wasSelected ? apply(state) : .stay
  }

  // MARK: The picture

  private static let rowsAround = 9

  private func listHeight(_ state: ConsoleState) -> Int { max(1, area(state).height - Self.rowsAround) }

  func area(_ state: ConsoleState) -> Rect {
    let longest = AxisCatalogue.all.map(\.members.count).max() ?? 0
    return box(min(86, state.size.width - 4), max(longest, 4) + Self.rowsAround, state)
  }

  /// Where each axis has its name: `[policy] batching  prefix-cache`.
  private func tabs(_ inside: Rect) -> [(axis: Int, columns: Range<Int>)] {
    var column = inside.left + 1
    return AxisCatalogue.all.enumerated().map { number, axis in
      defer { column += axis.name.cells + 2 }
      return (number, column..<column + axis.name.cells + 2)
    }
  }

  func draw(_ state: ConsoleState, on canvas: inout Canvas) {
    let area = area(state)
    let inside = Panel(
      "switch", badge: "Esc close", footer: "Enter apply  ↑↓ choose  ← → axis",
      position: chosen.range == nil ? "\(place.selected + 1) of \(chosen.members.count)" : "", isFocused: true)
      .draw(in: area, on: &canvas)
    canvas.clipped(to: inside) { canvas in
      for (number, columns) in tabs(inside) {
        let name = AxisCatalogue.all[number].name
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
    let nameWidth = chosen.members.map(\.name.cells).max() ?? 0
    for (line, number) in place.rows(count: chosen.members.count, height: listHeight(state)).enumerated() {
      let member = chosen.members[number]
      let row = Rect(inside.left + 1, inside.top + 2 + line, inside.width - 2, 1)
      let isSelected = number == place.selected
      if isSelected {
        canvas.fill(row, style: Style(.fg, on: .bgSelection))
        canvas.put(Glyphs.selected, at: row.origin, style: .strong)
      }
      canvas.put(member.name, at: Point(row.left + 2, row.top), style: isSelected ? .strong : .plain)
      let isNow = member.name == current
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
    canvas.fill(Rect(inside.left + 1, inside.bottom - 4, inside.width - 2, 1), with: "─", style: Style(.separator, on: .bgPanel))
    if chosen.range == nil, chosen.members.indices.contains(place.selected) {
      let source = chosen.members[place.selected].source
      canvas.put(source.isEmpty ? "" : "after \(source)", at: Point(left, inside.bottom - 3), width: width, style: .muted)
    }
    let command = CommandCatalogue.named(chosen.name)
    if let fault = command?.fault(state, choice) {
      canvas.put(fault, at: Point(left, inside.bottom - 2), width: width, style: .muted)
    } else {
      canvas.put("\(chosen.name) \(chosen.current(state.snapshot.shown.engine)) → \(choice)", at: Point(left, inside.bottom - 2), width: width)
      let isPast = !state.isAtHead
      canvas.put(
        isPast ? "! \(state.whenItApplies)" : state.whenItApplies, at: Point(left, inside.bottom - 1), width: width,
        style: isPast ? Style(.warn) : .muted)
    }
  }
}
