/// A row of eighth blocks, one cell a value: `▁▂▄▆█`. The newest value is at the right.
public enum Sparkline {
  /// The last `width` values over 0…`top` (the largest value when nil). A value
  /// that is missing (not a number) is a gap, 0 is a space, more than 0 shows at least `▁`.
  public static func text(_ values: some Collection<Double>, width: Int, top: Double? = nil) -> String {
    let shown = values.suffix(max(0, width))
    let top = top ?? shown.reduce(0) { $1.isFinite ? max($0, $1) : $0 }
    var text = String(repeating: " ", count: max(0, width) - shown.count)
    for value in shown {
      let eighths = Gauge.eighths(top > 0 ? value / top : 0, width: 1)
      text.unicodeScalars.append(Glyphs.fromBelow[eighths])
    }
    return text
  }

  public static func draw(
    _ values: some Collection<Double>, in area: Rect, on canvas: inout Canvas, top: Double? = nil,
    style: Style = Style(.info)
  ) {
    if area.isEmpty { return }
    canvas.put(text(values, width: area.width, top: top), at: area.origin, style: style)
  }
}
