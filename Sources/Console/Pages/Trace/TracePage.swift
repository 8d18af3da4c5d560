import Core
import Screen

/// The page Trace: what arrives when, and how long it is.
public struct TracePage: Page {
  public static let descriptor = Descriptor(name: "Trace", summary: "what arrives when, and how long it is", source: "")
  public static let shortName = "Trace"
  public static let panels = ["Trace"]

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    Panel("Trace").draw(in: area, on: &canvas)
  }

  public func sentence(_ scene: Scene) -> StyledText { "" }
}
