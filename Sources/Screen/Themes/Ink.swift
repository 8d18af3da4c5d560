/// How many colours a terminal has.
public enum ColourDepth: Int, Comparable, Sendable {
  case none = 0
  case eight = 8
  case sixteen = 16
  case indexed = 256

  public static func < (left: ColourDepth, right: ColourDepth) -> Bool { left.rawValue < right.rawValue }

  public init(colours: Int) {
    self = colours >= 256 ? .indexed : colours >= 16 ? .sixteen : colours >= 8 ? .eight : .none
  }
}

/// What is asked of a terminal for one cell. −1 is the terminal's own colour.
public struct Ink: Hashable, Sendable {
  public var foreground: Int16
  public var background: Int16
  public var attributes: Style.Attributes

  public init(_ foreground: Int16, on background: Int16, _ attributes: Style.Attributes) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }
}

/// A theme at a depth: roles → inks, worked out once.
///
/// Without colours a ground that means something (selection, cursor, search)
/// becomes reverse video, so nothing that is marked is lost.
public struct Inks: Sendable {
  private var foregrounds: [Int16]
  private var backgrounds: [Int16]
  private var attributes: [Style.Attributes]
  private var groundAttributes: [Style.Attributes]

  public init(_ theme: Theme, _ depth: ColourDepth) {
    let ground = theme[.bg].colour
    func index(_ colour: Colour?) -> Int16 {
      guard let colour else { return -1 }
      switch depth {
      case .none: return -1
      case .eight: return Int16(Xterm.index8(of: colour))
      case .sixteen: return Int16(Xterm.index16(of: colour))
      case .indexed: return Int16(Xterm.index256(of: colour))
      }
    }
    let roles = (0..<Role.count).map { Role(UInt8($0)) }
    var own = theme.looks.map { index($0.colour) }
    own[0] = own[Int(Role.fg.index)]
    foregrounds = own
    backgrounds = roles.map { role in
      let colour = theme[role].colour
      return role == .none || (!theme.paintsBackground && colour == ground) ? -1 : own[Int(role.index)]
    }
    if theme.paintsBackground { backgrounds[0] = own[Int(Role.bg.index)] }
    attributes = theme.looks.map(\.attributes)
    attributes[0] = attributes[Int(Role.fg.index)]
    groundAttributes = roles.map { $0.name.hasPrefix("bg") ? theme[$0].attributes : [] }
    if depth < .sixteen {
      for role in [Role.bgSelection, .bgCursor, .bgSearch] { groundAttributes[Int(role.index)] = .reverse }
    }
    if depth == .eight {
      // Eight colours cannot tell a panel from the screen: the terminal's own ground serves both.
      for role in [Role.bg, .bgPanel, .bgRaised, .bgSelection, .bgCursor, .bgSearch] { backgrounds[Int(role.index)] = -1 }
    }
  }

  @inline(__always)
  public subscript(cell: Cell) -> Ink {
    let foreground = Int(cell.foreground.index)
    let background = Int(cell.background.index)
    return Ink(
      foregrounds[foreground], on: backgrounds[background],
      cell.attributes.union(attributes[foreground]).union(groundAttributes[background]))
  }
}
