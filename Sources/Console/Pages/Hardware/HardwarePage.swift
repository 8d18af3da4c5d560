import Core
import Screen

/// The page Hardware: what each SM does, kernel by kernel.
public struct HardwarePage: Page {
  public static let descriptor = Descriptor(name: "Hardware", summary: "what each SM does, kernel by kernel", source: "")
  public static let shortName = "Hw"
  public static let panels = ["Hardware"]

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    Panel("Hardware").draw(in: area, on: &canvas)
  }

  public func sentence(_ scene: Scene) -> StyledText { "" }
}
