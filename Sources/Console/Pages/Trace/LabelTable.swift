import Screen

/// Requests and prompt tokens of each label: tenants, service classes, models.
struct LabelTable {
  let survey: TraceSurvey

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let rows = survey.labels.map { label -> [StyledText] in
      [
        label.name.isEmpty ? StyledText("(none)", .muted) : StyledText(label.name), StyledText(Figure.grouped(label.requests)),
        StyledText(part(label.requests, of: survey.count)), StyledText(part(label.promptTokens, of: survey.promptTokens)),
      ]
    }
    let table = Table(
      [
        .init("label", width: 8, grows: true), .init("requests", width: 9, .right, dropOrder: 2), .init("%", width: 4, .right),
        .init("% tok", width: 5, .right, dropOrder: 1),
      ], rows: rows)
    let height = Panel.inside(area).height
    let inside = Panel("labels", position: table.position(in: height), isFocused: isFocused).draw(in: area, on: &canvas)
    table.draw(in: Rect(inside.left, inside.top, inside.width - 1, inside.height), on: &canvas)
  }

  private func part(_ number: Int, of all: Int) -> String {
    all > 0 ? Figure.percent(Double(number) / Double(all)) : "–"
  }
}
