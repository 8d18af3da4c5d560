/// Bytes from a terminal → events. One state machine for keys (CSI, SS3,
/// UTF-8), SGR mouse, bracketed paste, focus, cursor and mode reports.
///
/// Any bytes are input: what means nothing is dropped. Cutting the stream at
/// any place changes nothing, so reads may return what they like. One thing
/// bytes alone cannot say: whether an ESC is the Escape key or the start of a
/// sequence. While `isWaiting`, the caller waits a moment (25 ms) for more and
/// then calls `flush()`.
///
/// Not for terminal output: it knows no screen.
///
/// - Source: ECMA-48; xterm's ctlseqs; "fixterms" (CSI … u) for the kitty and modifyOtherKeys forms.
public struct InputDecoder: Sendable {
  enum State: Equatable {
    case ground
    case escape
    /// Parameter and intermediate bytes so far.
    case csi([UInt8])
    case ss3
    /// An operating-system command or device string: skipped to its end.
    case string(opener: UInt8, isEmpty: Bool, sawEscape: Bool)
    /// `CSI M` of the old mouse protocol: three bytes follow.
    case oldMouse([UInt8])
    /// `CSI [` of the Linux console: a letter follows.
    case consoleFunction
    case utf8(bits: UInt32, missing: Int, length: Int, alt: Bool)
    case paste([UInt8])
  }

  var state = State.ground
  var events: [InputEvent] = []

  /// Set after asking for the cursor: `CSI 1 ; 2 R` is then a report, otherwise Shift-F3.
  public var expectsCursorReport = false

  public init() {}

  /// Something began and is not finished; see `flush()`. A paste may take its time.
  public var isWaiting: Bool {
    switch state {
    case .ground, .paste: false
    default: true
    }
  }

  public mutating func feed(_ bytes: some Sequence<UInt8>) -> [InputEvent] {
    for byte in bytes { take(byte) }
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// No more came in time: what is waiting is all there is.
  public mutating func flush() -> [InputEvent] {
    switch state {
    case .ground, .paste: return []
    case .escape: emit(.escape)
    case .csi([]): emit(.character("["), .alt)
    case .ss3: emit(.character("O"), .alt)
    case .string(let opener, isEmpty: true, sawEscape: false):
      emit(.character(Character(Unicode.Scalar(opener))), .alt)
    default: break
    }
    state = .ground
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  mutating func emit(_ key: KeyPress.Key, _ modifiers: KeyPress.Modifiers = []) {
    events.append(.key(KeyPress(key, modifiers)))
  }
}
