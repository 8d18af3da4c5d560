/// What the viewer has chosen on the page KV.
public struct BlocksView: Sendable, Equatable {
  public init() {}
}
