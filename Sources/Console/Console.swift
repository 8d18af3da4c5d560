import Host
import Screen

/// The loop between a terminal and the engine's thread.
///
///     var console = Console(thread: thread, terminal: terminal, themes: themes, options: options, surroundings: around)
///     console.run()   // returns when the viewer leaves; the engine's thread is the caller's to stop
///
/// Nothing is painted when neither the engine nor the viewer has changed
/// anything, so a still screen writes nothing. It keeps no clock: the patience
/// it gives the terminal is what limits the rate of frames.
public struct Console {
  public struct Options: Sendable {
    public var label: RunLabel
    /// Name of the theme to begin with; the first when there is none of that name.
    public var theme: String?
    /// Position in `PageCatalogue` of the page to begin with.
    public var page = 0
    /// Draws for a terminal that has only ASCII.
    public var ascii = false
    public var capturesMouse = true
    /// Traces that were open before, latest first.
    public var recentFiles: [String] = []

    public init(label: RunLabel) { self.label = label }
  }

  /// Between two frames while the engine runs.
  static let framePatience = Duration.milliseconds(33)
  /// After a key: the engine's answer is usually there.
  static let answerPatience = Duration.milliseconds(4)
  /// While the engine stands still only a late answer can come.
  static let idlePatience = Duration.milliseconds(100)
  /// While the window has not the focus.
  static let unwatchedPatience = Duration.seconds(1)

  public private(set) var state: ConsoleState?
  private let thread: EngineThread
  private let terminal: any Terminal
  private let themes: [Theme]
  private let options: Options
  private let surroundings: Surroundings

  private var painted: (canvas: Canvas, theme: Theme)?
  private var isOver = false
  /// Keys that came before the first snapshot.
  private var backlog: [InputEvent] = []

  public init(
    thread: EngineThread, terminal: any Terminal, themes: [Theme] = BuiltInTheme.all.map(\.theme), options: Options,
    surroundings: Surroundings = Surroundings()
  ) {
    self.thread = thread
    self.terminal = terminal
    self.themes = themes
    self.options = options
    self.surroundings = surroundings
  }

  /// Until the viewer leaves, or `ends` says so between two events.
  public mutating func run(until ends: () -> Bool = { false }) {
    guard var state = firstState(until: ends) else { return }
    paint(&state)
    /// Waits in vain since the engine was asked for something.
    var waits = Int.max
    while !isOver && !ends() {
      var isStale = false
      let patience = patience(state, waits)
      if let event = backlog.isEmpty ? terminal.nextEvent(within: patience) : backlog.removeFirst() {
        if perform(state.update(.input(event)), &state) { waits = 0 }
        // What was typed or pasted ahead is one change; a frame for each key would be wasted.
        var budget = 64
        while !isOver, budget > 0, let next = terminal.nextEvent(within: .zero) {
          if perform(state.update(.input(next)), &state) { waits = 0 }
          budget -= 1
        }
        isStale = true
      } else {
        _ = state.update(.waited(patience))
        if waits < Int.max { waits += 1 }
      }
      if let snapshot = thread.snapshots.take() {
        _ = state.update(.snapshot(snapshot))
        isStale = true
      }
      if isStale && !isOver { paint(&state) }
      self.state = state
    }
  }

  private mutating func firstState(until ends: () -> Bool) -> ConsoleState? {
    while !ends() {
      if let snapshot = thread.snapshots.take() {
        return ConsoleState(
          snapshot: snapshot, label: options.label, size: terminal.size, themes: themes, theme: options.theme,
          page: options.page, capturesMouse: options.capturesMouse, canCopy: surroundings.copy != nil,
          recentFiles: options.recentFiles)
      }
      guard let event = terminal.nextEvent(within: Self.answerPatience) else { continue }
      if event == .key(.control("c")) { return nil }
      backlog.append(event)
    }
    return nil
  }

  private func patience(_ state: ConsoleState, _ waits: Int) -> Duration {
    if !state.isWatched { return Self.unwatchedPatience }
    let patience = state.isMoving ? Self.framePatience : Self.idlePatience
    return waits < 8 ? min(patience, Self.answerPatience * (1 << waits)) : patience
  }

  private mutating func paint(_ state: inout ConsoleState) {
    let start = surroundings.threadMilliseconds?()
    var canvas = Frame.compose(state)
    if options.ascii { canvas = canvas.inASCII() }
    let theme = state.theme
    if painted.map({ $0.canvas == canvas && $0.theme == theme }) != true { terminal.paint(canvas, theme: theme) }
    painted = (canvas, theme)
    if let start, let end = surroundings.threadMilliseconds?() { _ = state.update(.frameTook(end - start)) }
  }

  // MARK: Effects

  /// - Returns: Whether the engine was asked for something.
  private mutating func perform(_ effects: [Effect], _ state: inout ConsoleState) -> Bool {
    var hasAsked = false
    for effect in effects {
      switch effect {
      case .engine(let request):
        thread.send(request)
        hasAsked = true
      case .export(let request):
        do {
          tell("wrote \(try surroundings.export(request))", &state)
        } catch {
          tell("\(error)", isError: true, &state)
        }
      case .open(let path):
        do {
          _ = state.update(.opened(try surroundings.open(path), path: path))
          hasAsked = true
        } catch {
          tell("\(error)", isError: true, &state)
        }
      case .listFiles(let prefix): _ = state.update(.files(surroundings.files(prefix)))
      case .copy(let text): surroundings.copy?(text)
      case .captureMouse(let wanted): surroundings.captureMouse(wanted)
      case .remember(let theme): surroundings.remember(theme)
      case .repaint:
        painted = nil
        surroundings.repaint()
      case .suspend:
        surroundings.suspend()
        painted = nil
      case .quit: isOver = true
      }
    }
    return hasAsked
  }

  private func tell(_ sentence: String, isError: Bool = false, _ state: inout ConsoleState) {
    _ = state.update(.told(sentence, isError: isError))
  }
}
