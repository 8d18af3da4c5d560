/// What the viewer has chosen on the page Requests.
public struct RequestsView: Sendable, Equatable {
  public init() {}
}
