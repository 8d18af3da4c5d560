/// What the viewer has chosen on the page Spec.
public struct SpeculationView: Sendable, Equatable {
  public enum Order: String, CaseIterable, Sendable {
    case speedup, acceptance, arrival
  }

  var order = Order.speedup
  var isReversed = false
  /// One verification, token by token, in place of the list.
  var isExpanded = false

  public init() {}
}
