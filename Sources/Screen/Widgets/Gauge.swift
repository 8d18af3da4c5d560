/// A horizontal bar in eighths of a cell that never lies: 0 is empty, anything
/// more shows at least `▏`, and only 1 is full.
///
///     █████████████████████▍░░░░░░░
public enum Gauge {
  /// How many eighths of `width` cells a fraction fills. What is not a number fills none.
  public static func eighths(_ fraction: Double, width: Int) -> Int {
    let all = max(0, width) * 8
    if fraction.isNaN || fraction <= 0 || all == 0 { return 0 }
    if fraction >= 1 { return all }
    return min(max(Int((fraction * Double(all)).rounded()), 1), all - 1)
  }

  /// The bar as text, exactly `width` cells.
  public static func text(
    _ fraction: Double, width: Int, style: Style = Style(.info), track: Style = Style(.fgFaint)
  ) -> StyledText {
    let eighths = eighths(fraction, width: width)
    var bar = String(repeating: "█", count: eighths / 8)
    if eighths % 8 > 0 { bar.unicodeScalars.append(Glyphs.fromLeft[eighths % 8]) }
    let rest = max(0, width) - (eighths + 7) / 8
    return StyledText(bar, style) + StyledText(String(repeating: "░", count: rest), track)
  }

  /// The bar in the first row of `area`, as wide as the area.
  public static func draw(
    _ fraction: Double, in area: Rect, on canvas: inout Canvas, style: Style = Style(.info),
    track: Style = Style(.fgFaint)
  ) {
    if area.isEmpty { return }
    canvas.put(text(fraction, width: area.width, style: style, track: track), at: area.origin)
  }
}
