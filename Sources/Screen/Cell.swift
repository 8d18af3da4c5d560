/// One cell of the screen in eight bytes: a scalar, two roles, attributes.
///
/// A wide character owns two cells: itself, and to its right a `trailing` cell
/// that holds nothing. Combining marks have no cell and are not kept.
public struct Cell: Hashable, Sendable {
  /// The code point; 0 in the right half of a wide character.
  public private(set) var code: UInt32
  public var foreground: Role
  public var background: Role
  public var attributes: Style.Attributes
  private var spare: UInt8 = 0

  public init(_ scalar: Unicode.Scalar, _ style: Style = .plain) {
    code = scalar.value
    foreground = style.foreground
    background = style.background
    attributes = style.attributes
  }

  public static let blank = Cell(" ")

  static func trailing(_ style: Style) -> Cell {
    var cell = Cell(" ", style)
    cell.code = 0
    return cell
  }

  public var isTrailing: Bool { code == 0 }
  /// What is drawn; a space in the right half of a wide character.
  public var scalar: Unicode.Scalar { code == 0 ? " " : Unicode.Scalar(code) ?? " " }
  public var style: Style { Style(foreground, on: background, attributes) }
  /// 1 or 2; 0 for the right half of a wide character.
  public var width: Int { code == 0 ? 0 : TextWidth.of(scalar) }
}
