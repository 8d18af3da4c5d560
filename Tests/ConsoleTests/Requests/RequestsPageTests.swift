import Core
import Host
import Screen
import Testing

@testable import Console

@Suite("RequestsPage")
struct RequestsPageTests {
  static let snapshot = SampleRun.snapshot()

  func frame(_ width: Int, _ height: Int, _ change: (inout ViewState) -> Void = { _ in }) -> Canvas {
    var view = ViewState()
    change(&view)
    var canvas = Canvas(width, height)
    RequestsPage().draw(Scene(snapshot: Self.snapshot, view: view), in: canvas.area, on: &canvas)
    return canvas
  }

  @Test("look")
  func look() {
    print(frame(120, 36).text)
    print(frame(80, 20) { $0.selected = RequestID(20) }.text)
    print(frame(60, 12) { $0.filter = "preempted" }.text)
    for number in [30, 22, 39] {
      print(frame(120, 36) { $0.selected = RequestID(number); $0.requests.isOpen = true }.text)
    }
    print(frame(80, 20) { $0.selected = RequestID(22); $0.requests.isOpen = true }.text)
    print(frame(60, 12) { $0.selected = RequestID(22); $0.requests.isOpen = true }.text)
  }
}
