import Analysis
import Core
import Host
import Screen
import ServingEngine

extension OverviewPage {
  /// The marks up to the moment that is looked at, the newest first.
  struct EventsPanel {
    let scene: Scene
    let isFocused: Bool

    private var marks: ChunkedLog<Mark> { scene.snapshot.shown.observatory.marks.marks }
    var count: Int { marks.count }

    static func height(in area: Rect) -> Int { max(0, area.height - 2) }

    /// Row of a mark, by its position in the log, and the other way round.
    func row(ofMark index: Int) -> Int { count - 1 - index }

    var selectedRow: Int? {
      scene.view.overview.selectedMark.flatMap { $0 < count ? row(ofMark: $0) : nil }
    }

    func top(height: Int) -> Int {
      let top = scene.view.overview.eventsTop
      return Table.scroll(top, toShow: selectedRow ?? top, of: count, height: height)
    }

    func draw(in area: Rect, on canvas: inout Canvas) {
      let marks = marks
      let height = Self.height(in: area)
      let top = top(height: height)
      let shown = (top..<max(top, min(count, top + height))).map { marks[count - 1 - $0] }
      let inside = Panel(
        "events", badge: "] next  [ prev",
        position: shown.isEmpty ? "none yet" : "\(top + 1)-\(top + shown.count) of \(Figure.grouped(count))", isFocused: isFocused
      ).draw(in: area, on: &canvas)
      let width = Figure.grouped(scene.snapshot.shown.step).cells
      let rows: [[StyledText]] = shown.map { mark in
        let (glyph, style, _) = TimelineStrip.glyph(of: mark)
        return [
          StyledText(NumberText.whole(mark.step, width), .muted), StyledText(String(glyph), style),
          StyledText(EventSentence.sentence(mark).truncatedAtWord(to: inside.width - width - 5)),
        ]
      }
      Table(
        [.init("", width: width, .right), .init("", width: 1), .init("", width: 10, grows: true)], rows: rows,
        selected: selectedRow.map { $0 - top }, showsHeader: false
      ).draw(in: inside, on: &canvas)
    }
  }
}
