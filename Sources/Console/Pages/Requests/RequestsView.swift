import Core

/// What the viewer has chosen on the page Requests.
public struct RequestsView: Sendable, Equatable {
  public var order = RequestOrder.arrival
  public var isReversed = false
  /// Place in the order of the row at the top; nil keeps the newest arrivals in view.
  public var firstRow: Int?
  /// The selected request fills the page.
  public var isOpen = false
  /// Lines that the decisions of an opened request are scrolled back from the newest.
  public var scroll = 0
  /// How much time the axis shows; nil is as much as fits a minute.
  public var span: EngineTime?
  /// The right end of the axis; nil is now.
  public var end: EngineTime?

  public init() {}
}
