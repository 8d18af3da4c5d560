import Core
import Screen

/// The page Requests: every request over its whole life.
public struct RequestsPage: Page {
  public static let descriptor = Descriptor(name: "Requests", summary: "every request over its whole life", source: "")
  public static let shortName = "Req"
  public static let panels = ["Requests"]

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    Panel("Requests").draw(in: area, on: &canvas)
  }

  public func sentence(_ scene: Scene) -> StyledText { "" }
}
