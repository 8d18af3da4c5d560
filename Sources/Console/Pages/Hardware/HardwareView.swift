/// What the viewer has chosen on the page Hardware.
public struct HardwareView: Sendable, Equatable {
  public init() {}
}
