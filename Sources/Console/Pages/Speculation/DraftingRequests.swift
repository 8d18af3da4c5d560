import Analysis
import Core
import Hardware
import Host
import Scheduling
import Screen
import ServingEngine

/// Is it worth it, request by request.
struct DraftingRequests {
  let moment: SpeculationMoment
  let scene: Scene

  static let columns = [
    Table.Column("", width: 1),
    Table.Column("id", width: 5),
    Table.Column("k", width: 2, .right),
    Table.Column("accept", width: 10, dropOrder: 4),
    Table.Column("", width: 4, .right),
    Table.Column("E[n]", width: 4, .right),
    Table.Column("speedup", width: 8, .right, dropOrder: 1),
    Table.Column("waste", width: 5, .right, dropOrder: 3),
    Table.Column(" by position", width: 20, dropOrder: 2, grows: true),
  ]

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let height = Panel.inside(area).height
    let table = table(height: height - 2)
    let arrow = scene.view.speculation.isReversed ? Glyphs.ascending : Glyphs.descending
    let inside = Panel(
      "requests", badge: "\(moment.rows.count) drafting", footer: "sort \(scene.view.speculation.order.rawValue) \(arrow)",
      position: table.position(in: height - 2), isFocused: isFocused
    ).draw(in: area, on: &canvas)
    guard scene.run.engine.speculation != nil || !moment.rows.isEmpty else {
      canvas.put("nobody drafts: --speculate none", at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted)
      return
    }
    var rest = Rect(inside.left, inside.top, inside.width - 1, inside.height)
    let sums = rest.cutBottom(min(2, max(0, rest.height - 3)))
    table.draw(in: rest, on: &canvas)
    guard sums.height > 0 else { return }
    Table(Self.columns, rows: [batchRow], showsHeader: false).draw(in: sums.row(0), on: &canvas)
    canvas.put(verdict, at: Point(sums.left + 1, sums.top + 1), width: sums.width - 1)
  }

  func table(height: Int) -> Table {
    let selected = moment.rows.firstIndex { $0.request == scene.view.selected }
    return Table(
      Self.columns, rows: moment.rows.map(row), selected: selected,
      firstRow: Table.scroll(0, toShow: selected ?? 0, of: moment.rows.count, height: height - 1))
  }

  private func row(_ row: SpeculationMoment.Row) -> [StyledText] {
    let letter = scene.letter(of: row.request).map { String(Character($0)) } ?? " "
    let isLoser = (row.speedup ?? 1) < 0.995
    let speedup = row.speedup.map { Figure.fixed($0, decimals: 2) + "×" + (isLoser ? String(Character(Glyphs.loss)) : " ") } ?? "– "
    return [StyledText(letter, scene.style(of: row.request)), StyledText(row.request.description, scene.style(of: row.request)), StyledText(String(row.limit))]
      + Self.cells(row.tally, waste: row.waste, tokens: row.tokens)
      .inserting(StyledText(speedup, isLoser ? Style(.specLoss) : .plain), at: 3)
  }

  private static func cells(_ tally: SpeculationTally, waste: Double?, tokens: Double?) -> [StyledText] {
    [
      tally.acceptanceRate.map { Gauge.text($0, width: 10, style: Style(.specAccepted)) } ?? "",
      StyledText(NumberText.percent(tally.acceptanceRate, 4)),
      StyledText(NumberText.fixed(tokens, 1, 4)),
      StyledText(NumberText.percent(waste, 5)),
      StyledText(tally.acceptanceByPosition.prefix(8).map { Figure.fixed($0 * 100, decimals: 0).rightAligned(in: 4) }.joined(), .muted),
    ]
  }

  private var batchRow: [StyledText] {
    let tally = scene.run.observatory.scoreboard.speculation
    let rate = tally.acceptanceRate.map { 1 - $0 }
    return [StyledText("Σ", .strong), StyledText("run", .muted), ""]
      + Self.cells(tally, waste: rate, tokens: tally.acceptedPerVerify.map { $0 + 1 }).inserting("", at: 3)
  }

  /// Who loses by it, and from where on one does.
  private var verdict: StyledText {
    let losers = moment.losers
    guard let breakEven = moment.breakEven else {
      return StyledText("break-even –: no steps with 0 and with 1 draft at this size yet", .muted)
    }
    let bound = "break-even at k=1: \(Figure.percent(max(0, breakEven))) of drafts"
    guard let first = losers.last else { return StyledText(bound + (moment.rows.isEmpty ? "" : " · nobody loses"), .muted) }
    let names = losers.suffix(4).map { $0.request.description }.joined(separator: " ")
    let loss = first.speedup.map { Figure.percent(1 - $0) } ?? "–"
    return StyledText("\(String(Character(Glyphs.loss))) \(losers.count > 4 ? "\(losers.count) requests" : names) lose\(losers.count == 1 ? "s" : "") up to \(loss)", Style(.specLoss)) + StyledText(" · " + bound, .muted)
  }
}

extension [StyledText] {
  fileprivate func inserting(_ text: StyledText, at place: Int) -> [StyledText] {
    var texts = self
    texts.insert(text, at: place)
    return texts
  }
}
