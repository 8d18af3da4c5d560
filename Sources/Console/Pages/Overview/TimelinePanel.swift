import Analysis
import Core
import Host
import Screen
import ServingEngine

extension OverviewPage {
  /// The whole run with the moment that is looked at.
  struct TimelinePanel {
    let scene: Scene
    let isFocused: Bool

    private var view: OverviewView { scene.view.overview }

    func strip(in area: Rect) -> TimelineStrip {
      TimelineStrip(
        scene, window: view.timeline, quantity: view.timelineQuantity, selectedMark: view.selectedMark, in: Panel.inside(area).inset(0, 0))
    }

    func draw(in area: Rect, on canvas: inout Canvas) {
      let shown = NumberText.clock(scene.snapshot.shown.now)
      let head = NumberText.clock(scene.snapshot.head.now)
      let legend = "▲ switch  ! SLO  ┆ preempt  ✗ reject  ▼ finding  ◌ evict"
      let zoom = view.timeline.span.map { " · " + NumberText.span($0) } ?? ""
      Panel(
        "timeline · \(view.timelineQuantity.name)" + zoom,
        badge: area.width >= 60 || shown == head ? (shown == head ? shown : "\(shown) / \(head)") : shown,
        footer: area.width >= 100 || isFocused ? "w/s zoom  a/d pan  h/l mark" : "",
        position: area.width >= 100 ? legend : "", isFocused: isFocused
      ).draw(in: area, on: &canvas)
      let strip = strip(in: area)
      canvas.clipped(to: Panel.inside(area)) { strip.draw(on: &$0) }
    }
  }
}
