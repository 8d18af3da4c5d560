import Analysis
import Core
import Host
import Screen

/// How busy the chip was: in the last step, and in the steps before it.
struct Meters {
  let moment: HardwareMoment
  let run: Run

  private struct Meter {
    var name: String
    var short: String
    /// 0...1; nil when it is not known.
    var fraction: Double?
    /// In units.
    var detail: String
    var history: (StepRecord) -> Double?
  }

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let origin = moment.anatomy.isModelled ? "modelled" : "measured"
    let shown = historyWidth(Panel.inside(area).width)
    let isLine = Panel.inside(area).height < 5
    let title = StyledText("meters", Style(.borderTitle, isFocused ? .bold : []))
    let badge = StyledText(isLine ? "step \(Figure.grouped(moment.anatomy.step)) · " : "step \(Figure.grouped(moment.anatomy.step)) · last \(shown) steps · ", Style(.borderBadge))
    let inside = Panel(
      title, badge: badge + StyledText(origin, Style(moment.anatomy.isModelled ? .modelled : .measured)), isFocused: isFocused
    ).draw(in: area, on: &canvas)
    if isLine { drawLine(in: inside, on: &canvas) } else { drawBars(in: inside, on: &canvas) }
  }

  /// All on one line, for small screens.
  private func drawLine(in area: Rect, on canvas: inout Canvas) {
    var column = area.left + 1
    for meter in meters {
      let value = meter.short == "power" ? meter.detail : meter.fraction.map { Figure.percent($0, width: 4) } ?? "   –"
      let text = StyledText("\(meter.short) ", .muted) + StyledText(value)
      if column + text.cells >= area.right { break }
      column = canvas.put(text, at: Point(column, area.top)) + 2
    }
    if area.height > 1 { canvas.put(rates, at: Point(area.left + 1, area.top + 1), width: area.width - 2) }
    if area.height > 2 { canvas.put(validation, at: Point(area.left + 1, area.top + 2), width: area.width - 2) }
  }

  private func drawBars(in area: Rect, on canvas: inout Canvas) {
    let width = historyWidth(area.width)
    let steps = run.steps.suffix(width)
    var rest = area
    for meter in meters where rest.height > 0 {
      let row = rest.cutTop(1)
      var column = canvas.put(meter.name.padded(to: 9), at: Point(row.left + 1, row.top), style: .muted)
      column = canvas.put(Gauge.text(meter.fraction ?? 0, width: Self.bar(area.width)), at: Point(column, row.top))
      let percent = meter.fraction.map { Figure.percent($0, width: 5) } ?? "    –"
      column = canvas.put(percent, at: Point(column, row.top))
      column = canvas.put(meter.detail.rightAligned(in: Self.detail), at: Point(column, row.top))
      let values = steps.map { meter.history($0) ?? .nan }
      canvas.put(Sparkline.text(values, width: width, top: 1), at: Point(column + 1, row.top), style: Style(.info))
    }
    let lines = [work, rates, fractions, validation]
    if rest.height > lines.count { _ = rest.cutTop(1) }
    // When rows are missing the last lines stay: they say how far to trust the others.
    for line in lines.suffix(rest.height) {
      canvas.put(line, at: Point(rest.left + 1, rest.cutTop(1).top), width: rest.width - 2)
    }
  }

  private static func bar(_ width: Int) -> Int { width < 52 ? 8 : 14 }
  private static let detail = 12

  private func historyWidth(_ width: Int) -> Int { max(0, width - 3 - 9 - Self.bar(width) - 5 - Self.detail) }

  private var meters: [Meter] {
    let cost = moment.anatomy.cost
    let seconds = moment.anatomy.duration.seconds
    let roof = moment.anatomy.roof
    func rate(_ amount: Double, _ unit: String) -> String { seconds > 0 ? Figure.scaled(amount / seconds, unit: unit) : "–" }
    let isStep = seconds > 0
    let ranks = Double(roof?.ranks ?? 1)
    /// Of each GPU; the step's energy is that of all.
    let watts = cost.energy.flatMap { isStep ? $0 / seconds / ranks : nil }
    if !moment.anatomy.isModelled { return measuredMeters(rate) }
    return [
      Meter(name: "SM busy", short: "SM", fraction: isStep ? cost.smBusy : nil, detail: "", history: { $0.cost.smBusy }),
      Meter(name: "tensor", short: "tensor", fraction: isStep ? cost.tensorBusy : nil, detail: "", history: { $0.cost.tensorBusy }),
      Meter(
        name: "HBM", short: "HBM", fraction: isStep ? cost.bandwidthBusy : nil, detail: rate(cost.bytes, "B/s"),
        history: { $0.cost.bandwidthBusy }),
      Meter(
        name: "MFU", short: "MFU", fraction: isStep ? roof.map { cost.operations / seconds / $0.weightPeak } : nil,
        detail: rate(cost.operations, "F/s"),
        history: { step in
          guard let roof, step.duration > .zero else { return nil }
          return step.cost.operations / step.duration.seconds / roof.weightPeak
        }),
      Meter(
        name: "power", short: "power", fraction: watts.flatMap { watts in roof?.power.map { watts / $0 } },
        detail: watts.map { (ranks > 1 ? "\(Figure.fixed(ranks, decimals: 0))× " : "") + Figure.fixed($0, decimals: 0) + " W" } ?? "–",
        history: { step in
          guard let power = roof?.power, let joules = step.cost.energy, step.duration > .zero else { return nil }
          return joules / step.duration.seconds / ranks / power
        }),
    ]
  }

  /// What a machine that computes for real can be asked: no SMs, no tensor cores, no watts.
  private func measuredMeters(_ rate: (Double, String) -> String) -> [Meter] {
    let anatomy = moment.anatomy
    let threads = anatomy.threadsBusy
    let roof = anatomy.roof
    return [
      Meter(
        name: "cores", short: "cores", fraction: threads.isEmpty ? nil : threads.reduce(0, +) / Double(threads.count), detail: "",
        history: { _ in nil }),
      Meter(
        name: "memory", short: "mem", fraction: anatomy.cost.bandwidthBusy, detail: rate(anatomy.cost.bytes, "B/s"),
        history: { $0.cost.bandwidthBusy }),
      Meter(
        name: "MFU", short: "MFU",
        fraction: anatomy.duration > .zero ? roof.map { anatomy.cost.operations / anatomy.duration.seconds / $0.weightPeak } : nil,
        detail: rate(anatomy.cost.operations, "F/s"),
        history: { step in
          guard let roof, step.duration > .zero else { return nil }
          return step.cost.operations / step.duration.seconds / roof.weightPeak
        }),
    ]
  }

  private var work: StyledText {
    let cost = moment.anatomy.cost
    let ranks = moment.anatomy.roof?.ranks ?? 1
    return StyledText(
      "this step \(Figure.scaled(cost.operations, unit: "FLOP")) · \(Figure.scaled(cost.bytes, unit: "B"))\(ranks > 1 ? " each" : "")"
        + (cost.energy.map { " · \(Figure.scaled($0, unit: "J"))" } ?? " · – J") + (ranks > 1 ? " of all \(ranks)" : ""))
  }

  private var rates: StyledText {
    let rates = run.observatory.series.rates(over: .milliseconds(10_000), until: run.now)
    func figure(_ value: Double?) -> String { value.map { Figure.fixed($0, decimals: 0) } ?? "–" }
    return StyledText("last 10 s: out \(figure(rates?.emittedTokens)) tok/s · in \(figure(rates?.prefillTokens)) tok/s")
  }

  /// No source of measurements holds hardware counters, so this is all that can be said.
  private var fractions: StyledText {
    moment.anatomy.isModelled
      ? StyledText("fractions follow from equations, unchecked", Style(.modelled)) : ""
  }

  private var validation: StyledText {
    moment.anatomy.isModelled ? StyledText(moment.anatomy.modelError ?? "model error – (not validated yet)", Style(.modelled)) : StyledText("times are measured as they happen", Style(.measured))
  }
}
