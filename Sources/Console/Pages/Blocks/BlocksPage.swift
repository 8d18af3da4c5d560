import Core
import Screen

/// The page KV: every block of KV memory and who holds it.
public struct BlocksPage: Page {
  public static let descriptor = Descriptor(name: "KV", summary: "every block of KV memory and who holds it", source: "")
  public static let shortName = "KV"
  public static let panels = ["KV"]

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    Panel("KV").draw(in: area, on: &canvas)
  }

  public func sentence(_ scene: Scene) -> StyledText { "" }
}
