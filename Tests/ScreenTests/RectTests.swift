import Screen
import Testing

@Suite("Rect and layout")
struct RectTests {
  static let sizes: [Size] =
    [1, 2, 3, 7, 16, 24, 40, 99, 100].flatMap { height in [1, 2, 3, 5, 11, 60, 80, 119, 120, 300].map { Size($0, height) } }

  @Test("cutting gives what is there and keeps the rest")
  func cutting() {
    var area = Rect(0, 0, 10, 5)
    #expect(area.cutTop(1) == Rect(0, 0, 10, 1))
    #expect(area.cutBottom(1) == Rect(0, 4, 10, 1))
    #expect(area.cutLeft(3) == Rect(0, 1, 3, 3))
    #expect(area.cutRight(2) == Rect(8, 1, 2, 3))
    #expect(area == Rect(3, 1, 5, 3))
    #expect(area.cutTop(99) == Rect(3, 1, 5, 3))
    #expect(area.isEmpty)
  }

  @Test("tracks fill every size exactly, in order, without overlap")
  func tracks() {
    let choices: [[Track]] = [
      [.share()], [.share(), .share()], [.exactly(20), .share()], [.share(2, atLeast: 10), .exactly(41)],
      [.exactly(1), .share(3), .share(1, atLeast: 4), .exactly(2)], [.share(0), .share(1)],
    ]
    for size in Self.sizes {
      for tracks in choices {
        for gap in 0...1 {
          let area = Rect(3, 2, size.width, size.height)
          for parts in [area.columns(tracks, gap: gap), area.rows(tracks, gap: gap)] {
            #expect(parts.count == tracks.count)
            for (index, part) in parts.enumerated() {
              #expect(area.contains(part), "\(size) \(tracks)")
              for other in parts[..<index] { #expect(part.intersection(other).isEmpty, "\(size) \(tracks)") }
            }
          }
          if gap == 0 {
            #expect(area.columns(tracks).reduce(0) { $0 + $1.width } == size.width, "\(size) \(tracks)")
            #expect(area.rows(tracks).reduce(0) { $0 + $1.height } == size.height, "\(size) \(tracks)")
          }
        }
      }
    }
  }

  @Test("panels of every size draw inside their area only")
  func panels() {
    for size in Self.sizes {
      let area = Rect(1, 1, size.width, size.height)
      var canvas = Canvas(size.width + 2, size.height + 2, filledWith: Cell("."))
      let inside = Panel("title", badge: "badge", footer: "footer", position: "1-2 of 3").draw(in: area, on: &canvas)
      #expect(area.contains(inside), "\(size)")
      for column in 0..<canvas.width {
        #expect(canvas[column, 0] == Cell(".") && canvas[column, canvas.height - 1] == Cell("."), "\(size)")
      }
      for row in 0..<canvas.height {
        #expect(canvas[0, row] == Cell(".") && canvas[canvas.width - 1, row] == Cell("."), "\(size)")
      }
    }
  }
}
