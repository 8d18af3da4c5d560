/// What the viewer has chosen on the page Overview.
public struct OverviewView: Sendable, Equatable {
  public init() {}
}
