/// What a terminal can tell a program.
public enum InputEvent: Hashable, Sendable {
  case key(KeyPress)
  case mouse(MouseEvent)
  /// Text that was pasted, not typed: never a command.
  case paste(String)
  /// The terminal window got the focus, or lost it.
  case focus(Bool)
  case resize(Size)
  /// The answer to `CSI 6 n`: where the cursor is, from 0.
  case cursorReport(Point)
  /// The answer to `CSI ? mode $ p`.
  case modeReport(mode: Int, ModeState)

  /// As DECRPM counts them.
  public enum ModeState: Int, Hashable, Sendable {
    case notRecognized, set, reset, permanentlySet, permanentlyReset

    /// The mode exists and a program may switch it.
    public var canBeSwitched: Bool { self == .set || self == .reset }
  }
}

/// A button or the wheel at a cell, both from 0.
public struct MouseEvent: Hashable, Sendable {
  public enum Button: Hashable, Sendable { case left, middle, right }

  public enum Action: Hashable, Sendable {
    case press(Button), drag(Button), release(Button)
    case wheelUp, wheelDown, wheelLeft, wheelRight
    case move
  }

  public var action: Action
  public var at: Point
  public var modifiers: KeyPress.Modifiers

  public init(_ action: Action, at point: Point, _ modifiers: KeyPress.Modifiers = []) {
    self.action = action
    at = point
    self.modifiers = modifiers
  }
}
