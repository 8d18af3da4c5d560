import Core
import Screen

/// The step from its start to its end: which kernel runs when, one row for each stream.
///
/// Where a device runs its kernels one after another, streams are a reading of the kinds (products and what goes with
/// them, attention, traffic between GPUs). Where streams run side by side on parts of the SMs, each has its row.
struct StepTimeline {
  let moment: HardwareMoment

  enum Lane: Equatable {
    case gemm, attention, communication, host
    /// One of several streams, and the SMs it has.
    case stream(Int, multiprocessors: Int?)

    var name: String {
      switch self {
      case .gemm: "s0 gemm"
      case .attention: "s1 attn"
      case .communication: "s2 comm"
      case .host: "host"
      case .stream(let number, let count): "s\(number)" + (count.map { $0 < 100 ? " \($0) SM" : " \($0)SM" } ?? "")
      }
    }

    /// Where threads take one kernel after another there are no streams.
    var measuredName: String {
      switch self {
      case .gemm: "products"
      case .attention: "attn"
      case .communication: "traffic"
      case .host: "between"
      case .stream: name
      }
    }

    /// Whether it shows a kernel.
    func holds(_ kernel: KernelRun) -> Bool {
      switch self {
      case .attention: [.attentionIndex, .attentionPrefill, .attentionShared, .attentionDecode].contains(kernel.kind)
      case .communication: kernel.kind == .allReduce || kernel.kind == .send
      case .gemm: !Lane.attention.holds(kernel) && !Lane.communication.holds(kernel)
      case .host: false
      case .stream(let number, _): kernel.stream == number
      }
    }
  }

  private static let gutter = 10

  /// Where time is drawn within the area of the panel.
  static func plot(in area: Rect) -> Rect {
    var inside = Panel.inside(area)
    _ = inside.cutLeft(gutter)
    _ = inside.cutRight(1)
    return inside
  }

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let anatomy = moment.anatomy
    let plot = Self.plot(in: area)
    let axis = moment.view.window.axis(of: anatomy.end, columns: plot.width)
    let number = moment.kernel.map { "kernel \(Figure.grouped($0 + 1))/\(Figure.grouped(anatomy.kernels.count))" }
    let inside = Panel(
      "step \(Figure.grouped(anatomy.step)) \(anatomy.isModelled ? "timeline" : "as if it had one layer")",
      badge: "\(moment.view.window.zoom > 0 ? "×\(Figure.grouped(1 << moment.view.window.zoom)) · " : "")\(milliseconds(axis.time(at: 0))) – \(milliseconds(axis.time(at: plot.width))) ms",
      footer: isFocused ? "a/d pan  w/s zoom  , . kernel" : "Tab here: a/d pan  w/s zoom  , . kernel",
      position: number ?? "between kernels", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    if plot.isEmpty { return }

    let lanes = lanes(height: inside.height)
    for (row, lane) in lanes.enumerated() {
      let isSelected = if case .stream(let number, _) = lane { number == moment.running?.stream } else { false }
      canvas.put(
        anatomy.isModelled ? lane.name : lane.measuredName, at: Point(inside.left + 1, plot.top + row), width: Self.gutter - 2, style: isSelected ? .strong : .muted)
    }
    drawKernels(lanes, axis, in: plot, on: &canvas)
    let cursor = axis.column(of: moment.time)
    if let cursor {
      for row in lanes.indices {
        canvas.put(Glyphs.playhead, at: Point(plot.left + cursor, plot.top + row), style: Style(.timePlayhead, .bold))
      }
    }
    guard inside.height > lanes.count else { return }
    drawAxis(axis, cursor: cursor, row: plot.top + lanes.count, in: plot, on: &canvas)
    var below = inside
    _ = below.cutTop(lanes.count + 1)
    _ = below.cutRight(1)
    if below.height > 3 { launches(height: below.height).draw(in: below, on: &canvas) }
  }

  /// As many as fit above the axis; a stream that the step does not use makes room for the host.
  private func lanes(height: Int) -> [Lane] {
    let anatomy = moment.anatomy
    var lanes: [Lane] = [.gemm, .attention, .communication]
    if anatomy.streams.count > 1 {
      lanes = anatomy.streams.enumerated().map { number, kernels in
        .stream(number, multiprocessors: kernels.first.flatMap { anatomy.kernels[$0].share?.count })
      }
    } else if anatomy.group(of: .allReduce) == nil {
      lanes.removeLast()
    }
    return Array((lanes + [.host]).prefix(max(1, height - 1)))
  }

  /// In each cell the kernel of the stream that takes most of its time.
  private func drawKernels(_ lanes: [Lane], _ axis: TimeAxis, in plot: Rect, on canvas: inout Canvas) {
    let kernels = moment.anatomy.kernels
    var busiest = [[(kind: KernelRun.Kind?, time: Int64)]](
      repeating: Array(repeating: (nil, 0), count: plot.width), count: lanes.count)
    // Of each stream.
    var covered = [[Int64]](repeating: [Int64](repeating: 0, count: plot.width), count: moment.anatomy.streams.count)
    let beginning = axis.time(at: 0)
    var index = moment.anatomy.kernels(at: beginning).min() ?? moment.anatomy.firstKernel(after: beginning)
    while index < kernels.count, kernels[index].start < axis.end {
      let kernel = kernels[index]
      index += 1
      let start = max(kernel.start, axis.start)
      let end = min(kernel.end, axis.end)
      guard start < end, let first = axis.column(of: start), let last = axis.column(of: end) else { continue }
      let lane = lanes.firstIndex { $0.holds(kernel) }
      for column in first...last {
        let left = max(start, axis.time(at: column)).nanoseconds
        let right = min(end, axis.time(at: column + 1)).nanoseconds
        guard left < right else { continue }
        covered[kernel.stream][column] += right - left
        if let lane, right - left > busiest[lane][column].time { busiest[lane][column] = (kernel.kind, right - left) }
      }
    }
    for (row, lane) in lanes.enumerated() {
      for column in 0..<plot.width {
        let place = Point(plot.left + column, plot.top + row)
        if lane == .host {
          let width = axis.time(at: column + 1).nanoseconds - axis.time(at: column).nanoseconds
          let isHost = width > 0 && covered.allSatisfy { 2 * $0[column] < width }
          canvas.put(isHost ? Glyphs.shades[1] : Glyphs.free, at: place, style: Style(isHost ? .hwStall : .hwIdle))
        } else if let kind = busiest[row][column].kind {
          canvas.put(kind.scalar, at: place, style: kind.style)
        } else {
          canvas.put(Glyphs.free, at: place, style: Style(.hwIdle))
        }
      }
    }
  }

  /// Start, cursor and end; the cursor's label pushes the others away.
  private func drawAxis(_ axis: TimeAxis, cursor: Int?, row: Int, in plot: Rect, on canvas: inout Canvas) {
    let decimals = axis.span < .milliseconds(1) ? 4 : 2
    let left = milliseconds(axis.time(at: 0), decimals: decimals)
    let right = milliseconds(axis.time(at: plot.width), decimals: decimals)
    var free = plot.left..<plot.right
    if let cursor {
      let label = milliseconds(moment.time, decimals: decimals) + " ms"
      let start = min(max(plot.left + cursor - label.cells / 2, plot.left), max(plot.left, plot.right - label.cells))
      canvas.put(label, at: Point(start, row), width: plot.width, style: Style(.timePlayhead))
      if start - plot.left <= left.cells { free = min(plot.right, start + label.cells + 1)..<plot.right }
      if free.lowerBound == plot.left { canvas.put(left, at: Point(plot.left, row), style: .muted) }
      if start + label.cells + right.cells < plot.right { canvas.put(right, endingAt: Point(plot.right, row), style: .muted) }
    } else {
      canvas.put(left, at: Point(plot.left, row), style: .muted)
      canvas.put(right, endingAt: Point(plot.right, row), style: .muted)
    }
  }

  /// The launches around the cursor, when there is room for them.
  private func launches(height: Int) -> Table {
    let kernels = moment.anatomy.kernels
    let middle = moment.kernel ?? max(0, moment.anatomy.firstKernel(after: moment.time) - 1)
    let shown = max(1, height - 1)
    let first = min(max(0, middle - shown / 2), max(0, kernels.count - shown))
    let rows = kernels.indices.dropFirst(first).prefix(shown).map { index -> [StyledText] in
      let kernel = kernels[index]
      let fraction = moment.fraction(of: kernel)
      // A processor has no tiles.
      let grid = { (text: String) in StyledText(kernel.tiles > 0 ? text : "–") }
      return [
        StyledText(Figure.grouped(index + 1)), StyledText(String(kernel.kind.letter), kernel.kind.style),
        StyledText(kernel.title), StyledText(milliseconds(kernel.start, decimals: 3)), StyledText(span(kernel.duration)),
        grid(Figure.grouped(kernel.tiles)), grid(Figure.grouped(kernel.activeSMs)), grid(Figure.grouped(kernel.waves)),
        grid(Figure.percent(kernel.tailFill)),
        StyledText(kernel.intensity.map { Figure.fixed($0, decimals: 1) } ?? "–"),
        StyledText(kernel.achieved.map { Figure.scaled($0, unit: "F/s") } ?? "–"),
        StyledText(fraction.map { Figure.fixed($0 * 100, decimals: 0) } ?? "–"), StyledText(kernel.bound.rawValue),
      ]
    }
    let columns: [Table.Column] = [
      .init("launch", width: 6, .right), .init("", width: 1), .init("kernel", width: 17, grows: true),
      .init("start ms", width: 8, .right, dropOrder: 3), .init("takes", width: 8, .right), .init("tiles", width: 7, .right, dropOrder: 6),
      .init("SM", width: 4, .right, dropOrder: 2), .init("waves", width: 5, .right, dropOrder: 4),
      .init("tail", width: 5, .right, dropOrder: 5), .init("FLOP/B", width: 7, .right, dropOrder: 8),
      .init("achieved", width: 9, .right, dropOrder: 7), .init("%roof", width: 5, .right, dropOrder: 9),
      .init("bound", width: 7, dropOrder: 1),
    ]
    return Table(columns, rows: rows, selected: moment.kernel.map { $0 - first })
  }
}
