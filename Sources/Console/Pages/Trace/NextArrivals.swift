import Core
import Screen

/// The arrivals around the one that is looked at, which is the next one unless another is chosen.
struct NextArrivals {
  let moment: TraceMoment
  let scene: Scene

  /// The arrivals that so many rows show: a third of them before the cursor.
  func shown(rows: Int) -> Range<Int> {
    let count = moment.arrivals.count
    let rows = min(max(0, rows), count)
    let first = min(max((moment.cursor ?? 0) - rows / 3, 0), count - rows)
    return first..<first + rows
  }

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let shown = shown(rows: Panel.inside(area).height - 1)
    let table = Table(
      [
        .init("", width: 2), .init("id", width: 8), .init("in s", width: 11, .right), .init("prompt", width: 9, .right),
        .init("shared", width: 9, .right, dropOrder: 3), .init("output", width: 8, .right),
        .init("prio", width: 5, .right, dropOrder: 4), .init("label", width: 8, dropOrder: 2, grows: true),
      ], rows: shown.map(row), selected: moment.cursor.map { $0 - shown.lowerBound })
    let range = shown.isEmpty ? "0" : "\(Figure.grouped(shown.lowerBound + 1))-\(Figure.grouped(shown.upperBound))"
    let inside = Panel(
      "next arrivals", badge: moment.view.cursor == nil ? "follows the run" : "stays at r\(moment.cursor ?? 0) · = follows",
      footer: isFocused ? "Enter selects  ◆ selected" : "◆ selected", position: "\(range) of \(Figure.grouped(moment.arrivals.count))",
      isFocused: isFocused
    ).draw(in: area, on: &canvas)
    table.draw(in: Rect(inside.left, inside.top, inside.width - 1, inside.height), on: &canvas)
  }

  private func row(_ index: Int) -> [StyledText] {
    let arrival = moment.arrivals[index]
    let request = RequestID(index)
    let letter = scene.letter(of: request).map { StyledText(String($0), scene.style(of: request)) } ?? " "
    let mark: StyledText = scene.view.selected == request ? "◆" : " "
    let isArrived = moment.isArrived(index)
    let style: Style = isArrived ? .muted : .plain
    let distance = Figure.fixed(moment.distance(index), decimals: 2, signed: true)
    return [
      mark + letter, StyledText(request.description, style), StyledText(distance, style),
      StyledText(Figure.grouped(arrival.prompt.count), style),
      StyledText(moment.survey.sharing.map { Figure.grouped(Int($0.shared[index])) } ?? "–", style),
      StyledText(Figure.grouped(arrival.outputLimit), style), StyledText(Figure.grouped(arrival.priority), style),
      StyledText(moment.label(of: arrival) ?? "–", style),
    ]
  }
}
