import Analysis
import Core
import Hardware
import Host
import Screen
import ServingEngine

/// How far the text's next tokens are from those of an exact cache, step by step.
struct ErrorOverTime {
  let scene: Scene

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let log = scene.run.deviations
    let rate = scene.run.engine.device.shadowRate
    let count = log.all.count > 0 ? " · n \(Figure.grouped(log.all.count))" : ""
    let badge = rate.map { $0 == 0 ? "shadow off" : "1 request in \($0)\(count)" } ?? ""
    let inside = Panel("error", badge: badge, footer: "since the last switch", isFocused: isFocused).draw(in: area, on: &canvas)
    guard inside.height > 2, inside.width > 20 else { return }
    guard let divergence = log.all.meanDivergence else {
      canvas.put(reason, at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted)
      return
    }
    let numbers: [(String, String)] = [
      ("KL", CompressionMoment.nats(divergence)), ("worst", CompressionMoment.nats(log.all.worst)),
      ("greedy", NumberText.percent(log.all.agreement, 4)), ("attention", NumberText.percent(log.attentionError, 4)),
    ]
    var column = inside.left + 1
    for (name, value) in numbers where column + name.cells + value.cells < inside.right {
      column = canvas.put(name + " ", at: Point(column, inside.top), style: .muted)
      column = canvas.put(value, at: Point(column, inside.top), style: name == "KL" ? .strong : .plain) + 2
    }
    let plot = Rect(inside.left + 8, inside.top + 1, inside.width - 9, inside.height - 1)
    let values = log.steps.suffix(BrailleGraph.samplesShown(width: plot.width)).map(\.divergence)
    let top = max(values.max() ?? 0, 1e-9)
    canvas.put(CompressionMoment.nats(top).rightAligned(in: 6) + "┤", at: Point(inside.left + 1, plot.top), style: .muted)
    canvas.put("0".rightAligned(in: 6) + "┤", at: Point(inside.left + 1, plot.bottom - 1), style: .muted)
    BrailleGraph(values, range: 0...top, kind: .line, style: Style(.warn)).draw(in: plot, on: &canvas)
  }

  /// Why nothing was measured.
  private var reason: String {
    let engine = scene.run.engine
    guard let rate = engine.device.shadowRate else { return "no tokens here: error is null" }
    if rate == 0 { return "nobody is compared: shadow 0" }
    return CompressionMoment.isLossy(engine) ? "no request in \(rate) has decoded yet" : "the cache is exact and read whole: no error"
  }
}

/// Where in the model the error comes from.
struct ErrorByLayer {
  let scene: Scene

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let errors = scene.run.deviations.attentionErrors
    let inside = Panel("attention output, by layer", badge: errors.isEmpty ? "" : "\(errors.count) layers", footer: "relative error", isFocused: isFocused)
      .draw(in: area, on: &canvas)
    guard !errors.isEmpty, inside.height > 0, inside.width > 20 else {
      canvas.put("–", at: Point(inside.left + 1, inside.top), style: .muted)
      return
    }
    let most = max(errors.max() ?? 0, 1e-9)
    let rows = min(inside.height, errors.count)
    for row in 0..<rows {
      // Neighbours share a row where there are more layers than rows.
      let layers = row * errors.count / rows..<max(row * errors.count / rows + 1, (row + 1) * errors.count / rows)
      let mean = errors[layers].reduce(0, +) / Double(layers.count)
      let name = layers.count == 1 ? "\(layers.lowerBound)" : "\(layers.lowerBound)–\(layers.upperBound - 1)"
      let line = inside.top + row
      let end = canvas.put(name.rightAligned(in: 6) + " ", at: Point(inside.left, line), style: .muted)
      let after = canvas.put(Gauge.text(mean / most, width: max(1, inside.width - 15), style: Style(.warn)), at: Point(end, line))
      canvas.put(NumberText.percent(mean, 6), at: Point(after, line))
    }
  }
}

/// Whose text suffers most.
struct SufferingRequests {
  let scene: Scene

  static let columns = [
    Table.Column("", width: 1), Table.Column("id", width: 5), Table.Column("KL", width: 7, .right), Table.Column("worst", width: 7, .right, dropOrder: 1),
    Table.Column("greedy", width: 6, .right), Table.Column("n", width: 5, .right, dropOrder: 2),
  ]

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let worst = scene.run.deviations.worst
    let inside = Panel("requests that suffer", badge: worst.isEmpty ? "" : "\(worst.count) compared", footer: "worst first", isFocused: isFocused)
      .draw(in: area, on: &canvas)
    guard !worst.isEmpty else {
      canvas.put("nobody was compared", at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted)
      return
    }
    let rows = worst.prefix(max(0, inside.height - 1)).map { request, tally -> [StyledText] in
      let style = scene.style(of: request)
      return [
        StyledText(scene.letter(of: request).map { String(Character($0)) } ?? " ", style), StyledText(request.description, style),
        StyledText(tally.meanDivergence.map(CompressionMoment.nats) ?? "–"), StyledText(CompressionMoment.nats(tally.worst), .muted),
        StyledText(NumberText.percent(tally.agreement, 4)), StyledText(Figure.grouped(tally.count), .muted),
      ]
    }
    Table(Self.columns, rows: Array(rows), selected: worst.prefix(rows.count).firstIndex { $0.request == scene.view.selected })
      .draw(in: Rect(inside.left, inside.top, inside.width - 1, inside.height), on: &canvas)
  }
}
