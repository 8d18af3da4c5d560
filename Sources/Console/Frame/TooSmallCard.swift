import Core
import Host
import Screen

/// Stands in for a page that has no room. The engine goes on, and the keys that need no picture still work.
enum TooSmallCard {
  static func draw(_ state: ConsoleState, on canvas: inout Canvas) {
    let size = state.size
    let page = PageCatalogue.members[state.view.page].descriptor.name
    let need = "\(Frame.smallest.width)×\(Frame.smallest.height)"
    let verb = state.isMoving ? "pause" : "run"
    let moment = "(\(Header.transport(state.snapshot).text) · \(Figure.grouped(state.shownStep)))"
    let lines = [
      "now \(size.width)×\(size.height) · \(page) needs \(need)", "enlarge the terminal",
      "q quit  Space \(verb)  , . step", moment,
    ]
    if size.width < 24 || size.height < 6 {
      // No room for a border: the most important first.
      for (row, line) in ["needs \(need)", "q quit  Space \(verb)", moment].enumerated() {
        canvas.put(line, at: Point(0, row), width: size.width, style: row == 0 ? Style(.warn) : .plain)
      }
      return
    }
    let area = canvas.area.centred(Size(46, lines.count + (size.height > lines.count + 3 ? 4 : 2)))
    let inside = Panel("too small").draw(in: area, on: &canvas)
    let top = inside.top + (inside.height - lines.count) / 2
    for (row, line) in lines.enumerated() {
      let style: Style = row == 0 ? Style(.warn) : row == 1 ? .muted : .plain
      canvas.put(line, at: Point(inside.left + 1, top + row), width: inside.width - 2, style: style)
    }
  }
}
