/// What each thing that can be chosen says of itself: menus, help, flags and
/// documentation are made from it.
public struct Descriptor: Hashable, Sendable {
  /// As typed on a command line: lower case, words joined by hyphens.
  public let name: String
  /// One line without a full stop.
  public let summary: String
  /// The paper, standard or system it follows.
  public let source: String

  public init(name: String, summary: String, source: String) {
    self.name = name
    self.summary = summary
    self.source = source
  }
}
