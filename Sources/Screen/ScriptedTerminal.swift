/// A terminal for tests and demos: a macro types, every painted frame is kept.
///
///     let terminal = try ScriptedTerminal("<C-p>fcfs<ret>q", size: Size(80, 24))
///     console.run(on: terminal)
///     #expect(terminal.lastText.contains("policy fcfs"))
public final class ScriptedTerminal: Terminal {
  public private(set) var size: Size
  /// Frames that differ from the one before.
  public private(set) var frames: [Canvas] = []
  /// How often something was painted, also when nothing had changed.
  public private(set) var paintCount = 0
  public private(set) var theme: Theme?
  private var steps: ArraySlice<KeyMacro.Step>

  public init(_ script: String = "", size: Size = Size(80, 24)) throws(KeyMacroError) {
    steps = try KeyMacro(script).steps[...]
    self.size = size
  }

  /// Types more.
  public func type(_ script: String) throws(KeyMacroError) { steps += try KeyMacro(script).steps }

  /// Nothing is left to type: `nextEvent` gives nil from here on.
  public var isExhausted: Bool { steps.isEmpty }
  public var last: Canvas { frames.last ?? Canvas(size) }
  public var lastText: String { last.text }

  public func paint(_ canvas: Canvas, theme: Theme) {
    paintCount += 1
    self.theme = theme
    if frames.last != canvas { frames.append(canvas) }
  }

  public func nextEvent(within patience: Duration) -> InputEvent? {
    guard case .event(let event) = steps.popFirst() else { return nil }
    if case .resize(let size) = event { self.size = size }
    return event
  }
}
