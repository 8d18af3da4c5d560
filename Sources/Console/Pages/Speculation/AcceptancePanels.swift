import Analysis
import Core
import Hardware
import Host
import Scheduling
import Screen
import ServingEngine

/// The share of a step's drafts that stood, step by step.
struct AcceptanceOverTime {
  let moment: SpeculationMoment

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let steps = moment.log.steps.suffix(BrailleGraph.samplesShown(width: Panel.inside(area).width - 7))
    let inside = Panel(
      "acceptance", badge: "each step, last \(steps.count)", footer: moment.run.engine.acceptanceSource ?? "", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    guard inside.height > 0, inside.width > 10 else { return }
    for (row, label) in [(0, "1.0 ┤"), (inside.height - 1, "0.0 ┤")] {
      canvas.put(label, at: Point(inside.left + 1, inside.top + row), style: .muted)
    }
    let plot = Rect(inside.left + 6, inside.top, inside.width - 7, inside.height)
    BrailleGraph(
      steps.map { Double($0.accepted) / Double(max(1, $0.drafted)) }, range: 0...1, kind: .line, style: Style(.specAccepted)
    ).draw(in: plot, on: &canvas)
  }
}

/// How often 0, 1, 2, … drafts stood.
struct AcceptedCounts {
  let moment: SpeculationMoment

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let tally = moment.run.observatory.scoreboard.speculation
    let inside = Panel(
      "accepted drafts per verification", badge: "n=\(Figure.grouped(tally.verifications))", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    let counts = tally.verificationsByAccepted
    for (number, count) in counts.enumerated() where number < inside.height {
      // What does not fit is in the last row.
      let isLast = number == inside.height - 1 && counts.count > inside.height
      let shown = isLast ? counts[number...].reduce(0, +) : count
      let share = Double(shown) / Double(max(1, tally.verifications))
      let end = canvas.put("\(number)\(isLast ? "+" : " ")".rightAligned(in: 4) + " ", at: Point(inside.left, inside.top + number), style: .muted)
      let width = max(0, inside.width - 5 - 14)
      let after = canvas.put(Gauge.text(share, width: width), at: Point(end, inside.top + number))
      canvas.put(NumberText.percent(share, 5) + NumberText.whole(shown, 8), at: Point(after, inside.top + number))
    }
  }
}
