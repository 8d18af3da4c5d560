import Core
import Screen

/// Where each block stands in the map's panel: rows of 2ⁿ or 3 × 2ⁿ cells, each for 2ⁿ blocks.
///
/// ```
///        0       8       16
///    0   ■CCCCCC##########JJJJJJJJ
///   64 ▶ JJJJ
/// ```
struct BlockMap {
  let blockCount: Int
  let columns: Int
  /// Rows that are shown.
  let rows: Int
  /// A cell stands for `1 << shift` blocks.
  let shift: Int
  let firstRow: Int
  /// The cells alone, without ruler and labels.
  let cells: Rect
  private let labelWidth: Int

  static let rowLengths = [128, 96, 64, 48, 32, 16]

  /// - Parameters:
  ///   - isWindow: one cell a block, whether or not all fit.
  ///   - firstRow: of a window; it moves so that `cursor` is seen.
  init(in inside: Rect, blockCount: Int, isWindow: Bool, cursor: BlockID, firstRow: Int) {
    self.blockCount = blockCount
    labelWidth = Self.labelWidth(blockCount)
    let room = inside.width - labelWidth - 3
    let columns = Self.rowLength(room)
    let rows = max(1, inside.height - 1)
    var shift = 0
    while !isWindow && Self.cellCount(blockCount, shift) > columns * rows { shift += 1 }
    let allRows = (Self.cellCount(blockCount, shift) + columns - 1) / columns
    self.columns = columns
    self.shift = shift
    self.rows = min(rows, allRows)
    self.firstRow = Table.scroll(firstRow, toShow: (Int(cursor) >> shift) / columns, of: allRows, height: rows)
    cells = Rect(inside.left + labelWidth + 2, inside.top + 1, columns, self.rows).intersection(inside)
  }

  private static func labelWidth(_ blockCount: Int) -> Int { max(5, String(blockCount).utf8.count + 1) }
  private static func rowLength(_ room: Int) -> Int { rowLengths.first { $0 <= room } ?? max(1, min(8, room)) }
  private static func cellCount(_ blocks: Int, _ shift: Int) -> Int { (blocks + (1 << shift) - 1) >> shift }

  /// Rows of a panel of this width that would show every block in a cell of its own, border and ruler included.
  static func height(toShow blockCount: Int, width: Int) -> Int {
    let columns = rowLength(width - 2 - labelWidth(blockCount) - 3)
    return (blockCount + columns - 1) / columns + 3
  }

  /// Blocks between a cell and the one to its right.
  var cellStep: Int { 1 << shift }
  /// Blocks between a cell and the one below.
  var rowStep: Int { columns << shift }

  func blocks(column: Int, row: Int) -> Range<Int> {
    let first = min(((firstRow + row) * columns + column) << shift, blockCount)
    return first..<min(first + cellStep, blockCount)
  }

  func place(of block: BlockID) -> Point? {
    let cell = Int(block) >> shift
    let row = cell / columns - firstRow
    return row >= 0 && row < rows ? Point(cells.left + cell % columns, cells.top + row) : nil
  }

  /// The block whose cell is at `point`; the first one when the cell stands for many.
  func block(at point: Point) -> BlockID? {
    guard cells.contains(point) else { return nil }
    let blocks = blocks(column: point.column - cells.left, row: point.row - cells.top)
    return blocks.isEmpty ? nil : BlockID(blocks.lowerBound)
  }

  /// `2,048 blk · 64 × 32 · 1 cell = 16 tok`
  func badge(tokensPerBlock: Int) -> String {
    let all = (Self.cellCount(blockCount, shift) + columns - 1) / columns
    let scale = shift == 0 ? "1 cell = \(tokensPerBlock) tok" : "1 cell = \(Figure.grouped(cellStep)) blk"
    return "\(Figure.grouped(blockCount)) blk · \(columns) × \(all) · \(scale)"
  }

  /// `blocks 0-2,047 of 30,000` of a window.
  var position: String? {
    let last = blocks(column: columns - 1, row: rows - 1).upperBound - 1
    let first = blocks(column: 0, row: 0).lowerBound
    return first == 0 && last == blockCount - 1 ? nil : "\(Figure.grouped(first))-\(Figure.grouped(last)) of \(Figure.grouped(blockCount))"
  }

  func draw(_ picture: MemoryPicture, cursor: BlockID, on canvas: inout Canvas) {
    let cursorPlace = place(of: cursor)
    drawRuler(cursorPlace?.column, on: &canvas)
    for row in 0..<rows {
      let top = cells.top + row
      let label = String(blocks(column: 0, row: row).lowerBound)
      canvas.put(label, endingAt: Point(cells.left - 2, top), style: .muted)
      if cursorPlace?.row == top { canvas.put(Glyphs.selected, at: Point(cells.left - 1, top), style: .strong) }
      for column in 0..<cells.width {
        let blocks = blocks(column: column, row: row)
        if blocks.isEmpty { break }
        let mark = picture.mark(of: blocks)
        canvas.put(mark.glyph, at: Point(cells.left + column, top), style: mark.style)
      }
    }
    if let cursorPlace {
      canvas.restyle(Rect(cursorPlace.column, cursorPlace.row, 1, 1)) { cell in
        cell.background = .bgCursor
        cell.attributes.formUnion([.bold, .reverse])
      }
    }
  }

  private func drawRuler(_ cursor: Int?, on canvas: inout Canvas) {
    let row = cells.top - 1
    for column in stride(from: 0, to: cells.width, by: 8) {
      canvas.put(String(column << shift), at: Point(cells.left + column, row), style: .muted)
    }
    if let cursor { canvas.put(Glyphs.loss, at: Point(cursor, row), style: .strong) }
  }
}
