/// Columns under a header, a row selected.
///
///      id      prompt   max    wait   why not now
///     ▶r1044    9,120   512  0.22 s   token budget
///
/// The first cell of every row is kept for the mark of the selected row. When
/// the area is too narrow the columns with the highest `dropOrder` go first.
public struct Table: Sendable {
  public struct Column: Sendable {
    public enum Alignment: Sendable { case left, right }

    public var header: String
    public var width: Int
    public var alignment: Alignment
    /// 0 is never dropped; of the others the highest goes first, and of equals the rightmost.
    public var dropOrder: Int
    /// Takes the width that is left over, at least `width`.
    public var grows: Bool

    public init(
      _ header: String, width: Int, _ alignment: Alignment = .left, dropOrder: Int = 0, grows: Bool = false
    ) {
      self.header = header
      self.width = width
      self.alignment = alignment
      self.dropOrder = dropOrder
      self.grows = grows
    }
  }

  public var columns: [Column]
  /// One text a column; a missing one is empty.
  public var rows: [[StyledText]]
  public var selected: Int?
  /// The row at the top.
  public var firstRow: Int
  /// Spaces between columns.
  public var gap: Int
  public var showsHeader: Bool

  public init(
    _ columns: [Column], rows: [[StyledText]], selected: Int? = nil, firstRow: Int = 0, gap: Int = 1,
    showsHeader: Bool = true
  ) {
    self.columns = columns
    self.rows = rows
    self.selected = selected
    self.firstRow = firstRow
    self.gap = gap
    self.showsHeader = showsHeader
  }

  /// The rows that an area of this height shows.
  public func rowsShown(in height: Int) -> Range<Int> {
    let first = min(max(0, firstRow), rows.count)
    return first..<min(rows.count, first + max(0, height - (showsHeader ? 1 : 0)))
  }

  /// The least `firstRow` change that brings `row` into a view of `height` rows.
  public static func scroll(_ firstRow: Int, toShow row: Int, of count: Int, height: Int) -> Int {
    guard height > 0 else { return firstRow }
    let first = min(max(firstRow, row - height + 1), row)
    return min(max(0, first), max(0, count - height))
  }

  /// As panels say it: `1-10 of 31`.
  public func position(in height: Int) -> String {
    let shown = rowsShown(in: height)
    return shown.isEmpty ? "0 of \(rows.count)" : "\(shown.lowerBound + 1)-\(shown.upperBound) of \(rows.count)"
  }

  public func draw(in area: Rect, on canvas: inout Canvas) {
    let places = places(in: area.width)
    var row = area.top
    canvas.clipped(to: area) { canvas in
      if showsHeader {
        for (index, left, width) in places {
          let header = columns[index].alignment == .left
            ? columns[index].header.padded(to: width) : columns[index].header.rightAligned(in: width)
          canvas.put(header, at: Point(area.left + left, row), style: .muted)
        }
        row += 1
      }
      for number in rowsShown(in: area.height) {
        draw(rows[number], isSelected: number == selected, places, in: area, row, on: &canvas)
        row += 1
      }
    }
  }

  private func draw(
    _ texts: [StyledText], isSelected: Bool, _ places: [(column: Int, left: Int, width: Int)], in area: Rect,
    _ row: Int, on canvas: inout Canvas
  ) {
    if isSelected {
      canvas.fill(Rect(area.left, row, area.width, 1), style: Style(.fg, on: .bgSelection))
      canvas.put(Glyphs.selected, at: Point(area.left, row), style: Style(.fgStrong, .bold))
    }
    for (index, left, width) in places where index < texts.count {
      let text = texts[index].truncated(to: width)
      let start = columns[index].alignment == .left ? left : left + width - text.cells
      canvas.put(text, at: Point(area.left + start, row))
    }
  }

  /// Which columns are shown, where they start (from the left edge) and how wide they are.
  public func places(in width: Int) -> [(column: Int, left: Int, width: Int)] {
    var kept = Array(columns.indices)
    func needed() -> Int { 1 + kept.reduce(0) { $0 + columns[$1].width } + gap * max(0, kept.count - 1) }
    while needed() > width, let drop = kept.max(by: { columns[$0].dropOrder <= columns[$1].dropOrder }),
      columns[drop].dropOrder > 0
    {
      kept.removeAll { $0 == drop }
    }
    let spare = max(0, width - needed())
    let growing = kept.last { columns[$0].grows }
    var left = 1
    return kept.map { index in
      let width = columns[index].width + (index == growing ? spare : 0)
      defer { left += width + gap }
      return (index, left, width)
    }
  }
}
