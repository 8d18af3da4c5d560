/// A time series in braille: two samples a cell across, four levels a cell up.
///
/// An area of `w × h` cells shows the last `2w` samples over `4h` levels, the
/// newest at the right edge. Cells without a dot are left as they are, so a
/// ruler or a playhead drawn first shines through.
public struct BrailleGraph: Sendable {
  public enum Kind: Sendable {
    /// Filled from the bottom: a quantity.
    case area
    /// Joined points: a rate or a share.
    case line
  }

  /// Oldest first. What is not a number is a gap.
  public var samples: [Double]
  public var range: ClosedRange<Double>
  public var kind: Kind
  public var style: Style

  public init(_ samples: [Double], range: ClosedRange<Double>, kind: Kind = .area, style: Style = Style(.info)) {
    self.samples = samples
    self.range = range
    self.kind = kind
    self.style = style
  }

  public static func samplesShown(width: Int) -> Int { 2 * max(0, width) }

  public func draw(in area: Rect, on canvas: inout Canvas) {
    draw(in: area, on: &canvas) { _ in style }
  }

  /// As `draw`, with a style for each column of cells, counted from the left edge of `area`.
  public func draw(in area: Rect, on canvas: inout Canvas, styleOfColumn: (Int) -> Style) {
    if area.isEmpty { return }
    let levels = 4 * area.height
    let shown = samples.suffix(Self.samplesShown(width: area.width))
    let first = 2 * area.width - shown.count
    var masks = [UInt8](repeating: 0, count: area.width * area.height)
    var before: Int?
    for (offset, sample) in shown.enumerated() {
      guard let level = level(of: sample, levels) else {
        before = nil
        continue
      }
      let dots = dots(from: before, to: level)
      for dot in dots { set(dot, first + offset, &masks, area) }
      before = level
    }
    for row in 0..<area.height {
      for column in 0..<area.width where masks[row * area.width + column] != 0 {
        canvas.put(
          Glyphs.braille(masks[row * area.width + column]), at: Point(area.left + column, area.top + row),
          style: styleOfColumn(column))
      }
    }
  }

  /// Number of dots that stand for a sample: 0 for the bottom of an area graph, 1…levels otherwise.
  private func level(of sample: Double, _ levels: Int) -> Int? {
    guard sample.isFinite else { return nil }
    let span = range.upperBound - range.lowerBound
    let fraction = span > 0 ? min(max((sample - range.lowerBound) / span, 0), 1) : 0
    switch kind {
    case .area: return fraction > 0 ? max(1, Int((fraction * Double(levels)).rounded())) : 0
    case .line: return 1 + Int((fraction * Double(levels - 1)).rounded())
    }
  }

  /// Heights from below, 1 the lowest, that this sample lights.
  private func dots(from before: Int?, to level: Int) -> ClosedRange<Int> {
    switch kind {
    case .area: return level > 0 ? 1...level : 0...0
    case .line:
      guard let before, abs(before - level) > 1 else { return level...level }
      return before < level ? before + 1...level : level...before - 1
    }
  }

  private func set(_ height: Int, _ column: Int, _ masks: inout [UInt8], _ area: Rect) {
    if height < 1 { return }
    let row = 4 * area.height - height
    masks[row / 4 * area.width + column / 2] |= 1 << UInt8(column % 2 * 4 + row % 4)
  }
}
