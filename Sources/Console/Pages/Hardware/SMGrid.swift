import Core
import Screen

/// One cell, or a group of them, for each SM: which kernel it works on, and for how much of its time.
///
/// The order is logical: a kernel's tiles fill SMs from number 0, as no model says which SM gets which
/// tile. So the picture tells how many SMs work, not where they are on the die.
struct SMGrid {
  let moment: HardwareMoment

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let count = multiprocessors
    let known = moment.anatomy.roof != nil
    let shape = Self.shape(count, in: Self.gridArea(Panel.inside(area)).size)
    let size = known ? "\(count) SM" : "– SM, \(count) used"
    let isNarrow = area.width < 50
    let stage = hasOwnGPUs ? moment.running.map { " of stage \($0.stream)" } ?? "" : ""
    let inside = Panel(
      moment.anatomy.roof.map { $0.ranks > 1 ? "SM grid\(stage), 1 of \($0.ranks) GPUs" : "SM grid\(stage)" } ?? "SM grid\(stage)",
      badge: isNarrow ? size : "\(size) · \(shape.columns)×\(shape.rows) · at \(milliseconds(moment.time)) ms",
      footer: isNarrow ? "in logical order" : "1 cell = 1 SM, in logical order", position: "v: \(moment.view.shading.word)", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    var rest = inside
    let grid = rest.cutTop(Self.gridArea(inside).height)
    canvas.clipped(to: grid) { canvas in drawGrid(count, shape, in: grid, on: &canvas) }
    for (row, line) in legend(isNarrow: isNarrow).prefix(rest.height).enumerated() {
      canvas.put(line, at: Point(rest.left + 1, rest.top + row), width: rest.width - 2)
    }
  }

  /// Those of the chip; of an unknown chip as many as its kernels use.
  private var multiprocessors: Int {
    moment.anatomy.roof?.multiprocessors ?? moment.anatomy.kernels.reduce(0) { max($0, $1.firstSM + $1.activeSMs) }
  }

  /// Who works at the cursor: a kernel for each stream, on SMs from the first of its share.
  private var occupants: [(run: KernelRun, sms: Range<Int>)] {
    (hasOwnGPUs ? [moment.running].compactMap(\.self) : moment.side).map { run in (run, run.firstSM..<run.firstSM + run.workingSMs(wave: run.wave(at: moment.time))) }
  }

  /// The streams are stages of a pipeline: the grid is that of the one that is looked at.
  private var hasOwnGPUs: Bool { moment.anatomy.streams.count { !$0.isEmpty } > 1 && !moment.anatomy.sharesSMs }

  /// What is left above the legend.
  private static func gridArea(_ inside: Rect) -> Rect {
    var rest = inside
    return rest.cutTop(max(inside.height - 3, min(inside.height, 4)))
  }

  struct Shape: Equatable {
    var columns: Int
    var rows: Int
    /// Cells for each SM, its gap included.
    var cell: Int
    /// Numbers of the SMs at the left, and above.
    var hasLabels: Bool
    var hasHeader: Bool

    var labelWidth: Int { hasLabels ? 5 : 1 }
  }

  /// The largest cells with which all SMs fit; of these the widest grid without a rest, when there is one.
  static func shape(_ count: Int, in size: Size) -> Shape {
    let count = max(count, 1)
    for (cell, hasLabels, hasHeader) in [(4, true, true), (4, true, false), (3, true, false), (2, true, false), (2, false, false), (1, true, false)] {
      var shape = Shape(columns: 1, rows: count, cell: cell, hasLabels: hasLabels, hasHeader: hasHeader)
      let most = min(count, (size.width - shape.labelWidth - 1 + (cell > 2 ? 1 : 0)) / cell)
      let rows = size.height - (hasHeader ? 1 : 0)
      guard most > 0, rows > 0, (count + most - 1) / most <= rows else { continue }
      let least = (count + rows - 1) / rows
      shape.columns = (least...most).last { count % $0 == 0 && 2 * $0 > most } ?? most
      shape.rows = (count + shape.columns - 1) / shape.columns
      return shape
    }
    let columns = max(1, size.width - 2)
    return Shape(columns: columns, rows: (count + columns - 1) / columns, cell: 1, hasLabels: false, hasHeader: false)
  }

  private func drawGrid(_ count: Int, _ shape: Shape, in area: Rect, on canvas: inout Canvas) {
    let left = area.left + shape.labelWidth
    var top = area.top
    if shape.hasHeader {
      for column in 0..<shape.columns {
        canvas.put(
          Figure.grouped(column, width: 2), at: Point(left + column * shape.cell, top), style: .muted)
      }
      top += 1
    }
    let occupants = self.occupants
    let shares = moment.view.shading == .step ? sharesOfStep(count) : []
    for row in 0..<shape.rows {
      if shape.hasLabels {
        canvas.put(
          Figure.grouped(row * shape.columns, width: 4), at: Point(area.left, top + row), style: .muted)
      }
      for column in 0..<shape.columns where row * shape.columns + column < count {
        let number = row * shape.columns + column
        let place = Point(left + column * shape.cell, top + row)
        if moment.view.shading == .step {
          drawShare(shares[number], at: place, width: max(1, shape.cell - 1), on: &canvas)
        } else if let running = occupants.first(where: { $0.sms.contains(number) })?.run {
          let isBound = moment.view.shading == .bound
          let letter = isBound && shape.cell == 1 ? running.bound.letter : running.kind.scalar
          canvas.put(letter, at: place, style: running.kind.style)
          guard shape.cell > 1 else { continue }
          let mark = isBound ? running.bound.letter : Self.shade(running.share(ofSM: number))
          let marks = shape.cell == 4 && moment.view.shading == .busy ? 2 : 1
          for offset in 1...marks {
            canvas.put(mark, at: Point(place.column + offset, place.row), style: running.kind.style)
          }
        } else {
          canvas.put(Glyphs.free, at: place, style: Style(.hwIdle))
        }
      }
    }
  }

  private func drawShare(_ share: Double, at place: Point, width: Int, on canvas: inout Canvas) {
    for offset in 0..<width {
      let mark = share > 0 ? Self.shade(share) : offset == 0 ? Glyphs.free : " "
      canvas.put(mark, at: Point(place.column + offset, place.row), style: Style(.ramp(.util, at: share)))
    }
  }

  static func shade(_ share: Double) -> Unicode.Scalar {
    Glyphs.shades[share < 0.25 ? 0 : share < 0.5 ? 1 : share < 0.75 ? 2 : 3]
  }

  /// Part of the step during which each SM has work.
  func sharesOfStep(_ count: Int) -> [Double] {
    // How much more an SM has than the one after it.
    var steps = [Double](repeating: 0, count: count + 1)
    for kernel in moment.anatomy.kernels where !hasOwnGPUs || kernel.stream == moment.running?.stream {
      let time = Double(kernel.duration.nanoseconds)
      let first = kernel.firstSM
      let early = kernel.share(ofSM: first + kernel.tailSMs)
      steps[min(first + kernel.tailSMs, count)] += time * (1 - early)
      steps[min(first + kernel.activeSMs, count)] += time * early
      if first > 0 { steps[min(first, count)] -= time }
    }
    let end = Double(max(1, moment.anatomy.end.nanoseconds))
    var shares = [Double](repeating: 0, count: count)
    var sum = 0.0
    for number in stride(from: count - 1, through: 0, by: -1) {
      sum += steps[number + 1]
      shares[number] = min(1, sum / end)
    }
    return shares
  }

  private func legend(isNarrow: Bool) -> [StyledText] {
    let ramp = isNarrow ? "░<25 ▒<50 ▓<75 █≥75 %" : "░ <25  ▒ <50  ▓ <75  █ ≥75 %"
    if moment.view.shading == .step {
      return ["time with work, of the whole step", StyledText("of step \(ramp)", .muted)]
    }
    guard let running = moment.running else {
      let why = moment.anatomy.kernels.isEmpty ? "no kernels are known of this step" : "no kernel runs: the host schedules and launches"
      return [StyledText("· all idle · \(why)")]
    }
    let wave = running.wave(at: moment.time)
    let working = running.workingSMs(wave: wave)
    let letter = StyledText(String(running.kind.letter), running.kind.style)
    let idle = max(0, multiprocessors - occupants.reduce(0) { $0 + $1.sms.count })
    if moment.anatomy.sharesSMs { return sideBySide(idle: idle, isNarrow: isNarrow, ramp: ramp) }
    if isNarrow {
      return [
        letter + StyledText(" \(running.title)", .strong) + StyledText(" · by \(running.bound.rawValue)"),
        StyledText("\(working) SM · \(idle) idle · wave \(wave)/\(running.waves)"),
        StyledText("tail wave \(Figure.percent(running.tailFill)) full · \(Figure.grouped(running.tiles)) tiles", .muted),
      ]
    }
    let scale = moment.view.shading == .bound
      ? "c compute  m memory  l latency  k link" : "of kernel \(ramp)"
    return [
      letter + StyledText(" \(running.title)", .strong)
        + StyledText(" · \(working) SM · wave \(wave) of \(running.waves) (tail \(Figure.percent(running.tailFill)))"),
      StyledText("· idle \(idle) SM · bound by \(running.bound.rawValue) · \(Figure.grouped(running.tiles)) tiles"),
      StyledText(scale, .muted),
    ]
  }

  /// Two kernels at the cursor, a line each; the one that is looked at is strong.
  private func sideBySide(idle: Int, isNarrow: Bool, ramp: String) -> [StyledText] {
    let lines = occupants.prefix(2).map { run, sms -> StyledText in
      let isSelected = run.stream == moment.running?.stream
      let place = isNarrow ? " s\(run.stream)" : " · \(run.shareText ?? "all SM") · wave \(run.wave(at: moment.time))/\(run.waves)"
      return StyledText(String(run.kind.letter), run.kind.style) + StyledText(" \(run.title)", isSelected ? .strong : .plain)
        + StyledText("\(place) · \(run.bound.rawValue)")
    }
    return lines + [StyledText("· idle \(idle) SM" + (isNarrow ? "" : " · \(ramp)"), .muted)]
  }
}

extension HardwareView.Shading {
  var word: String {
    switch self {
    case .busy: "busy"
    case .bound: "bound"
    case .step: "busy over the step"
    }
  }
}
