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

  enum Woken { case input, note, nothing }

  func wait(_ patience: Duration) -> Woken {
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
  func read() -> Bool {
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

  func drainNotes() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = systemRead(rescue_notes(), &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  /// A changed window, or a process that goes on: a storm of notes is one event.
  func heedNotes() -> InputEvent? {
    var notes = drainNotes()
    if notes.contains(UInt8(ascii: "W")) {
      // Sixteen milliseconds: a window that is dragged sends dozens.
      usleep(16_000)
      notes += drainNotes()
    }
    if notes.contains(UInt8(ascii: "C")) { comeBack() }
    return measure()
  }

  func comeBack() {
    screen_end()
    Self.write(Modes.off + Modes.on + (capturesMouse ? Modes.mouseOn : ""))
    repaint()
  }

  func measure() -> InputEvent? {
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
  func digest(_ event: InputEvent) -> InputEvent? {
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
