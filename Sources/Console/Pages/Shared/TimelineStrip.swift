import Analysis
import Core
import Host
import Screen
import ServingEngine

/// A quantity over the whole run with the playhead, the marks, and engine time below.
///
/// Costs the same for ten steps and ten million: each half column finds its
/// steps by bisection and averages at most `samplesPerPoint` of them, evenly spaced.
struct TimelineStrip {
  /// Steps read for one point. The spacing is a power of two, so that a moving window reads the same ones.
  static let samplesPerPoint = 8

  let scene: Scene
  let axis: TimeAxis
  let quantity: TimelineQuantity
  /// A mark of the head's log to point out.
  let selectedMark: Int?
  private let area: Rect
  private let gutter: Int

  /// - Parameter area: the area inside the border.
  init(_ scene: Scene, window: TimelineWindow, quantity: TimelineQuantity, selectedMark: Int? = nil, in area: Rect) {
    self.scene = scene
    self.quantity = quantity
    self.selectedMark = selectedMark
    self.area = area
    gutter = area.width >= 60 ? 7 : 1
    axis = TimeAxis(
      window, shown: scene.snapshot.shown.now, head: scene.snapshot.head.now, columns: area.width - gutter - 1)
  }

  private var steps: ChunkedLog<StepRecord> { scene.snapshot.head.observatory.steps }
  private var marks: ChunkedLog<Mark> { scene.snapshot.head.observatory.marks.marks }
  private var plotLeft: Int { area.left + gutter }

  /// The number of steps that had been taken at the place of a click; nil beside the plot.
  func stepCount(at point: Point) -> StepIndex? {
    guard area.contains(point), point.column >= plotLeft, point.column < plotLeft + axis.columns else { return nil }
    // The last column is the newest moment, however many steps share it.
    if point.column == plotLeft + axis.columns - 1, axis.end >= scene.snapshot.head.now { return steps.count }
    return stepCount(at: axis.time(at: Double(point.column - plotLeft) + 0.5))
  }

  /// Steps begun by `time`.
  func stepCount(at time: EngineTime) -> StepIndex {
    let steps = steps
    return min(steps.count, steps.firstStep(endingAfter: time) + 1)
  }

  // MARK: Drawing

  func draw(on canvas: inout Canvas) {
    guard area.width > 4, area.height > 0 else { return }
    var rest = area
    let marksRow = rest.height >= 2 ? rest.cutBottom(1) : rest.row(-1)
    let labels = rest.height >= 2 ? rest.cutBottom(1) : rest.row(-1)
    let line = rest.height >= 4 ? rest.cutBottom(1) : rest.row(-1)
    let plot = Rect(plotLeft, rest.top, axis.columns, rest.height)
    drawGraph(in: plot, on: &canvas)
    drawAxis(line: line, labels: labels, on: &canvas)
    drawMarks(in: marksRow, on: &canvas)
    guard let playhead = axis.column(of: scene.snapshot.shown.now) else { return }
    for row in plot.top..<plot.bottom {
      canvas.put(Glyphs.playhead, at: Point(plotLeft + playhead, row), style: Style(.timePlayhead, .bold))
    }
    if !line.isEmpty { canvas.put("┻", at: Point(plotLeft + playhead, line.top), style: Style(.timePlayhead, .bold)) }
  }

  private func drawGraph(in plot: Rect, on canvas: inout Canvas) {
    let samples = samples()
    let top = Self.ceiling(samples.max() ?? 0)
    let playhead = axis.column(of: scene.snapshot.shown.now) ?? (scene.snapshot.shown.now < axis.start ? -1 : axis.columns)
    BrailleGraph(samples, range: 0...top, style: Style(.info)).draw(in: plot, on: &canvas) { column in
      Style(column > playhead ? .timeFuture : .info)
    }
    guard gutter > 1 else { return }
    canvas.put(NumberText.short(top, gutter - 2), at: Point(area.left + 1, plot.top), style: .muted)
    if plot.height > 2 {
      canvas.put(quantity.unit.rightAligned(in: gutter - 2), at: Point(area.left + 1, plot.top + plot.height / 2), style: .muted)
    }
    if plot.height > 1 { canvas.put("0".rightAligned(in: gutter - 2), at: Point(area.left + 1, plot.bottom - 1), style: .muted) }
  }

  /// Two for each column; where no step ran, 0.
  private func samples() -> [Double] {
    let steps = steps
    let count = 2 * axis.columns
    var samples: [Double] = []
    samples.reserveCapacity(count)
    var from = steps.firstStep(endingAfter: axis.start)
    for number in 0..<count {
      let end = axis.time(at: Double(number + 1) / 2)
      let past = steps.firstStep(startingFrom: end, from: from)
      samples.append(mean(of: from..<max(from, past), steps))
      // Steps do not overlap: only the last one of this point can reach into the next.
      from = max(from, past - 1)
      while from < steps.count, steps[from].end <= end { from += 1 }
    }
    return samples
  }

  private func mean(of range: Range<Int>, _ steps: ChunkedLog<StepRecord>) -> Double {
    if range.isEmpty { return 0 }
    var spacing = 1
    while range.count / spacing > Self.samplesPerPoint { spacing *= 2 }
    var index = (range.lowerBound + spacing - 1) / spacing * spacing
    if index >= range.upperBound { index = range.lowerBound }
    var sum = 0.0
    var read = 0
    while index < range.upperBound {
      sum += quantity.value(of: steps[index])
      read += 1
      index += spacing
    }
    return sum / Double(read)
  }

  /// The least of 1, 2, 3, 5 and 8 × 10ⁿ that is not below `value`.
  static func ceiling(_ value: Double) -> Double {
    guard value > 1 else { return 1 }
    var power = 1.0
    while power * 10 <= value { power *= 10 }
    return ([1, 2, 3, 5, 8, 10].first { $0 * power >= value } ?? 10) * power
  }

  private func drawAxis(line: Rect, labels: Rect, on canvas: inout Canvas) {
    let ticks = axis.ticks()
    if !line.isEmpty {
      for column in 0..<axis.columns { canvas.put("─", at: Point(plotLeft + column, line.top), style: Style(.separator)) }
    }
    var free = plotLeft
    for time in ticks.times {
      guard let column = axis.column(of: time) else { continue }
      if !line.isEmpty { canvas.put("┬", at: Point(plotLeft + column, line.top), style: .muted) }
      let label = TimeAxis.label(time, step: ticks.step)
      let left = max(plotLeft, min(plotLeft + column - label.cells / 2, plotLeft + axis.columns - label.cells))
      guard !labels.isEmpty, left >= free else { continue }
      free = canvas.put(label, at: Point(left, labels.top), style: .muted) + 1
    }
  }

  // MARK: Marks

  /// What stands for a mark in the row, and in lists of marks.
  static func glyph(of mark: Mark) -> (glyph: Unicode.Scalar, style: Style, weight: Int) {
    switch mark.kind {
    case .switched: (Glyphs.mark, Style(.timeMark, .bold), 5)
    case .missed: (Glyphs.atRisk, Style(.sloMissed, .bold), 4)
    case .preempted: (Glyphs.event, Style(.phasePreempted), 3)
    case .rejected: (Glyphs.rejected, Style(.phaseFailed), 2)
    case .told: (Glyphs.mark, Style(.timeMark), 1)
    case .found: (Glyphs.loss, Style(.warn), 1)
    case .evicted: (Glyphs.victim, Style(.kvVictim), 0)
    }
  }

  private func drawMarks(in row: Rect, on canvas: inout Canvas) {
    if row.isEmpty { return }
    let marks = marks
    var taken = [Bool](repeating: false, count: axis.columns)
    var switches: [(column: Int, axis: String, choice: String)] = []
    var next = marks.firstMark(from: axis.start)
    for column in 0..<axis.columns {
      let begin = next
      next = column == axis.columns - 1 ? marks.firstMark(from: axis.end + .nanoseconds(1)) : marks.firstMark(from: axis.time(at: Double(column + 1)))
      guard begin < next else { continue }
      // Of many marks in a column the first ones stand for all.
      var best = begin
      for index in begin..<min(next, begin + Self.samplesPerPoint)
      where Self.glyph(of: marks[index]).weight > Self.glyph(of: marks[best]).weight { best = index }
      var (glyph, style, _) = Self.glyph(of: marks[best])
      if let selectedMark, begin..<next ~= selectedMark {
        (glyph, style, _) = Self.glyph(of: marks[selectedMark])
        style = style.reversed
        best = selectedMark
      }
      canvas.put(glyph, at: Point(plotLeft + column, row.top), style: style)
      taken[column] = true
      if case .switched(let axis, _, let choice) = marks[best].kind { switches.append((column, axis, choice)) }
    }
    for (column, axis, choice) in switches { name(axis, choice, after: column, taken, row.top, on: &canvas) }
  }

  /// Writes what was switched after its mark, or before it, where there is room for the whole of it.
  private func name(
    _ name: String, _ choice: String, after column: Int, _ taken: [Bool], _ row: Int, on canvas: inout Canvas
  ) {
    var end = column + 1
    while end < axis.columns, !taken[end], end - column < 40 { end += 1 }
    let after = end - column - (end == axis.columns ? 1 : 2)
    var start = column
    while start > 0, !taken[start - 1], column - start < 40 { start -= 1 }
    let before = column - start - (start == 0 ? 0 : 1)
    let texts = ["\(name)→\(choice)", choice]
    if let text = texts.first(where: { $0.cells <= after }) {
      canvas.put(text, at: Point(plotLeft + column + 1, row), style: Style(.timeMark))
    } else if let text = texts.first(where: { $0.cells <= before }) {
      canvas.put(text, at: Point(plotLeft + column - text.cells, row), style: Style(.timeMark))
    }
  }
}
