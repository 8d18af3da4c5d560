import Core
import Screen

/// The page Overview: the batch, latency, memory, chip and timeline at a glance.
public struct OverviewPage: Page {
  public static let descriptor = Descriptor(name: "Overview", summary: "the batch, latency, memory, chip and timeline at a glance", source: "")
  public static let shortName = "Over"
  public static let panels = ["Overview"]

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    Panel("Overview").draw(in: area, on: &canvas)
  }

  public func sentence(_ scene: Scene) -> StyledText { "" }
}
