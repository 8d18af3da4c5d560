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
  /// Whether the colour of `bg` is painted; otherwise the terminal keeps its own, transparent or not.
  public let paintsBackground: Bool
  /// One for each role, by `Role.index`.
  public let looks: [Look]

  public init(name: String, variant: Variant, paintsBackground: Bool = false, looks: [Look]) {
    self.name = name
    self.variant = variant
    self.paintsBackground = paintsBackground
    self.looks = Array((looks + Array(repeating: Look(), count: Role.count)).prefix(Role.count))
  }

  public subscript(role: Role) -> Look { looks[Int(role.index)] }

  /// The colour that stands for a role where there must be one, as in a picture.
  public func colour(of role: Role) -> Colour {
    self[role].colour ?? self[.fg].colour ?? Colour(variant == .dark ? 0xd0d0d0 : 0x303030)
  }

  /// What lies behind everything.
  public var ground: Colour { self[.bg].colour ?? Colour(variant == .dark ? 0x1c1c1c : 0xffffff) }
}
