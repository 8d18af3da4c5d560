import Analysis
import Core
import Host
import Scheduling
import Screen
import ServingEngine

/// The page Overview: the batch, latency, memory, chip and timeline at a glance.
///
/// Every panel is a value made of a scene: it draws itself, and says which of
/// its rows are where, so that keys and clicks find what was drawn.
///
/// 0.24 ms for 120 × 36 after 20,000 steps (release, one core of a shared server).
public struct OverviewPage: Page {
  public static let descriptor = Descriptor(name: "Overview", summary: "the batch, latency, memory, chip and timeline at a glance", source: "")
  public static let shortName = "Over"
  public static let panels = OverviewPart.allCases.map(\.title)

  public init() {}

  static func focus(_ view: ViewState) -> OverviewPart {
    let number = view.focus.indices.contains(view.page) ? view.focus[view.page] : 0
    return OverviewPart(rawValue: number) ?? .running
  }

  /// Nobody has waited for so long that the list of those who wait may be small. Not for a moment's
  /// silence: panels that come and go with each step cannot be read.
  static func isQuiet(_ run: Run) -> Bool {
    run.engine.state.scheduler.waiting.isEmpty && run.steps.suffix(400).allSatisfy { $0.waiting == 0 }
  }

  static func layout(_ scene: Scene, in area: Rect) -> OverviewLayout {
    OverviewLayout(area, focus: focus(scene.view), isZoomed: scene.view.isZoomed, isQuiet: isQuiet(scene.run))
  }

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    let focus = Self.focus(scene.view)
    let tiles = Self.layout(scene, in: area).tiles
    let saysWaiting = !tiles.contains { $0.tile == .part(.waiting) }
    for (tile, area) in tiles where !area.isEmpty {
      canvas.clipped(to: area) { canvas in
        switch tile {
        case .digest:
          let isFocused = [.latency, .steps, .hardware].contains(focus)
          DigestPanel(scene: scene, isFocused: isFocused).draw(in: area, on: &canvas)
        case .part(.running): BatchPanel(scene, isFocused: focus == .running, saysWaiting: saysWaiting).draw(in: area, on: &canvas)
        case .part(let part): draw(part, scene, isFocused: part == focus, in: area, on: &canvas)
        }
      }
    }
  }

  private func draw(_ part: OverviewPart, _ scene: Scene, isFocused: Bool, in area: Rect, on canvas: inout Canvas) {
    switch part {
    case .running: break
    case .latency: LatencyPanel(scene: scene, isFocused: isFocused).draw(in: area, on: &canvas)
    case .memory: MemoryPanel(scene: scene, isFocused: isFocused).draw(in: area, on: &canvas)
    case .hardware: MetersPanel(scene: scene, isFocused: isFocused).draw(in: area, on: &canvas)
    case .steps: StepsPanel(scene: scene, isFocused: isFocused).draw(in: area, on: &canvas)
    case .waiting:
      let count = scene.view.overview.waitingTop + WaitingPanel.height(in: area)
      WaitingPanel(scene, isFocused: isFocused, count: count).draw(in: area, on: &canvas)
    case .events: EventsPanel(scene: scene, isFocused: isFocused).draw(in: area, on: &canvas)
    case .timeline: TimelinePanel(scene: scene, isFocused: isFocused).draw(in: area, on: &canvas)
    case .request: RequestPanel(scene: scene, isFocused: isFocused).draw(in: area, on: &canvas)
    }
  }
}
