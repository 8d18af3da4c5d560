import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

/// Several engines beside each other: a row for each, time from left to right, and below it the link with what is on it.
///
/// ```
/// ▶1 prefill ████████·██████████████   run   2  wait  14  KV  12%
///  2 decode  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   run 118  wait   0  KV  64%
///  link      ··1·11·221··1·11·12·211   r840 1→2 46% · 1 waits for the link · 0 for blocks
/// ```
struct InstanceLanes {
  let scene: Scene

  /// Milliseconds that can be shown.
  static let spans = 15...64_000
  private static let mostLanes = 8
  private static let gutter = 11
  /// Steps read for a picture: enough for what a second of 8 instances holds.
  private static let mostSteps = 4_096

  /// Rows that the panel takes: lanes, two for the link, the border; 0 for one instance.
  static func height(_ fleet: Fleet) -> Int {
    fleet.isSeveral ? min(fleet.instances.count, mostLanes) + (fleet.isDisaggregated ? 2 : 0) + 2 : 0
  }

  private var run: Run { scene.run }
  private var facts: Int { scene.run.fleet.isDisaggregated ? 2 : 0 }

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let run = run
    let fleet = run.fleet
    let inside = Panel.inside(area)
    let words = inside.width >= 90 ? 32 : inside.width >= 60 ? 14 : 0
    let plot = Rect(inside.left + Self.gutter, inside.top, max(0, inside.width - Self.gutter - words - 1), inside.height)
    let span = EngineTime.milliseconds(scene.view.hardware.laneMilliseconds)
    let axis = TimeAxis(start: run.now - span, span: span, columns: plot.width)
    let router = fleet.rules.map { "router \($0.router.choice)" } ?? ""
    let link = fleet.isDisaggregated ? fleet.rules.map { " · \($0.transfer.rawValue) over \($0.linkChoice.choice)" } ?? "" : ""
    Panel(
      "instances", badge: "last \(Figure.span(.nanoseconds(span.nanoseconds))) · \(axis.scale)", footer: router + link,
      position: "\(run.engine.membership.map { $0.number + 1 } ?? 1) of \(fleet.instances.count)", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    guard !plot.isEmpty else { return }
    canvas.clipped(to: inside) { canvas in
      let shown = lanes(height: inside.height)
      let steps = recentSteps(from: axis.start)
      for (row, number) in shown.enumerated() {
        drawLane(number, steps, axis, words: words, at: Point(inside.left, inside.top + row), in: plot, on: &canvas)
      }
      guard fleet.isDisaggregated, inside.height > shown.count else { return }
      drawLink(axis, row: inside.top + shown.count, in: plot, on: &canvas)
      guard inside.height > shown.count + 1 else { return }
      canvas.put(traffic, at: Point(inside.left + Self.gutter, inside.top + shown.count + 1), width: inside.width - Self.gutter - 1)
    }
  }

  /// The instance whose row a click hit.
  func instance(at point: Point, in area: Rect) -> Int? {
    let inside = Panel.inside(area)
    let lanes = lanes(height: inside.height)
    let row = point.row - inside.top
    return inside.contains(point) && lanes.indices.contains(row) ? lanes[row] : nil
  }

  /// As many as fit, the one that is looked at among them.
  private func lanes(height: Int) -> Range<Int> {
    let count = run.fleet.instances.count
    let shown = min(count, max(1, height - facts))
    let first = min(max(0, run.focus - shown / 2), count - shown)
    return first..<first + shown
  }

  /// Steps begin in the order of the log, so the walk back ends where they are long past.
  private func recentSteps(from start: EngineTime) -> [StepRecord] {
    var recent: [StepRecord] = []
    for step in run.observatory.steps.reversed().prefix(Self.mostSteps) {
      if step.end > start { recent.append(step) }
    }
    return recent
  }

  private func drawLane(
    _ number: Int, _ steps: [StepRecord], _ axis: TimeAxis, words: Int, at origin: Point, in plot: Rect, on canvas: inout Canvas
  ) {
    let engine = run.fleet.instances[number]
    let isHere = number == run.focus
    if isHere { canvas.put(Glyphs.selected, at: origin, style: .strong) }
    let role = engine.membership.map { $0.role == .both ? "" : $0.role.rawValue } ?? ""
    canvas.put("\(number + 1) \(role)", at: Point(origin.column + 1, origin.row), width: Self.gutter - 2, style: isHere ? .strong : .muted)

    // Nanoseconds of each column in which it read prompts, decoded, or both.
    var busy = [(reading: Int64, decoding: Int64)](repeating: (0, 0), count: plot.width)
    for step in steps where Int(step.instance) == number {
      let first = max(0, axis.place(of: step.start))
      let last = min(plot.width - 1, axis.place(of: step.end))
      guard first <= last else { continue }
      for column in first...last {
        let time = min(step.end, axis.time(at: column + 1)).nanoseconds - max(step.start, axis.time(at: column)).nanoseconds
        guard time > 0 else { continue }
        if step.prefillTokens > 0 { busy[column].reading += time }
        if step.decodeTokens > 0 { busy[column].decoding += time }
      }
    }
    let width = axis.column.nanoseconds
    for (column, time) in busy.enumerated() {
      let place = Point(plot.left + column, origin.row)
      if 2 * max(time.reading, time.decoding) < width {
        canvas.put(Glyphs.free, at: place, style: Style(.hwIdle))
      } else if time.reading >= time.decoding {
        canvas.put(Glyphs.shades[3], at: place, style: Style(.phasePrefill))
      } else {
        canvas.put(Glyphs.shades[1], at: place, style: Style(.phaseDecode))
      }
    }

    guard words > 0 else { return }
    let scheduler = engine.state.scheduler
    let used = Double(scheduler.memory.pool.usedCount) / Double(max(1, scheduler.memory.pool.usableCount))
    let share = StyledText("KV ", .muted) + StyledText(Figure.percent(used, width: 4), used > 0.95 ? Style(.warn) : .plain)
    let waiting = Figure.grouped(scheduler.waiting.count).atLeast(5)
    var text = StyledText("wait", .muted) + StyledText(words > 20 ? waiting : Figure.grouped(scheduler.waiting.count).atLeast(4))
    if words > 20 { text = StyledText("run", .muted) + StyledText(Figure.grouped(scheduler.running.count).atLeast(5) + "  ") + text + StyledText("  ") + share }
    canvas.put(text, at: Point(plot.right + 1, origin.row), width: words)
  }

  /// In each column, how many transfers were on the way, one after the other or at once.
  private func drawLink(_ axis: TimeAxis, row: Int, in plot: Rect, on canvas: inout Canvas) {
    canvas.put(" link", at: Point(plot.left - Self.gutter, row), style: .muted)
    let gone = run.observatory.moves.suffix(1_024).map(\.move)
    var counts = [Int](repeating: 0, count: plot.width)
    for move in gone + granted.map(\.transfer) where move.source != move.target {
      let first = max(0, axis.place(of: move.start))
      let last = min(plot.width - 1, axis.place(of: min(move.end, run.now)))
      guard first <= last, move.start < run.now else { continue }
      for column in first...last { counts[column] += 1 }
    }
    for (column, count) in counts.enumerated() {
      let glyph = count == 0 ? Glyphs.free : count > 9 ? "+" : Unicode.Scalar(UInt8(48 + count))
      canvas.put(glyph, at: Point(plot.left + column, row), style: Style(count == 0 ? .hwIdle : .hwComm))
    }
  }

  private var granted: [(request: RequestID, transfer: KVMove)] {
    run.fleet.moves.compactMap { move in
      if case .granted(let transfer, _) = move.phase { (move.request, transfer) } else { nil }
    }
  }

  /// What is on the way now: who, from where to where, how far, and who waits for what.
  private var traffic: StyledText {
    let now = run.fleet.moment
    let moving = granted.filter { $0.transfer.start <= now }
    let queued = granted.count - moving.count
    let refused = run.fleet.moves.count { if case .waiting = $0.phase { true } else { false } }
    var text = moving.isEmpty ? StyledText("nothing is on the link", .muted) : StyledText("")
    for (request, transfer) in moving.prefix(3) {
      let length = max(1, (transfer.end - transfer.start).nanoseconds)
      let part = min(1, Double((now - transfer.start).nanoseconds) / Double(length))
      text += StyledText("\(request) ", scene.style(of: request)) + StyledText("\(transfer.source + 1)→\(transfer.target + 1) \(Figure.percent(part))  ")
    }
    if moving.count > 3 { text += StyledText("and \(moving.count - 3) more  ") }
    return text + StyledText(" · \(queued) wait for the link · \(refused) for blocks", .muted)
  }
}
