import Core
import Host
import Scheduling
import Screen
import ServingEngine

/// All that a page may see: the engine's moment and the viewer's own choices.
public struct Scene: Sendable {
  public let snapshot: Snapshot
  public let view: ViewState
  /// Milliseconds of thread time that the last frame took; nil before the first.
  public let frameMilliseconds: Double?
  public let label: RunLabel

  public init(
    snapshot: Snapshot, view: ViewState, frameMilliseconds: Double? = nil, label: RunLabel = .unknown
  ) {
    self.snapshot = snapshot
    self.view = view
    self.frameMilliseconds = frameMilliseconds
    self.label = label
  }

  /// The moment that is looked at.
  public var run: Run { snapshot.shown }

  /// The letter that stands for a request everywhere; nil while it has none (not admitted yet, or gone).
  public func letter(of request: RequestID) -> Unicode.Scalar? {
    run.badges.slot(of: request).map(Glyphs.letter)
  }

  /// A request that waits or runs. O(live requests).
  func request(_ id: RequestID) -> Request? {
    run.engine.state.scheduler.requests.first { $0.id == id && $0.phase != .left }
  }

  /// The colour of a request's letter.
  public func style(of request: RequestID) -> Style {
    run.badges.slot(of: request).map { Style(.request($0)) } ?? .muted
  }
}

extension Scene {
  /// What the viewer wants listed.
  public var filter: RequestFilter { RequestFilter(view.filter) }
}
