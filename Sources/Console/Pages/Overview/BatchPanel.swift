import Analysis
import Core
import Host
import Scheduling
import Screen
import ServingEngine

extension OverviewPage {
  /// The requests in the batch, one a row.
  struct BatchPanel {
    let scene: Scene
    let isFocused: Bool
    let rows: [BatchRow]
    /// No other panel says how many wait.
    let saysWaiting: Bool

    init(_ scene: Scene, isFocused: Bool, saysWaiting: Bool = false) {
      self.scene = scene
      self.saysWaiting = saysWaiting
      self.isFocused = isFocused
      rows = BatchRow.rows(of: scene)
    }

    private var view: OverviewView { scene.view.overview }

    var selected: Int? { scene.view.selected.flatMap { id in rows.firstIndex { $0.request == id } } }

    /// Requests that fit below the header.
    static func height(in area: Rect) -> Int { max(0, area.height - 3) }

    /// The row at the top, moved as little as the selection asks for.
    func top(height: Int) -> Int {
      Table.scroll(view.batchTop, toShow: selected ?? view.batchTop, of: rows.count, height: height)
    }

    func draw(in area: Rect, on canvas: inout Canvas) {
      let limits = scene.snapshot.shown.engine.planner.limits
      let running = scene.snapshot.shown.engine.state.scheduler.running.count
      let waiting = scene.snapshot.shown.engine.state.scheduler.waiting.count
      let height = Self.height(in: area)
      let top = top(height: height)
      let shown = rows.dropFirst(top).prefix(height)
      let filter = scene.view.filter.isEmpty ? "" : " · /\(scene.view.filter)"
      let inside = Panel(
        "running \(running)/\(limits.maxSequences)" + (saysWaiting ? " · waiting \(Figure.grouped(waiting))" : ""), badge: "budget \(Figure.grouped(limits.maxBatchedTokens)) tok/step",
        footer: "sort \(view.sort.name) \(view.isDescending ? Glyphs.descending : Glyphs.ascending)" + filter,
        position: shown.isEmpty ? "0 of \(rows.count)" : "\(top + 1)-\(top + shown.count) of \(rows.count)", isFocused: isFocused
      ).draw(in: area, on: &canvas)
      if rows.isEmpty {
        let why = running > 0 ? "no running request matches \(scene.view.filter)" : "nothing runs"
        canvas.put(why, at: Point(inside.left + 1, inside.top + 1), width: inside.width - 2, style: .muted)
      }
      let columns = columns
      let bar = Table(columns, rows: []).places(in: inside.width).first { $0.column == 4 }?.width ?? 0
      Table(columns, rows: shown.map { cells(of: $0, bar: bar) }, selected: selected.map { $0 - top }).draw(in: inside, on: &canvas)
    }

    /// The column that is sorted by when its header is clicked.
    func column(at point: Point, in area: Rect) -> BatchColumn? {
      let inside = Panel.inside(area)
      guard point.row == inside.top else { return nil }
      let order: [BatchColumn?] =
        switch view.columns {
        case .service: [nil, .id, .phase, .progress, .progress, .tokens, .blocks, .hit, .acceptance, .ttft, .tpot, .slack]
        case .life: [nil, .id, .phase, .progress, .progress, .tokens, .blocks, .output, .queue, .preemptions, nil, .slack]
        case .reason: [nil, .id, .phase, .progress, .tokens, .blocks, nil]
        }
      let place = Table(columns, rows: []).places(in: inside.width).first {
        inside.left + $0.left <= point.column && point.column < inside.left + $0.left + $0.width
      }
      return place.flatMap { order[$0.column] }
    }

    /// Cells that the greatest request number takes.
    static func idWidth(_ scene: Scene) -> Int { max(5, String(scene.snapshot.head.fleet.arrived).utf8.count + 1) }

    private var columns: [Table.Column] {
      let first: [Table.Column] = [
        .init("", width: 1), .init("id", width: Self.idWidth(scene)), .init("ph", width: 2),
        .init("done/total", width: 10, .right, dropOrder: 2), .init("progress", width: 8, dropOrder: 6, grows: true),
        .init("tok", width: 5, .right, dropOrder: 4), .init("kv", width: 4, .right, dropOrder: 3),
      ]
      if view.columns == .reason {
        return Array(first.prefix(4) + first.suffix(2)) + [.init("in this step, and why not more", width: 24, grows: true)]
      }
      if view.columns == .life {
        return first + [
          .init("out", width: 6, .right, dropOrder: 5), .init("queue s", width: 7, .right, dropOrder: 7),
          .init("pre", width: 3, .right, dropOrder: 8), .init("class", width: 10, dropOrder: 9), .init("slack ", width: 8, .right),
        ]
      }
      return first + [
        .init("hit", width: 4, .right, dropOrder: 8), .init("acc", width: 4, .right, dropOrder: 7),
        .init("TTFT s", width: 6, .right, dropOrder: 5), .init("TPOT ms", width: 7, .right, dropOrder: 1),
        .init("slack ", width: 8, .right),
      ]
    }

    private func cells(of row: BatchRow, bar: Int) -> [StyledText] {
      let style = scene.snapshot.shown.badges.slot(of: row.request).map { Style(.request($0)) } ?? .muted
      let letter = scene.snapshot.shown.badges.slot(of: row.request).map { String(Glyphs.letter($0)) } ?? " "
      let phase = Style(row.isReading ? .phasePrefill : .phaseDecode)
      let first: [StyledText] = [
        StyledText(letter, style.bold), StyledText(row.request.description, style),
        StyledText(row.isReading ? "P" : "D", phase), StyledText(Self.ratio(row.done, row.total)),
        Gauge.text(row.total > 0 ? Double(row.done) / Double(row.total) : 0, width: bar, style: phase),
        StyledText(NumberText.whole(row.tokens, 5)), StyledText(NumberText.whole(row.blocks, 4)),
      ]
      if view.columns == .reason {
        let why = scene.request(row.request).flatMap { WhyInStep.sentence($0, scene.snapshot.shown) }
        return Array(first.prefix(4) + first.suffix(2)) + [StyledText(why ?? "–", row.tokens == nil ? Style(.warn) : .plain)]
      }
      let slack = OverviewPage.text(row.slack)
      if view.columns == .life {
        return first + [
          StyledText(NumberText.whole(Int(row.record.output), 6)), StyledText(NumberText.seconds(row.record.queue, 7)),
          StyledText(NumberText.whole(Int(row.record.preemptions), 3)),
          StyledText(OverviewPage.className(row.label, row.priority, scene), .muted), slack,
        ]
      }
      let ttft = StyledText(NumberText.seconds(row.record.ttft, 5) + (row.missedTTFT ? "!" : " "), row.missedTTFT ? Style(.sloMissed) : .plain)
      return first + [
        StyledText(NumberText.percent(row.hit, 4)), StyledText(NumberText.percent(row.record.acceptanceRate, 4)), ttft,
        StyledText(NumberText.milliseconds(row.record.tpot, 7)), slack,
      ]
    }

    /// `6144/9812`, in thousands where that would not fit.
    static func ratio(_ done: Int, _ total: Int) -> String {
      let text = "\(done)/\(total)"
      return text.utf8.count <= 10
        ? text : NumberText.short(Double(done), 0) + "/" + NumberText.short(Double(total), 0)
    }
  }

  /// Eight cells: `+0.09 s `, `+1 ms!`; `–` where nothing is promised.
  static func text(_ slack: Slack?) -> StyledText {
    guard let slack else { return StyledText(NumberText.none(7) + " ", .muted) }
    let number = slack.quantity == .ttft
      ? Figure.fixed(slack.reserve.seconds, decimals: slack.reserve.seconds.magnitude < 99.95 ? 2 : 0, signed: true) + " s"
      : Figure.fixed(slack.reserve.milliseconds, decimals: 0, signed: true) + " ms"
    let text = number.cells <= 7 ? number.rightAligned(in: 7) : (NumberText.fixed(slack.reserve.seconds, 0, 5) + " s")
    let style: Style = slack.isMissed ? Style(.sloMissed, .bold) : slack.isAtRisk ? Style(.sloRisk) : Style(.sloMet)
    return StyledText(text + (slack.isPressing ? "!" : " "), style)
  }

  /// The trace's label, or the priority where it has none.
  static func className(_ label: UInt16, _ priority: Int, _ scene: Scene) -> String {
    let labels = scene.snapshot.shown.engine.trace.labels
    if labels.indices.contains(Int(label)), !labels[Int(label)].isEmpty { return labels[Int(label)] }
    return priority == 0 ? "–" : "priority \(priority)"
  }
}
