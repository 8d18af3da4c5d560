/// The shapes that pictures are made of, each one cell wide.
///
/// Views draw with these and never ask what the terminal has: `Canvas.inASCII()`
/// maps a finished picture, cell by cell.
public enum Glyphs {
  public struct Box: Hashable, Sendable {
    public let topLeft, topRight, bottomLeft, bottomRight, horizontal, vertical: Unicode.Scalar

    public static let rounded = Box(
      topLeft: "╭", topRight: "╮", bottomLeft: "╰", bottomRight: "╯", horizontal: "─", vertical: "│")
    /// The panel that has the focus.
    public static let heavy = Box(
      topLeft: "┏", topRight: "┓", bottomLeft: "┗", bottomRight: "┛", horizontal: "━", vertical: "┃")
  }

  /// A cell filled from the left by 0…8 eighths.
  public static let fromLeft: [Unicode.Scalar] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]
  /// A cell filled from below by 0…8 eighths.
  public static let fromBelow: [Unicode.Scalar] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  /// Shade, from nothing to everything.
  public static let shades: [Unicode.Scalar] = ["░", "▒", "▓", "█"]

  /// The braille cell with the dots of `mask`: bit `4 × column + row`, rows from the top.
  public static func braille(_ mask: UInt8) -> Unicode.Scalar {
    // Unicode numbers the dots 1 2 3 7 down the left and 4 5 6 8 down the right.
    var dots: UInt32 = 0
    for bit in 0..<8 where mask >> bit & 1 == 1 { dots |= 1 << dotOrder[bit] }
    return Unicode.Scalar(0x2800 + dots) ?? " "
  }

  private static let dotOrder: [UInt32] = [0, 1, 2, 6, 3, 4, 5, 7]

  public static let selected: Unicode.Scalar = "▶"
  public static let live: Unicode.Scalar = "▶"
  public static let paused: Unicode.Scalar = "‖"
  public static let replay: Unicode.Scalar = "◂"
  public static let recording: Unicode.Scalar = "●"
  public static let playhead: Unicode.Scalar = "┃"
  public static let event: Unicode.Scalar = "┆"
  public static let mark: Unicode.Scalar = "▲"
  public static let atRisk: Unicode.Scalar = "!"
  public static let loss: Unicode.Scalar = "▼"
  public static let differs: Unicode.Scalar = "≠"
  public static let best: Unicode.Scalar = "◀"
  public static let accepted: Unicode.Scalar = "✓"
  public static let rejected: Unicode.Scalar = "✗"
  public static let ascending: Unicode.Scalar = "↑"
  public static let descending: Unicode.Scalar = "↓"
  public static let free: Unicode.Scalar = "·"
  public static let shared: Unicode.Scalar = "#"
  public static let cached: Unicode.Scalar = "░"
  public static let victim: Unicode.Scalar = "◌"
  public static let none: Unicode.Scalar = "–"

  /// The letter of a request slot: A–X, starting over.
  public static func letter(_ slot: Int) -> Unicode.Scalar {
    Unicode.Scalar(UInt8(65 + ((slot % Role.requestCount) + Role.requestCount) % Role.requestCount))
  }
}
