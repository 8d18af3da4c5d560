import Testing

@testable import Curses

@Suite("Modes")
struct ModesTests {
  @Test("leaving ends the frame first and the alternate screen last")
  func leave() {
    let esc = "\u{1b}["
    #expect(
      Modes.leave(alternateScreenEnd: esc + "?1049l", cursorOn: nil)
        == ["?2026l", "?1006l", "?1003l", "?1002l", "?1000l", "?2004l", "?1004l", "0m", "?25h", "?1049l"].map { esc + $0 }.joined())
  }

  @Test("a terminal without an alternate screen is left below the last row")
  func bare() { #expect(Modes.leave(alternateScreenEnd: nil, cursorOn: nil).hasSuffix("\u{1b}[999;1H\r\n")) }

  @Test("whatever entering switches on, leaving switches off")
  func pairs() {
    for mode in (Modes.on + Modes.mouseOn + Modes.updateBegin).split(separator: "\u{1b}") {
      #expect(Modes.leaveAny.contains(mode.dropLast() + "l"), "\(mode)")
    }
  }

  @Test("a refusal says the way out")
  func refusals() {
    #expect("\(CursesError(problem: .cannotPlaceCursor("dumb")))" == "TERM=dumb cannot place the cursor — try TERM=xterm-256color, or use --plain")
  }
}
