import Analysis
import Core
import Hardware
import Host
import Scheduling
import Screen
import ServingEngine

/// How many tokens were drafted for each request, step by step.
struct ControllerHistory {
  let moment: SpeculationMoment
  let scene: Scene

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let width = max(0, Panel.inside(area).width - 9)
    let length = scene.run.engine.speculation?.length ?? "–"
    let inside = Panel(
      "drafts", badge: "draft-tokens \(length) · height = k", footer: "rows as above, one column a step, the latest at the right", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    let top = Double(max(1, scene.run.engine.speculation?.most ?? moment.rows.reduce(0) { max($0, Int($1.lengths.max() ?? 0)) }))
    for (number, row) in moment.rows.enumerated() where number < inside.height {
      let line = inside.top + number
      canvas.put(scene.letter(of: row.request).map { String(Character($0)) } ?? " ", at: Point(inside.left + 1, line), style: scene.style(of: row.request))
      canvas.put(row.request.description, at: Point(inside.left + 3, line), width: 5, style: scene.style(of: row.request))
      canvas.put(
        Sparkline.text(row.lengths.map { Double($0) }, width: width, top: top), at: Point(inside.left + 9, line), style: Style(.info))
    }
    if moment.rows.isEmpty { canvas.put("nobody drafts", at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted) }
  }
}
