import CNcurses
import Screen

extension CursesTerminal {
  /// Hands over the runs of cells that differ from the last canvas. Equal canvases write nothing.
  public func paint(_ canvas: Canvas, theme: Theme) {
    guard isOpen else { return }
    if self.theme != theme {
      self.theme = theme
      inks = Inks(theme, depth)
      pairs.forget()
      shown = nil
    }
    if shown?.size != canvas.size { shown = nil }
    guard let inks else { return }
    if shown == nil { screen_erase() }

    var changed = false
    let width = min(canvas.width, size.width)
    for row in 0..<min(canvas.height, size.height) {
      var column = 0
      while let run = nextRun(canvas, row, from: column, to: width) {
        hand(canvas, row, run, inks)
        column = run.upperBound
        changed = true
      }
    }
    let isFirst = shown == nil
    shown = canvas
    guard changed || isFirst else { return }
    if synchronizes { Self.write(Modes.updateBegin) }
    screen_flush()
    if synchronizes { Self.write(Modes.updateEnd) }
    if probe == .wanted { askWidth() }
  }

  /// Cells that are the same between two changes, this many or fewer, are handed over with them.
  static let bridge = 4

  /// The next run of changed cells, whole wide characters only.
  func nextRun(_ canvas: Canvas, _ row: Int, from start: Int, to width: Int) -> Range<Int>? {
    guard start < width else { return nil }
    guard let shown else { return start..<width }
    return canvas.cells.withUnsafeBufferPointer { new in
      shown.cells.withUnsafeBufferPointer { old in
        let base = row * canvas.width
        var first = start
        while first < width && new[base + first] == old[base + first] { first += 1 }
        if first == width { return nil }
        var end = first + 1
        var column = end
        while column < width && column - end <= Self.bridge {
          if new[base + column] != old[base + column] { end = column + 1 }
          column += 1
        }
        if first > start && new[base + first].isTrailing { first -= 1 }
        if end < width && new[base + end].isTrailing { end += 1 }
        return first..<end
      }
    }
  }

  func hand(_ canvas: Canvas, _ row: Int, _ run: Range<Int>, _ inks: Inks) {
    self.row.removeAll(keepingCapacity: true)
    var column = run.lowerBound
    while column < run.upperBound {
      let cell = canvas[column, row]
      let ink = inks[cell]
      let pair = pairs.number(ink.foreground, ink.background)
      for code in codes(of: cell) where code != 0 {
        var made = cchar_t()
        screen_make_cell(&made, code, Int32(ink.attributes.rawValue), pair)
        self.row.append(made)
      }
      column += 1
    }
    screen_put_row(Int32(row), Int32(run.lowerBound), self.row, Int32(self.row.count))
  }

  /// What ncurses is given for a cell, 0 for nothing: it lays out by the C
  /// library's widths, so where those differ from ours `?` keeps the columns.
  private func codes(of cell: Cell) -> Codes {
    let code = cell.code
    if code < 0x7f && code != 0 { return Codes(code, 0) }
    if code == 0 { return Codes(0, 0) }
    let width = cell.width
    let known = code >= 0x2500 && code < 0x2600 || code >= 0x2800 && code < 0x2900
    if usesUnicode && (known || Int(screen_width_of(code)) == width) { return Codes(code, 0) }
    let likeness = usesUnicode ? "?" : Glyphs.ascii(cell.scalar)
    return Codes(likeness.value, width == 2 ? 0x20 : 0)
  }

  func askWidth() {
    probe = .asked
    decoder.expectsCursorReport = true
    Self.write(Modes.probeWidth)
    // The probe stands on the screen; ncurses believes the first row is intact.
    screen_redraw_row(0)
    screen_flush()
  }
}

/// One or two codes without an array.
private struct Codes: Sequence {
  let first: UInt32
  let second: UInt32

  init(_ first: UInt32, _ second: UInt32) {
    self.first = first
    self.second = second
  }

  struct Iterator: IteratorProtocol {
    var rest: (UInt32, UInt32)
    var place = 0

    mutating func next() -> UInt32? {
      place += 1
      return place == 1 ? rest.0 : place == 2 ? rest.1 : nil
    }
  }

  func makeIterator() -> Iterator { Iterator(rest: (first, second)) }
}
