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
  public private(set) var size: Size
  public let depth: ColourDepth
  /// Time to wait for the rest of a sequence before a lone ESC is the Escape key.
  public let escapeDelay: Duration
  /// False from a failed probe on: the terminal draws line glyphs two cells wide.
  public private(set) var usesUnicode: Bool
  public private(set) var synchronizes = false

  private let options: CursesOptions
  private var isOpen = true
  private var probe: Probe

  private var shown: Canvas?
  private var theme: Theme?
  private var inks: Inks?
  private var pairs: Pairs
  private var row: [cchar_t] = []

  private var decoder = InputDecoder()
  private var events: [InputEvent] = []
  private var eventsRead = 0

  private enum Probe { case wanted, asked, done }

  /// Opens the terminal: alternate screen, raw keys, modes on. Waits for no answer.
  public init(_ options: CursesOptions = CursesOptions()) throws(CursesError) {
    guard rescueIsFree else { throw CursesError(problem: .alreadyOpen) }
    guard isatty(0) == 1, isatty(1) == 1 else { throw CursesError(problem: .notATerminal) }
    let name = Self.environment("TERM") ?? ""
    // They would freeze the size at what some shell exported.
    unsetenv("LINES")
    unsetenv("COLUMNS")
    guard screen_know_terminal() else { throw CursesError(problem: .unknownTerminal(name)) }
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
    usesUnicode = options.shapes == .unicode || options.shapes == .auto && screen_speaks_utf8() && name != "linux"
    probe = options.shapes == .auto && usesUnicode && !bare ? .wanted : .done
    self.options = options

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
  public func captureMouse(_ wanted: Bool) { Self.write(wanted ? Modes.mouseOn : Modes.mouseOff) }

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
  private static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// Past ncurses, whose own buffer is empty between frames.
  private static func write(_ text: String) {
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

// Painting

extension CursesTerminal {
  /// Hands over the runs of cells that differ from the last canvas. Equal canvases write nothing.
  public func paint(_ canvas: Canvas, theme: Theme) {
    guard isOpen else { return }
    if self.theme != theme {
      self.theme = theme
      inks = Inks(theme, depth)
      pairs.forget()
      shown = nil
    }
    if shown?.size != canvas.size { shown = nil }
    guard let inks else { return }
    if shown == nil { screen_erase() }

    var changed = false
    let width = min(canvas.width, size.width)
    for row in 0..<min(canvas.height, size.height) {
      var column = 0
      while let run = nextRun(canvas, row, from: column, to: width) {
        hand(canvas, row, run, inks)
        column = run.upperBound
        changed = true
      }
    }
    let isFirst = shown == nil
    shown = canvas
    guard changed || isFirst else { return }
    if synchronizes { Self.write(Modes.updateBegin) }
    screen_flush()
    if synchronizes { Self.write(Modes.updateEnd) }
    if probe == .wanted { askWidth() }
  }

  /// Cells that are the same between two changes, this many or fewer, are handed over with them.
  private static let bridge = 4

  /// The next run of changed cells, whole wide characters only.
  private func nextRun(_ canvas: Canvas, _ row: Int, from start: Int, to width: Int) -> Range<Int>? {
    guard start < width else { return nil }
    guard let shown else { return start..<width }
    return canvas.cells.withUnsafeBufferPointer { new in
      shown.cells.withUnsafeBufferPointer { old in
        let base = row * canvas.width
        var first = start
        while first < width && new[base + first] == old[base + first] { first += 1 }
        if first == width { return nil }
        var end = first + 1
        var column = end
        while column < width && column - end <= Self.bridge {
          if new[base + column] != old[base + column] { end = column + 1 }
          column += 1
        }
        if first > start && new[base + first].isTrailing { first -= 1 }
        if end < width && new[base + end].isTrailing { end += 1 }
        return first..<end
      }
    }
  }

  private func hand(_ canvas: Canvas, _ row: Int, _ run: Range<Int>, _ inks: Inks) {
    self.row.removeAll(keepingCapacity: true)
    var column = run.lowerBound
    while column < run.upperBound {
      let cell = canvas[column, row]
      let ink = inks[cell]
      let pair = pairs.number(ink.foreground, ink.background)
      for code in codes(of: cell) where code != 0 {
        var made = cchar_t()
        screen_make_cell(&made, code, Int32(ink.attributes.rawValue), pair)
        self.row.append(made)
      }
      column += 1
    }
    screen_put_row(Int32(row), Int32(run.lowerBound), self.row, Int32(self.row.count))
  }

  /// What ncurses is given for a cell, 0 for nothing: it lays out by the C
  /// library's widths, so where those differ from ours `?` keeps the columns.
  private func codes(of cell: Cell) -> Codes {
    let code = cell.code
    if code < 0x7f && code != 0 { return Codes(code, 0) }
    if code == 0 { return Codes(0, 0) }
    let width = cell.width
    let known = code >= 0x2500 && code < 0x2600 || code >= 0x2800 && code < 0x2900
    if usesUnicode && (known || Int(screen_width_of(code)) == width) { return Codes(code, 0) }
    let likeness = usesUnicode ? "?" : Glyphs.ascii(cell.scalar)
    return Codes(likeness.value, width == 2 ? 0x20 : 0)
  }

  private func askWidth() {
    probe = .asked
    decoder.expectsCursorReport = true
    Self.write(Modes.probeWidth)
    // The probe stands on the screen; ncurses believes the first row is intact.
    screen_redraw_row(0)
    screen_flush()
  }
}

/// One or two codes without an array.
private struct Codes: Sequence {
  let first: UInt32
  let second: UInt32

  init(_ first: UInt32, _ second: UInt32) {
    self.first = first
    self.second = second
  }

  struct Iterator: IteratorProtocol {
    var rest: (UInt32, UInt32)
    var place = 0

    mutating func next() -> UInt32? {
      place += 1
      return place == 1 ? rest.0 : place == 2 ? rest.1 : nil
    }
  }

  func makeIterator() -> Iterator { Iterator(rest: (first, second)) }
}

// Events

extension CursesTerminal {
  public func nextEvent(within patience: Duration) -> InputEvent? {
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    while isOpen {
      while eventsRead < events.count {
        eventsRead += 1
        if let event = digest(events[eventsRead - 1]) { return event }
      }
      events.removeAll(keepingCapacity: true)
      eventsRead = 0

      // Something begun is finished or flushed before anything else.
      let left = decoder.isWaiting ? escapeDelay : deadline - clock.now
      switch wait(left) {
      case .input: if !read() { return nil }
      case .note: if let event = heedNotes() { return event }
      case .nothing:
        guard decoder.isWaiting else { return nil }
        events += decoder.flush()
      }
    }
    return nil
  }

  private enum Woken { case input, note, nothing }

  private func wait(_ patience: Duration) -> Woken {
    var files = [
      pollfd(fd: 0, events: Int16(POLLIN), revents: 0), pollfd(fd: rescue_notes(), events: Int16(POLLIN), revents: 0),
    ]
    let (seconds, attoseconds) = max(patience, .zero).components
    // Rounded up: a wait of less than a millisecond must not become a busy loop.
    let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    guard poll(&files, 2, Int32(clamping: milliseconds)) > 0 else { return .nothing }
    if files[1].revents != 0 { return .note }
    return files[0].revents != 0 ? .input : .nothing
  }

  /// False when the terminal has gone away.
  private func read() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = systemRead(0, &bytes, bytes.count)
    if count > 0 {
      events += decoder.feed(bytes.prefix(count))
      return true
    }
    if count < 0 && (errno == EINTR || errno == EAGAIN) { return true }
    // Hung up. The signal's way out is the one way out.
    raise(SIGHUP)
    return false
  }

  private func drainNotes() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = systemRead(rescue_notes(), &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  /// A changed window, or a process that goes on: a storm of notes is one event.
  private func heedNotes() -> InputEvent? {
    var notes = drainNotes()
    if notes.contains(UInt8(ascii: "W")) {
      // Sixteen milliseconds: a window that is dragged sends dozens.
      usleep(16_000)
      notes += drainNotes()
    }
    if notes.contains(UInt8(ascii: "C")) { comeBack() }
    return measure()
  }

  private func comeBack() {
    screen_end()
    Self.write(Modes.off + Modes.on + (options.mouse ? Modes.mouseOn : ""))
    repaint()
  }

  private func measure() -> InputEvent? {
    var rows: Int32 = 0
    var columns: Int32 = 0
    guard screen_window_size(1, &rows, &columns) else { return nil }
    let new = Size(Int(columns), Int(rows))
    guard new != size else { return nil }
    screen_resize(rows, columns)
    size = new
    shown = nil
    return .resize(new)
  }

  /// Answers that only the terminal itself asked for stay here.
  private func digest(_ event: InputEvent) -> InputEvent? {
    switch event {
    case .modeReport(mode: 2026, let state):
      synchronizes = state.canBeSwitched
      return nil
    case .cursorReport(let point) where probe == .asked:
      probe = .done
      if point.column > 1 {
        usesUnicode = false
        shown = nil
        // The same size again: whoever draws will draw, and every cell is new.
        return .resize(size)
      }
      return nil
    default: return event
    }
  }
}

private func systemRead(_ file: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int { read(file, bytes, count) }
