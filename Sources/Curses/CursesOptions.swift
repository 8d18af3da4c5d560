/// What the user may choose about the terminal.
public struct CursesOptions: Sendable {
  public enum Colour: String, CaseIterable, Sendable {
    /// As many as the terminal has, none under NO_COLOR.
    case auto
    case always
    case never
  }

  public enum Shapes: String, CaseIterable, Sendable {
    /// Unicode where the locale is UTF-8, the terminal is no bare console and draws `─` one cell wide.
    case auto
    case unicode
    case ascii
  }

  public var colour: Colour
  public var shapes: Shapes
  public var mouse: Bool

  public init(colour: Colour = .auto, shapes: Shapes = .auto, mouse: Bool = true) {
    self.colour = colour
    self.shapes = shapes
    self.mouse = mouse
  }
}

/// Why there is no terminal to paint on, and the way out.
public struct CursesError: Error, Equatable, CustomStringConvertible {
  public enum Problem: Equatable, Sendable {
    case notATerminal
    case unknownTerminal(String)
    case cannotPlaceCursor(String)
    case refused(String)
    case alreadyOpen
  }

  public let problem: Problem

  public var description: String {
    switch problem {
    case .notATerminal: "input or output is not a terminal — run it in one, or use --plain"
    case .unknownTerminal(let name): "TERM=\(name) is not in the terminal database — try TERM=xterm-256color"
    case .cannotPlaceCursor(let name): "TERM=\(name) cannot place the cursor — try TERM=xterm-256color, or use --plain"
    case .refused(let name): "TERM=\(name) could not be started — try TERM=xterm-256color, or use --plain"
    case .alreadyOpen: "the terminal is open already; there is one"
    }
  }
}
