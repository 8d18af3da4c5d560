import Core
import Host
import Screen
import Testing

@testable import Console

@Suite("OverviewPage")
struct OverviewPageTests {
  static func frame(_ width: Int, _ height: Int, steps: Int = 130, _ change: (inout ViewState) -> Void = { _ in }) -> Canvas {
    var view = ViewState()
    change(&view)
    return draw(Scene(snapshot: SampleRun.snapshot(steps: steps), view: view), width, height)
  }

  static func draw(_ scene: Scene, _ width: Int, _ height: Int) -> Canvas {
    var canvas = Canvas(width, height)
    OverviewPage().draw(scene, in: canvas.area, on: &canvas)
    return canvas
  }

  @Test("print")
  func show() {
    for steps in [60, 130, 200] { print(Self.frame(120, 36, steps: steps).text) }
    print(Self.frame(80, 20) { $0.selected = RequestID(12) }.text)
  }
}
