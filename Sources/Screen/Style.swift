/// How a cell is drawn: roles for its ink and its ground, and attributes that
/// a terminal without colours can show too.
///
/// A style without a background leaves the ground that is already there, so a
/// selected row is filled once and its texts are put over it.
public struct Style: Hashable, Sendable {
  public var foreground: Role
  public var background: Role
  public var attributes: Attributes

  public init(_ foreground: Role = .fg, on background: Role = .none, _ attributes: Attributes = []) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  public struct Attributes: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let bold = Attributes(rawValue: 1)
    public static let dim = Attributes(rawValue: 2)
    public static let underline = Attributes(rawValue: 4)
    public static let reverse = Attributes(rawValue: 8)
  }

  public static let plain = Style()
  public static let muted = Style(.fgMuted)
  public static let strong = Style(.fgStrong, .bold)

  public init(_ foreground: Role, _ attributes: Attributes) { self.init(foreground, on: .none, attributes) }

  public var bold: Style { with(.bold) }
  public var dim: Style { with(.dim) }
  public var underlined: Style { with(.underline) }
  public var reversed: Style { with(.reverse) }

  public func with(_ more: Attributes) -> Style { Style(foreground, on: background, attributes.union(more)) }
  public func on(_ background: Role) -> Style { Style(foreground, on: background, attributes) }
}
