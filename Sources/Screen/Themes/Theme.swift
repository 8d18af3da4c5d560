/// A colour and attributes for every role.
///
/// Made from a theme file; complete by construction, since a role that a file
/// does not name falls back to a shorter prefix (`fg.muted` → `fg`).
public struct Theme: Hashable, Sendable {
  public enum Variant: String, Hashable, Sendable { case dark, light }

  /// How one role looks: no colour means the terminal's own.
  public struct Look: Hashable, Sendable {
    public var colour: Colour?
    public var attributes: Style.Attributes

    public init(_ colour: Colour? = nil, _ attributes: Style.Attributes = []) {
      self.colour = colour
      self.attributes = attributes
    }
  }

  public let name: String
  public let variant: Variant
  /// One for each role, by `Role.index`.
  public let looks: [Look]

  public init(name: String, variant: Variant, looks: [Look]) {
    self.name = name
    self.variant = variant
    self.looks = looks + Array(repeating: Look(), count: max(0, Role.count - looks.count))
  }

  public subscript(role: Role) -> Look { looks[Int(role.index)] }
}
