import Core

/// What the viewer has chosen: which page, what is selected, how it is sorted. Never anything of the engine.
public struct ViewState: Sendable, Equatable {
  /// Position in `PageCatalogue`.
  public var page = 0
  /// The panel of each page that has the focus, by its position in `Page.panels`.
  public var focus: [Int] = Array(repeating: 0, count: 9)
  /// The panel with the focus fills the page.
  public var isZoomed = false
  /// Which of several instances is looked at, from 0.
  public var instance = 0
  /// Selected by identity: sorting never moves it.
  public var selected: RequestID?
  /// Only requests that match are listed; empty lists all.
  public var filter = ""

  // Each page's own choices, in its own file.
  public var overview = OverviewView()
  public var blocks = BlocksView()
  public var hardware = HardwareView()
  public var requests = RequestsView()
  public var trace = TraceView()
  public var speculation = SpeculationView()

  public init() {}
}
