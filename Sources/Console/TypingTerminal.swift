import Screen

/// A terminal at which a script types first: demos, tours and `--script`.
///
/// Keys of the viewer are heard between those of the script, and alone when it has ended.
///
///     let terminal = try TypingTerminal("<wait>p<down><ret><wait>q", at: CursesTerminal())
public final class TypingTerminal: Terminal {
  private let terminal: any Terminal
  private var steps: ArraySlice<KeyMacro.Step>
  /// How long `<wait>` lasts.
  private let pause: Duration

  public init(_ script: String, at terminal: any Terminal, pause: Duration = .milliseconds(500)) throws(KeyMacroError) {
    steps = try KeyMacro(script).steps[...]
    self.terminal = terminal
    self.pause = pause
  }

  public var size: Size { terminal.size }
  /// The script has been typed.
  public var isExhausted: Bool { steps.isEmpty }

  public func paint(_ canvas: Canvas, theme: Theme) { terminal.paint(canvas, theme: theme) }

  public func nextEvent(within patience: Duration) -> InputEvent? {
    switch steps.first {
    case .event(let event):
      steps.removeFirst()
      return event
    case .wait:
      // Asked for what was typed ahead: nothing was.
      guard patience > .zero else { return nil }
      steps.removeFirst()
      return terminal.nextEvent(within: pause)
    case nil: return terminal.nextEvent(within: patience)
    }
  }
}
