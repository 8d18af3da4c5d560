import Screen

/// A screen like the real ones, moving with `step`.
func demoCanvas(_ size: Size, step: Int) -> Canvas {
  var canvas = Canvas(size)
  var area = canvas.area
  let header = area.cutTop(1)
  canvas.put(" workbench  demo", at: header.origin, style: .strong)
  canvas.put("step " + Figure.grouped(18_204 + step, width: 7) + "  ", endingAt: Point(header.right, 0))
  let keys = area.cutBottom(1)
  canvas.put(" Space pause  q quit", at: keys.origin, style: Style(.fgKey))

  let columns = area.columns([.share(2), .share(1)])
  let panel = Panel("running 10/32", badge: "budget 2,048", footer: "sort slack ↑", position: "1-10 of 10", isFocused: true)
  let table = Table(
    [
      .init("id", width: 7), .init("done/total", width: 10, .right), .init("progress", width: 14, grows: true),
      .init("TTFT", width: 5, .right, dropOrder: 1),
    ],
    rows: (0..<10).map { slot in
      let fraction = Double((slot * 37 + step) % 100) / 99
      return [
        StyledText("\(Glyphs.letter(slot)) r\(1022 + slot)", Style(.request(slot))),
        StyledText(Figure.grouped(slot * 400 + step)), Gauge.text(fraction, width: 14, style: Style(.request(slot))),
        StyledText(Figure.fixed(fraction, decimals: 2)),
      ]
    }, selected: 7)
  table.draw(in: panel.draw(in: columns[0], on: &canvas), on: &canvas)

  let rows = columns[1].rows([.share(), .share()])
  let samples = (0..<200).map { index in
    let place = (index + step) % 40
    return Double(place < 20 ? place : 40 - place)
  }
  let graph = Panel("kv pool", badge: "74.0%").draw(in: rows[0], on: &canvas)
  BrailleGraph(samples, range: 0...25, style: Style(.kvLive)).draw(in: graph, on: &canvas)
  let bars = Panel("step composition").draw(in: rows[1], on: &canvas)
  StackedColumns(
    parts: [.init("▒", Style(.phaseDecode)), .init("█", Style(.phasePrefill))],
    columns: (0..<80).map { .init([8, ($0 + step) % 7 < 3 ? 30 : 0]) }, top: 40
  ).draw(in: bars, on: &canvas)
  return canvas
}
