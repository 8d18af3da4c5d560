import CNcurses
import CTerminal
import Screen

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The real terminal. ncurses places and colours cells; what changed is found
/// here, keys are read and decoded here, and the terminal is given back on
/// every way out: `close()`, the end of its life, a signal, a Swift trap.
///
/// Not thread-safe, because ncurses is not: one thread owns it.
public final class CursesTerminal: Terminal {
  public internal(set) var size: Size
  public let depth: ColourDepth
  /// Time to wait for the rest of a sequence before a lone ESC is the Escape key.
  public let escapeDelay: Duration
  /// False from a failed probe on: the terminal draws line glyphs two cells wide.
  public internal(set) var usesUnicode: Bool
  public internal(set) var synchronizes = false

  var capturesMouse: Bool
  var isOpen = true
  var probe: Probe

  var shown: Canvas?
  var theme: Theme?
  var inks: Inks?
  var pairs: Pairs
  var row: [cchar_t] = []

  var decoder = InputDecoder()
  var events: [InputEvent] = []
  var eventsRead = 0

  enum Probe { case wanted, asked, done }

  /// Opens the terminal: alternate screen, raw keys, modes on. Waits for no answer.
  public init(_ options: CursesOptions = CursesOptions()) throws(CursesError) {
    guard rescueIsFree else { throw CursesError(problem: .alreadyOpen) }
    guard isatty(0) == 1, isatty(1) == 1 else { throw CursesError(problem: .notATerminal) }
    let name = Self.environment("TERM") ?? ""
    // They would freeze the size at what some shell exported.
    unsetenv("LINES")
    unsetenv("COLUMNS")
    guard screen_know_terminal() else { throw CursesError(problem: .unknownTerminal(name)) }
    if options.shapes == .unicode && !screen_speaks_utf8() { screen_speak_utf8() }
    guard screen_capability("cup") != nil else { throw CursesError(problem: .cannotPlaceCursor(name)) }

    let leave = Array(
      Modes.leave(alternateScreenEnd: Modes.capability("rmcup"), cursorOn: Modes.capability("cnorm")).utf8CString.dropLast())
    _ = rescue_arm(0, 1, leave, leave.count)
    _ = rescue_hold_stderr()
    guard screen_start() else {
      rescue_disarm()
      rescue_restore_line()
      rescue_release_stderr()
      throw CursesError(problem: .refused(name))
    }
    rescueIsFree = false
    screen_configure()
    let colours = Int(screen_start_colours())
    let hasDefaults = colours > 0 && screen_uses_default_colours()
    pairs = Pairs(limit: colours > 0 ? Int(screen_pair_count()) : 0, hasDefaults: hasDefaults)
    let silenced = options.colour == .never || (options.colour == .auto && Self.environment("NO_COLOR") != nil)
    depth = silenced ? .none : ColourDepth(colours: colours)
    size = Size(Int(screen_columns()), Int(screen_rows()))
    escapeDelay = .milliseconds(Self.environment("ESCDELAY").flatMap { Int($0) } ?? 25)
    let bare = name == "linux" || name == "dumb" || name.hasPrefix("vt1") || name.hasPrefix("vt2")
    usesUnicode = screen_speaks_utf8() && (options.shapes == .unicode || options.shapes == .auto && name != "linux")
    probe = options.shapes == .auto && usesUnicode && !bare ? .wanted : .done
    capturesMouse = options.mouse

    Self.write(Modes.off + Modes.on + (options.mouse ? Modes.mouseOn : ""))
    // Apple's terminal prints a stray `p`; bare consoles may too.
    if depth == .indexed && !bare && Self.environment("TERM_PROGRAM") != "Apple_Terminal" { Self.write(Modes.askUpdate) }
  }

  deinit { close() }

  /// Gives the terminal back and shows what stderr held. May be called again.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    Self.write(Modes.updateEnd + Modes.off)
    screen_end()
    rescue_disarm()
    rescue_restore_line()
    rescue_release_stderr()
    rescueIsFree = true
  }

  /// Switches the mouse reports, so that the terminal's own selection works without them.
  public func captureMouse(_ wanted: Bool) {
    capturesMouse = wanted
    Self.write(wanted ? Modes.mouseOn : Modes.mouseOff)
  }

  /// Ctrl-Z: gives the terminal back, stops, and returns when the shell goes on with us.
  public func suspend() {
    rescue_stop()  // the note that SIGCONT leaves brings the screen back, as after any stop
  }

  /// Writes what undoes all that any run may have left on: `workbench reset`.
  public static func reset() { write(Modes.leaveAny) }

  /// Everything again with the next flush, for Ctrl-L.
  public func repaint() {
    screen_redraw_all()
    screen_flush()
  }
}

/// One terminal per process; only the thread that owns it looks here.
nonisolated(unsafe) private var rescueIsFree = true

extension CursesTerminal {
  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// Past ncurses, whose own buffer is empty between frames.
  static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while let start = rest.baseAddress, !rest.isEmpty {
        let count = systemWrite(1, start, rest.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }
}

private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(file, bytes, count) }
