import Screen
import Testing

@Suite("Panel")
struct PanelTests {
  @Test("corner texts have their places; focus is heavy")
  func corners() {
    expectFrame(40, 4, """
      ╭─ latency ─────── SLO 0.50 s / 40 ms ─╮
      │                                      │
      │                                      │
      ╰─ sort slack ↑ ────────── 1-10 of 10 ─╯
      """) { canvas in
      Panel("latency", badge: "SLO 0.50 s / 40 ms", footer: "sort slack ↑", position: "1-10 of 10")
        .draw(in: canvas.area, on: &canvas)
    }
    expectFrame(20, 3, """
      ┏━ running ━━━━━━━━┓
      ┃                  ┃
      ┗━━━━━━━━━━━━━━━━━━┛
      """) { canvas in
      #expect(Panel("running", isFocused: true).draw(in: canvas.area, on: &canvas) == Rect(1, 1, 18, 1))
    }
  }

  @Test("a narrow panel drops its badge, then cuts its title")
  func narrow() {
    expectFrame(16, 2, """
      ╭─ title ─ 42 ─╮
      ╰──────────────╯
      """) { canvas in Panel("title", badge: "42").draw(in: canvas.area, on: &canvas) }
    expectFrame(15, 2, """
      ╭─ title ─────╮
      ╰─────────────╯
      """) { canvas in Panel("title", badge: "42").draw(in: canvas.area, on: &canvas) }
    expectFrame(9, 2, """
      ╭─ ti… ─╮
      ╰───────╯
      """) { canvas in Panel("title", badge: "42").draw(in: canvas.area, on: &canvas) }
    expectFrame(4, 2, """
      ╭──╮
      ╰──╯
      """) { canvas in Panel("title").draw(in: canvas.area, on: &canvas) }
  }
}

@Suite("Gauge")
struct GaugeTests {
  @Test(
    "a bar shows eighths, 0 is empty, more than 0 shows, less than 1 is not full",
    arguments: [
      (0.0, "░░░░"), (0.000_1, "▏░░░"), (0.25, "█░░░"), (0.5, "██░░"), (0.6, "██▍░"), (0.999_99, "███▉"), (1.0, "████"),
      (7.0, "████"), (-1.0, "░░░░"), (.nan, "░░░░"), (.infinity, "████"),
    ])
  func honest(fraction: Double, bar: String) { #expect(Gauge.text(fraction, width: 4).text == bar) }

  @Test("every bar is as wide as asked and never shrinks when its fraction grows")
  func monotone() {
    for width in 0...30 {
      var before = 0
      for step in 0...1000 {
        let fraction = Double(step) / 1000
        #expect(Gauge.text(fraction, width: width).cells == width)
        let eighths = Gauge.eighths(fraction, width: width)
        #expect(eighths >= before)
        before = eighths
      }
    }
  }
}

@Suite("Graphs")
struct GraphTests {
  @Test("a sparkline keeps the newest values at the right")
  func sparkline() {
    #expect(Sparkline.text([1, 2, 3, 4, 5, 6, 7, 8], width: 8) == "▁▂▃▄▅▆▇█")
    #expect(Sparkline.text([9, 0, 0.001, 8], width: 3) == " ▁█")
    #expect(Sparkline.text([4], width: 4, top: 8) == "   ▄")
    #expect(Sparkline.text([.nan, 1], width: 2) == " █")
    #expect(Sparkline.text([], width: 2) == "  ")
    #expect(Sparkline.text([0, 0], width: 2) == "  ")
  }

  @Test("an area graph has two samples and four levels a cell, and leaves empty cells")
  func area() {
    expectFrame(4, 2, """
      ...⣰
      .⣠⣾⣿
      """) { canvas in
      BrailleGraph([1, 2, 3, 4, 5, 7], range: 0...8).draw(in: canvas.area, on: &canvas)
    }
  }

  @Test("a line graph joins its points and breaks at gaps")
  func line() {
    expectFrame(3, 2, """
      .⡇⠉
      ⣀⠇.
      """) { canvas in
      BrailleGraph([0, 0, 7, .nan, 7, 7], range: 0...7, kind: .line).draw(in: canvas.area, on: &canvas)
    }
  }

  @Test("more samples than fit: the newest are shown")
  func newest() {
    expectFrame(1, 1, "⢀") { canvas in
      BrailleGraph([4, 4, 4, 0, 1], range: 0...4).draw(in: canvas.area, on: &canvas)
    }
  }

  @Test("steps are columns of stacked parts, events go through")
  func stacked() {
    let parts = [StackedColumns.Part("▒", Style(.phaseDecode)), .init("█", Style(.phasePrefill))]
    expectFrame(6, 4, """
      ..█.┆.
      .██.┆.
      .█▒.┆█
      .▒▒▒┆▒
      """) { canvas in
      StackedColumns(
        parts: parts,
        columns: [
          .init([1, 2]), .init([2, 2]), .init([1, 0]), .init([], mark: .init("┆", Style(.warn))), .init([0.1, 0.1]),
        ], top: 4
      ).draw(in: canvas.area, on: &canvas)
    }
  }
}

@Suite("Table")
struct TableTests {
  let columns: [Table.Column] = [
    .init("id", width: 3), .init("tok", width: 5, .right), .init("hit", width: 4, .right, dropOrder: 2),
    .init("why", width: 6, dropOrder: 1, grows: true),
  ]
  let rows: [[StyledText]] = [["r1", "1,280", "5%", "token budget"], ["r2", "422", "42%", "fits"], ["r3", "6"]]

  @Test("headers and numbers stand on the same edge, the last column takes the rest")
  func wide() {
    expectFrame(26, 5, """
      .id .  tok. hit.why#######
      .r1..1,280...5%.token bud…
      ▶r2    422  42% fits######
      .r3......6................
      ..........................
      """.replacing("#", with: " ")) { canvas in
      Table(columns, rows: rows, selected: 1).draw(in: canvas.area, on: &canvas)
    }
  }

  @Test("a narrow table drops columns in their order, never the others")
  func narrow() {
    let table = Table(columns, rows: rows)
    #expect(table.places(in: 22).map(\.column) == [0, 1, 2, 3])
    #expect(table.places(in: 21).map(\.column) == [0, 1, 3])
    #expect(table.places(in: 16).map(\.column) == [0, 1])
    #expect(table.places(in: 3).map(\.column) == [0, 1])
  }

  @Test("scrolling moves no more than it must")
  func scrolling() {
    #expect(Table.scroll(0, toShow: 4, of: 10, height: 5) == 0)
    #expect(Table.scroll(0, toShow: 5, of: 10, height: 5) == 1)
    #expect(Table.scroll(4, toShow: 2, of: 10, height: 5) == 2)
    #expect(Table.scroll(9, toShow: 9, of: 10, height: 5) == 5)
    #expect(Table(columns, rows: rows, firstRow: 1).position(in: 2) == "2-2 of 3")
    #expect(Table(columns, rows: [], firstRow: 1).position(in: 2) == "0 of 0")
  }
}
