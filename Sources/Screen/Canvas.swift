/// A screen of cells, row by row. Panes draw on it; a terminal, a file or a
/// test reads it.
///
///     var canvas = Canvas(80, 24)
///     let after = canvas.put("step ", at: Point(1, 0), style: .muted)
///     canvas.put("18,204", at: Point(after, 0), style: .strong)
///
/// Drawing never fails: what lies outside `clip` is not drawn. Always draw with
/// the Unicode glyphs; `inASCII()` swaps them for a terminal that has none.
public struct Canvas: Equatable, Sendable {
  public let width: Int
  public let height: Int
  /// Nothing is drawn outside. Starts as the whole canvas.
  public private(set) var clip: Rect
  /// Shape `[height, width]`.
  public private(set) var cells: [Cell]

  public init(_ width: Int, _ height: Int, filledWith cell: Cell = .blank) {
    self.width = max(0, width)
    self.height = max(0, height)
    clip = Rect(0, 0, width, height)
    cells = Array(repeating: cell, count: self.width * self.height)
  }

  public init(_ size: Size) { self.init(size.width, size.height) }

  public var area: Rect { Rect(0, 0, width, height) }
  public var size: Size { Size(width, height) }

  /// Outside the canvas: reads as blank, ignores writing. A wide character is
  /// written with its other half; whatever loses a half becomes spaces.
  public subscript(column: Int, row: Int) -> Cell {
    get { contains(column, row) ? cells[row * width + column] : .blank }
    set {
      guard clip.contains(Point(column, row)), !newValue.isTrailing else { return }
      if newValue.width == 1 {
        set(newValue, column, row)
      } else {
        put(newValue.scalar, at: Point(column, row), style: newValue.style)
      }
    }
  }

  public subscript(point: Point) -> Cell {
    get { self[point.column, point.row] }
    set { self[point.column, point.row] = newValue }
  }

  /// Draws with everything outside `area` protected.
  public mutating func clipped(to area: Rect, _ draw: (inout Canvas) -> Void) {
    let outer = clip
    clip = clip.intersection(area)
    draw(&self)
    clip = outer
  }

  /// Every cell blank again; keeps the storage.
  public mutating func erase() { fill(area) }

  @inline(__always)
  private func contains(_ column: Int, _ row: Int) -> Bool {
    column >= 0 && column < width && row >= 0 && row < height
  }

  /// The one place that writes. `column` and `row` lie inside.
  @inline(__always)
  mutating func set(_ cell: Cell, _ column: Int, _ row: Int) {
    let place = row * width + column
    if cells[place].code == 0 || cells[place].code >= 0x1100 { mendAround(column, row) }
    cells[place] = cell
  }

  /// A wide character loses a half at `column`: its other half becomes a space.
  private mutating func mendAround(_ column: Int, _ row: Int) {
    let place = row * width + column
    if cells[place].isTrailing {
      if column > 0 { cells[place - 1] = Cell(" ", cells[place - 1].style) }
    } else if column + 1 < width, cells[place + 1].isTrailing {
      cells[place + 1] = Cell(" ", cells[place + 1].style)
    }
  }
}

extension Canvas {
  /// Puts `text` from `point` to the right and returns the column after it,
  /// also when part of it was clipped. Control characters show as pictures (`␛`).
  @discardableResult
  public mutating func put(_ text: String, at point: Point, style: Style = .plain) -> Int {
    var column = point.column
    let seen = point.row >= clip.top && point.row < clip.bottom
    for scalar in text.unicodeScalars {
      let width = TextWidth.of(scalar)
      if width == 0 { continue }
      if seen && column >= clip.left && column + width <= clip.right {
        put(scalar, width, column, point.row, style)
      } else if seen && width == 2 && column < clip.right && column + 2 > clip.left {
        // Half of a wide character is a space.
        put(" ", 1, max(column, clip.left), point.row, style)
      }
      column += width
    }
    return column
  }

  /// Puts `text` in the first `width` columns from `point`, cut with `…` when it is longer.
  @discardableResult
  public mutating func put(_ text: String, at point: Point, width: Int, style: Style = .plain) -> Int {
    put(text.truncated(to: width), at: point, style: style)
  }

  /// Puts `text` so that it ends before column `end`, and returns where it began.
  @discardableResult
  public mutating func put(_ text: String, endingAt end: Point, style: Style = .plain) -> Int {
    let start = end.column - text.cells
    put(text, at: Point(start, end.row), style: style)
    return start
  }

  /// Puts one glyph.
  public mutating func put(_ glyph: Unicode.Scalar, at point: Point, style: Style = .plain) {
    guard clip.contains(point) else { return }
    let width = TextWidth.of(glyph)
    if width == 0 || point.column + width > clip.right { return }
    put(glyph, width, point.column, point.row, style)
  }

  private mutating func put(_ scalar: Unicode.Scalar, _ width: Int, _ column: Int, _ row: Int, _ style: Style) {
    var style = style
    if style.background == .none { style.background = cells[row * self.width + column].background }
    set(Cell(picture(of: scalar), style), column, row)
    if width == 2 { set(.trailing(style), column + 1, row) }
  }

  /// Every cell of `area` becomes `glyph`, one cell wide, in `style`; the ground too.
  public mutating func fill(_ area: Rect, with glyph: Unicode.Scalar = " ", style: Style = .plain) {
    let area = area.intersection(clip)
    let cell = Cell(TextWidth.of(glyph) == 1 ? picture(of: glyph) : " ", style)
    for row in area.top..<max(area.top, area.bottom) {
      for column in area.left..<max(area.left, area.right) { set(cell, column, row) }
    }
  }

  /// Changes how `area` looks and keeps what it says: a selection, a cursor, a dimmed background.
  public mutating func restyle(_ area: Rect, _ change: (inout Cell) -> Void) {
    let area = area.intersection(clip)
    for row in area.top..<max(area.top, area.bottom) {
      for column in area.left..<max(area.left, area.right) { change(&cells[row * width + column]) }
    }
  }

  /// A border along the inside of `area`.
  public mutating func box(_ area: Rect, _ box: Glyphs.Box = .rounded, style: Style = Style(.border)) {
    guard area.width > 1, area.height > 1 else { return }
    let last = Point(area.right - 1, area.bottom - 1)
    for column in area.left + 1..<last.column {
      put(box.horizontal, at: Point(column, area.top), style: style)
      put(box.horizontal, at: Point(column, last.row), style: style)
    }
    for row in area.top + 1..<last.row {
      put(box.vertical, at: Point(area.left, row), style: style)
      put(box.vertical, at: Point(last.column, row), style: style)
    }
    put(box.topLeft, at: area.origin, style: style)
    put(box.topRight, at: Point(last.column, area.top), style: style)
    put(box.bottomLeft, at: Point(area.left, last.row), style: style)
    put(box.bottomRight, at: last, style: style)
  }
}

/// Controls as the pictures Unicode has for them; everything else as it is.
@inline(__always)
private func picture(of scalar: Unicode.Scalar) -> Unicode.Scalar {
  if scalar.value >= 0x20 && scalar.value < 0x7f || scalar.value >= 0xa0 { return scalar }
  if scalar.value < 0x20 { return Unicode.Scalar(0x2400 + scalar.value) ?? "?" }
  return scalar.value == 0x7f ? "␡" : "�"
}
