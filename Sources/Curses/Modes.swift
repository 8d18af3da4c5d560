import CNcurses

/// The escape sequences that we write ourselves, because ncurses does not know
/// these modes or picks older ones: SGR mouse, bracketed paste, focus reports.
enum Modes {
  /// What a killed predecessor may have left on.
  static let off = "\u{1b}[?1006l\u{1b}[?1003l\u{1b}[?1002l\u{1b}[?1000l\u{1b}[?2004l\u{1b}[?1004l"
  static let on = "\u{1b}[?2004h\u{1b}[?1004h"
  static let mouseOn = "\u{1b}[?1002h\u{1b}[?1006h"
  static let mouseOff = "\u{1b}[?1006l\u{1b}[?1002l"
  static let updateBegin = "\u{1b}[?2026h"
  static let updateEnd = "\u{1b}[?2026l"
  static let askUpdate = "\u{1b}[?2026$p"
  /// One ambiguous character at the top left, then: where is the cursor?
  static let probeWidth = "\u{1b}7\u{1b}[H─\u{1b}[6n\u{1b}8"

  /// Everything off, in the order that leaves nothing half done; ends a frame,
  /// gives the pointer, paste, colours, cursor and the first screen back.
  static func leave(alternateScreenEnd: String?, cursorOn: String?) -> String {
    updateEnd + off + "\u{1b}[0m" + (cursorOn ?? "\u{1b}[?25h") + (alternateScreenEnd ?? "\u{1b}[999;1H\r\n")
  }

  /// For a terminal that nobody can ask any more: `workbench reset`.
  static let leaveAny = leave(alternateScreenEnd: "\u{1b}[?1l\u{1b}>\u{1b}[?1049l", cursorOn: "\u{1b}[?25h")

  /// A capability without its padding (`$<5>`).
  static func capability(_ name: String) -> String? {
    guard let text = screen_capability(name) else { return nil }
    var kept = ""
    var rest = Substring(String(cString: text))
    while let start = rest.firstIndex(of: "$") {
      kept += rest[..<start]
      rest = rest[start...]
      if rest.dropFirst().first == "<", let end = rest.firstIndex(of: ">") {
        rest = rest[rest.index(after: end)...]
      } else {
        kept.append(rest.removeFirst())
      }
    }
    kept += rest
    return kept.isEmpty ? nil : kept
  }
}
