import Screen

/// How many prompts or outputs are how long; each octave of lengths is equally wide.
struct LengthHistogram {
  let title: String
  let profile: LengthProfile

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let plotWidth = area.width - 4
    let (counts, firstOctave, perOctave) = profile.buckets(atMost: plotWidth)
    let most = counts.max() ?? 0
    let inside = Panel(
      title, badge: "tallest \(Figure.grouped(most)) of \(Figure.grouped(profile.count))",
      footer: perOctave == 1 ? "1 bar = ×2" : "\(perOctave) bars = ×2", position: "mean \(Figure.fixed(profile.mean, decimals: 0))", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    var rest = inside.inset(1, 0)
    for line in [
      [("p50", profile.p50), ("p90", profile.p90)], [("p99", profile.p99), ("max", profile.longest)],
    ] where rest.height > 0 {
      let row = rest.cutTop(1)
      var column = row.left
      for (name, value) in line {
        column = canvas.put(name, at: Point(column, row.top), style: .muted)
        column = canvas.put(Figure.grouped(value, width: 9), at: Point(column, row.top)) + 2
      }
    }
    guard rest.height >= 2, most > 0 else { return }
    let axis = rest.cutBottom(1)
    let width = max(1, min(4, rest.width / max(1, counts.count)))
    var free = rest.left
    for (index, count) in counts.enumerated() {
      let left = rest.left + index * width
      guard left + width <= rest.right else { break }
      let eighths = Gauge.eighths(Double(count) / Double(most), width: rest.height)
      for level in 0..<rest.height {
        let filled = min(max(eighths - 8 * level, 0), 8)
        guard filled > 0 else { break }
        // Wide bars leave a cell between them.
        for offset in 0..<(width > 2 ? width - 1 : width) {
          canvas.put(Glyphs.fromBelow[filled], at: Point(left + offset, rest.bottom - 1 - level), style: Style(.info))
        }
      }
      let octave = firstOctave + index / perOctave
      let label = Figure.grouped(1 << octave)
      if index % perOctave == 0, left >= free, left + label.cells <= axis.right {
        free = canvas.put(label, at: Point(left, axis.top), style: .muted) + 1
      }
    }
  }
}
