import Core
import Host
import Screen
import Testing

@testable import Console

@Suite("BlocksPage")
struct BlocksPageTests {
  static let snapshot = SampleRun.snapshot()

  func frame(_ width: Int, _ height: Int, _ change: (inout ViewState) -> Void = { _ in }) -> Canvas {
    var view = ViewState()
    view.page = BlocksPage.number
    change(&view)
    var canvas = Canvas(width, height)
    BlocksPage().draw(Scene(snapshot: Self.snapshot, view: view), in: canvas.area, on: &canvas)
    return canvas
  }

  @Test("look")
  func look() {
    print(frame(120, 36).text)
    print(frame(80, 20).text)
    print(frame(60, 12).text)
    print(frame(120, 36) { $0.blocks.layer = .content; $0.blocks.cursor = 40 }.text)
    print(frame(104, 30) { $0.blocks.layer = .order; $0.focus[1] = 2 }.text)
  }
}
