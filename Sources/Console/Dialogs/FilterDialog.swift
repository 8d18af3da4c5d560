import Screen

/// The filter, typed in the row of the sentence so that the list it changes stays in sight.
struct FilterDialog: Dialog {
  private var field: TextField

  init(_ state: ConsoleState) { field = TextField(state.view.filter) }

  let hints = [Hint("Enter", "keep"), Hint("Esc", "list all"), Hint("Tab", "next field")]

  mutating func press(_ key: KeyPress, _ state: ConsoleState) -> DialogAnswer {
    switch key {
    case KeyPress(.escape): return .filter("", closes: true)
    case KeyPress(.enter): return .filter(field.text.trimmed, closes: true)
    case KeyPress(.backspace) where field.text.isEmpty: return .filter("", closes: true)
    case KeyPress(.tab): complete()
    default: _ = field.press(key)
    }
    return .filter(field.text, closes: false)
  }

  mutating func paste(_ text: String, _ state: ConsoleState) -> DialogAnswer {
    field.insert(text)
    return .filter(field.text, closes: false)
  }

  /// The last word becomes the next field that begins as it does.
  private mutating func complete() {
    let words = field.text.split(separator: " ", omittingEmptySubsequences: false)
    let last = words.last.map(String.init) ?? ""
    let head = words.dropLast().joined(separator: " ")
    let fields = RequestFilter.fields
    let next: String?
    if let now = fields.firstIndex(of: last) {
      next = fields[(now + 1) % fields.count]
    } else {
      next = last.isEmpty ? fields[0] : fields.first { $0.hasPrefix(last) }
    }
    if let next { field = TextField(head.isEmpty ? next : head + " " + next) }
  }

  func area(_ state: ConsoleState) -> Rect { Rect(0, state.size.height - 2, state.size.width, 1) }

  func draw(_ state: ConsoleState, on canvas: inout Canvas) {
    let area = area(state)
    canvas.fill(area, style: Style(.fg, on: .bgRaised))
    canvas.put("/", at: Point(1, area.top), style: Style(.fgKey, .bold))
    let width = min(40, area.width - 24)
    field.draw(at: Point(3, area.top), width: width, on: &canvas)
    let fault = RequestFilter(field.text).fault
    let text = fault ?? "all words must fit: chat  r12  running  missed  prompt>4k  ttft>0.5  !done"
    canvas.put(
      text, at: Point(width + 4, area.top), width: max(0, area.width - width - 5),
      style: fault == nil ? .muted : Style(.warn))
  }
}
