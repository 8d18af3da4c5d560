/// A barcode of steps: one column a step, each a stack of parts from below.
///
///      ███████          ███████          prefill █
///      ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒      decode  ▒
public struct StackedColumns: Sendable {
  /// A kind of part: what it is drawn with.
  public struct Part: Sendable {
    public var glyph: Unicode.Scalar
    public var style: Style

    public init(_ glyph: Unicode.Scalar, _ style: Style) {
      self.glyph = glyph
      self.style = style
    }
  }

  public struct Column: Sendable {
    /// Amounts, in the order of `parts`, the lowest first.
    public var amounts: [Double]
    /// Drawn through the whole column instead: an event.
    public var mark: Part?

    public init(_ amounts: [Double], mark: Part? = nil) {
      self.amounts = amounts
      self.mark = mark
    }
  }

  public var parts: [Part]
  /// Oldest first; the last ones that fit are shown, the newest at the right.
  public var columns: [Column]
  /// The amount that fills the whole height.
  public var top: Double

  public init(parts: [Part], columns: [Column], top: Double) {
    self.parts = parts
    self.columns = columns
    self.top = top
  }

  public func draw(in area: Rect, on canvas: inout Canvas) {
    let shown = columns.suffix(area.width)
    for (offset, column) in zip(area.right - shown.count..<area.right, shown) {
      draw(column, at: offset, in: area, on: &canvas)
    }
  }

  /// Cumulative amounts are rounded, not the parts, so the stack is as high as
  /// its sum; a part that is there shows if any row is left for it.
  private func draw(_ column: Column, at left: Int, in area: Rect, on canvas: inout Canvas) {
    if let mark = column.mark {
      for row in area.top..<area.bottom { canvas.put(mark.glyph, at: Point(left, row), style: mark.style) }
      return
    }
    var sum = 0.0
    var height = 0
    for (part, amount) in zip(parts, column.amounts) where amount > 0 && top > 0 {
      sum += amount
      let reached = Int(min(sum / top, 1) * Double(area.height) + 0.5)
      let next = min(max(reached, height + 1), area.height)
      for level in height..<max(height, next) {
        canvas.put(part.glyph, at: Point(left, area.bottom - 1 - level), style: part.style)
      }
      height = max(height, next)
    }
  }
}
