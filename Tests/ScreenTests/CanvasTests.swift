import Screen
import Testing

@Suite("Canvas")
struct CanvasTests {
  @Test("a cell is eight bytes")
  func cellSize() { #expect(MemoryLayout<Cell>.stride == 8) }

  @Test("text outside the canvas is not drawn, and the column after it is still told")
  func clipping() {
    expectFrame(6, 2, """
      cd....
      ...abc
      """) { canvas in
      #expect(canvas.put("abcd", at: Point(-2, 0)) == 2)
      #expect(canvas.put("abcdef", at: Point(3, 1)) == 9)
      #expect(canvas.put("abc", at: Point(0, 7)) == 3)
      #expect(canvas.put("abc", at: Point(40, 0)) == 43)
    }
  }

  @Test("a clipped drawing leaves everything around it")
  func clippedDrawing() {
    expectFrame(5, 3, """
      .....
      .##..
      .....
      """) { canvas in
      canvas.clipped(to: Rect(1, 1, 2, 1)) { $0.fill($0.area, with: "#") }
      #expect(canvas.clip == canvas.area)
    }
  }

  @Test("a wide character owns two cells and is never cut in half")
  func wide() {
    expectFrame(6, 5, """
      漢字..
      ..漢字
       漢...
      x ....
      . x...
      """) { canvas in
      canvas.put("漢字", at: Point(0, 0))
      canvas.put("漢字", at: Point(2, 1))
      canvas.put("字漢", at: Point(-1, 2))
      canvas.put("漢", at: Point(0, 3))
      canvas.put("x", at: Point(0, 3))
      canvas.put("漢", at: Point(1, 4))
      canvas.put("x", at: Point(2, 4))
    }
    var canvas = Canvas(3, 1)
    canvas.put("ab漢", at: Point(0, 0))
    #expect(canvas.text == "ab ", "half of it would not fit")
  }

  @Test("control characters show as pictures, marks and direction controls are not drawn")
  func controls() {
    expectFrame(6, 1, "a␛␊␡e.") { canvas in
      canvas.put("a\u{1b}\n\u{7f}\u{202e}e\u{301}", at: Point(0, 0))
    }
  }

  @Test("a style without a ground keeps the ground that is there")
  func ground() {
    var canvas = Canvas(4, 1)
    canvas.fill(Rect(0, 0, 4, 1), style: Style(.fg, on: .bgSelection))
    canvas.put("ab", at: Point(1, 0), style: Style(.alert))
    #expect(canvas[1, 0].background == .bgSelection)
    #expect(canvas[1, 0].foreground == .alert)
    canvas.put("c", at: Point(2, 0), style: Style(.alert, on: .bgSearch))
    #expect(canvas[2, 0].background == .bgSearch)
  }

  @Test("an ASCII picture has the same shape")
  func ascii() {
    var canvas = Canvas(18, 4)
    canvas.box(Rect(0, 0, 9, 4))
    canvas.box(Rect(9, 0, 9, 4), .heavy)
    canvas.put("███▋░▏ ", at: Point(1, 1))
    canvas.put("▶é×… 漢", at: Point(10, 1))
    canvas.put("⠀⡀⣀⣤⣶⣿", at: Point(1, 2))
    #expect(
      canvas.inASCII().text == """
        +-------++=======+
        |###+:- ||>ex~ ? |
        | ..:|# ||       |
        +-------++=======+
        """)
  }

  @Test("a cell set by hand cannot break a wide character")
  func byHand() {
    var canvas = Canvas(4, 1)
    canvas[0, 0] = Cell("漢")
    canvas[3, 0] = Cell("漢")
    #expect(canvas.text == "漢  ")
    canvas[1, 0] = Cell("x")
    #expect(canvas.text == " x  ")
    canvas.fill(canvas.area, with: "字")
    #expect(canvas.text == "    ")
  }

  @Test("restyling keeps what is written")
  func restyle() {
    var canvas = Canvas(3, 1)
    canvas.put("abc", at: Point(0, 0))
    canvas.restyle(Rect(1, 0, 9, 9)) { $0.attributes.insert(.dim) }
    #expect(canvas.text == "abc")
    #expect(canvas[0, 0].attributes == [])
    #expect(canvas[2, 0].attributes == .dim)
  }
}

@Suite("Text")
struct TextTests {
  @Test("dashboard glyphs are one cell, East Asian text two, marks none")
  func widths() {
    for text in ["─", "┃", "╭", "█", "▏", "▁", "░", "⣿", "▶", "◀", "▲", "┆", "×", "…", "–", "✓", "✗", "◌", "‖", "≠", "↑", "·", "●"] {
      #expect(text.cells == 1, "\(text)")
    }
    for text in ["漢", "가", "🙂", "ａ", "⌚"] { #expect(text.cells == 2, "\(text)") }
    for text in ["\u{301}", "\u{200d}", "\u{fe0f}", "\u{202e}"] { #expect(text.cells == 0) }
  }

  @Test(
    "text is cut by cells and says so",
    arguments: [
      ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), ("abcdef", 0, ""), ("漢字", 4, "漢字"),
      ("漢字", 3, "漢…"), ("漢字", 2, "…"),
    ])
  func truncation(text: String, width: Int, cut: String) {
    #expect(text.truncated(to: width) == cut)
    #expect(text.padded(to: width).cells == width || width == 0)
    #expect(text.rightAligned(in: width).cells == width || width == 0)
  }

  @Test("styled text is cut in the run where it ends")
  func styled() {
    let text: StyledText = "abc" + StyledText("def", Style(.alert))
    #expect((0...6).map { text.truncated(to: $0).text } == ["", "…", "a…", "ab…", "abc…", "abcd…", "abcdef"])
    #expect(text.truncated(to: 5).runs.last?.style == Style(.alert))
  }
}
