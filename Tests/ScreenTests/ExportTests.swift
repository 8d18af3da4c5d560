import Screen
import Testing

@Suite("Exports")
struct ExportTests {
  var canvas: Canvas {
    var canvas = Canvas(8, 2)
    canvas.put("a<b", at: Point(1, 0), style: Style(.alert))
    canvas.put("漢x", at: Point(0, 1), style: Style(.fg, on: .bgSelection))
    return canvas
  }

  @Test("text has every row, trimmed where it is read by people")
  func text() {
    #expect(canvas.text == " a<b    \n漢x     ")
    #expect(canvas.trimmedText == " a<b\n漢x\n")
  }

  @Test("ANSI changes colours only where they change")
  func ansi() {
    #expect(
      canvas.ansi(theme: .standard)
        == "\u{1b}[0;38;5;252m \u{1b}[0;1;38;5;203ma<b\u{1b}[0;38;5;252m    \u{1b}[0m\n"
        + "\u{1b}[0;38;5;252;48;5;237m漢x\u{1b}[0;38;5;252m     \u{1b}[0m\n")
    #expect(canvas.ansi(theme: .standard, depth: .none).contains("\u{1b}[0;7m漢x"))
  }

  @Test("SVG is the same every time, escapes text and fixes the length of runs")
  func svg() {
    let svg = canvas.svg(theme: .standard, title: "a & b")
    #expect(svg == canvas.svg(theme: .standard, title: "a & b"))
    #expect(svg.contains("<title>a &amp; b</title>"))
    #expect(svg.contains("textLength=\"27\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">a&lt;b</text>"))
    #expect(svg.contains("<rect x=\"0\" y=\"18\" width=\"27\" height=\"18\" fill=\"#3a3a3a\"/>"))
    #expect(!svg.contains("http") || svg.components(of: "http") == 1, "nothing is fetched: one namespace")
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
