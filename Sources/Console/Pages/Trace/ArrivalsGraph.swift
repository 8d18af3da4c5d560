import Core
import Screen

/// Requests and tokens that arrive, over the time of the trace; what is still to come is drawn faintly,
/// right of the playhead. An arrival that was chosen is a dotted line.
struct ArrivalsGraph {
  let moment: TraceMoment

  private static let gutter = 8

  /// Where time is drawn within the area of the panel, its axis excluded.
  static func plot(in area: Rect) -> Rect {
    var inside = Panel.inside(area)
    _ = inside.cutLeft(gutter)
    _ = inside.cutRight(1)
    if inside.height >= 6 { _ = inside.cutTop(1) }
    if inside.height >= 2 { _ = inside.cutBottom(1) }
    return inside
  }

  func axis(width: Int) -> TimeAxis { moment.view.window.axis(of: moment.end, columns: width) }

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let survey = moment.survey
    let zoom = moment.view.window.zoom
    let inside = Panel(
      StyledText("arrivals ", Style(.borderTitle, isFocused ? .bold : [])) + StyledText((moment.trace.name.split(separator: "/").last.map(String.init) ?? "").truncated(to: max(8, area.width / 3))),
      badge: StyledText(
        (zoom > 0 ? "×\(Figure.grouped(1 << zoom)) · " : "") + "\(Figure.grouped(survey.count)) requests · \(clock(survey.span)) · \(survey.rate.map { Figure.fixed($0, decimals: 2) } ?? "–") req/s",
        Style(.borderBadge)),
      footer: StyledText(isFocused ? "a/d pan  w/s zoom" : "\(clock(moment.now)) now", Style(.borderBadge)),
      position: StyledText("\(Figure.grouped(moment.arrived)) of \(Figure.grouped(survey.count)) arrived", Style(.borderBadge)),
      isFocused: isFocused
    ).draw(in: area, on: &canvas)
    let plot = Self.plot(in: area)
    if plot.isEmpty { return }
    let axis = axis(width: plot.width)
    if plot.top > inside.top {
      let interval = axis.span.nanoseconds * Int64(dotsPerInterval(axis)) / Int64(2 * axis.columns)
      let end = canvas.put(totals, at: Point(inside.left + 1, inside.top), width: inside.width - 2)
      let each = "per \(Figure.span(.nanoseconds(interval)))"
      if end + each.cells + 2 < inside.right { canvas.put(each, endingAt: Point(inside.right - 1, inside.top), style: .muted) }
    }
    let cursor = axis.column(of: moment.now)
    var rest = plot
    let graphs = plot.height >= 2 ? [rest.cutTop((plot.height + 1) / 2), rest] : [rest]
    let samples = samples(axis)
    for (graph, (values, unit)) in zip(graphs, [(samples.requests, "req/s"), (samples.tokens, "tok/s")]) {
      draw(values, unit: unit, cursor: cursor, in: graph, on: &canvas)
    }
    if let chosen = moment.view.cursor, moment.arrivals.indices.contains(chosen),
      let column = axis.column(of: moment.arrivals[chosen].time), column != cursor
    {
      for row in plot.top..<plot.bottom {
        canvas.put(Glyphs.event, at: Point(plot.left + column, row), style: Style(.timeMark, .bold))
      }
    }
    if let cursor {
      for row in plot.top..<plot.bottom {
        canvas.put(Glyphs.playhead, at: Point(plot.left + cursor, row), style: Style(.timePlayhead, .bold))
      }
    }
    if plot.bottom < inside.bottom { draw(axis, plot, on: &canvas) }
  }

  private var totals: StyledText {
    let survey = moment.survey
    func tokens(_ profile: LengthProfile) -> String { "\(Figure.scaled(Double(profile.total))) tokens (mean \(Figure.fixed(profile.mean, decimals: 0)))" }
    return StyledText("asked ", .muted) + StyledText("prompts \(tokens(survey.prompts)) · outputs \(tokens(survey.outputs))")
  }

  /// Dots of the graph (two a column) that make one interval: enough for four arrivals on average, so that
  /// few arrivals show as a rate and not as a comb.
  func dotsPerInterval(_ axis: TimeAxis) -> Int {
    let dots = 2 * axis.columns
    let first = moment.firstArrival(from: axis.time(at: 0))
    let last = moment.firstArrival(from: axis.time(at: axis.columns))
    return min(max(1, (4 * dots + max(1, last - first) - 1) / max(1, last - first)), max(1, dots / 8))
  }

  /// Rates, one for each dot; those of an interval are equal.
  func samples(_ axis: TimeAxis) -> (requests: [Double], tokens: [Double]) {
    let fine = TimeAxis(start: axis.start, span: axis.span, columns: 2 * axis.columns)
    let dots = dotsPerInterval(axis)
    var requests: [Double] = []
    var tokens: [Double] = []
    var before = moment.firstArrival(from: fine.time(at: 0))
    for column in stride(from: 0, to: fine.columns, by: dots) {
      let next = min(column + dots, fine.columns)
      let end = fine.time(at: next)
      // The last arrival stands at the very end of the axis.
      let isLast = next == fine.columns && end >= moment.survey.last
      let after = max(before, isLast ? moment.arrivals.count : moment.firstArrival(from: end))
      let seconds = Double(max(1, end.nanoseconds - fine.time(at: column).nanoseconds)) / 1e9
      let asked = moment.survey.tokens(of: before..<after)
      for _ in column..<next {
        requests.append(Double(after - before) / seconds)
        tokens.append(Double(asked.prompt + asked.output) / seconds)
      }
      before = after
    }
    return (requests, tokens)
  }

  private func draw(_ values: [Double], unit: String, cursor: Int?, in area: Rect, on canvas: inout Canvas) {
    let top = values.reduce(0, max)
    canvas.put(Figure.scaled(top, width: Self.gutter - 1), at: Point(area.left - Self.gutter, area.top))
    if area.height > 1 {
      canvas.put(unit.rightAligned(in: Self.gutter - 1), at: Point(area.left - Self.gutter, area.top + 1), style: .muted)
    }
    let isPast = cursor ?? (moment.now.nanoseconds > 0 && moment.now >= moment.end ? area.width : 0)
    BrailleGraph(values, range: 0...max(top, 1e-9)).draw(in: area, on: &canvas) { column in
      Style(column <= isPast ? .info : .timeFuture)
    }
  }

  private func draw(_ axis: TimeAxis, _ plot: Rect, on canvas: inout Canvas) {
    let ticks = axis.ticks()
    var free = plot.left
    for time in ticks.times {
      guard let column = axis.column(of: time) else { continue }
      let label = TimeAxis.label(time, step: ticks.step)
      let start = max(plot.left, min(plot.left + column - label.cells / 2, plot.right - label.cells))
      guard start >= free else { continue }
      free = canvas.put(label, at: Point(start, plot.bottom), style: .muted) + 1
    }
  }
}

/// `03:42.118`
func clock(_ time: EngineTime) -> String { Figure.clock(.nanoseconds(time.nanoseconds)) }
