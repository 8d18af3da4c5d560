import Screen
import Testing

@Suite("Input decoder")
struct InputDecoderTests {
  func decode(_ text: String, flush: Bool = true) -> [InputEvent] {
    var decoder = InputDecoder()
    let events = decoder.feed(text.utf8)
    return events + (flush ? decoder.flush() : [])
  }

  @Test(
    "keys have one name however a terminal spells them",
    arguments: [
      ("a", "a"), ("é", "é"), ("漢", "漢"), (" ", "<space>"), ("<", "<lt>"), ("\r", "<ret>"), ("\n", "<C-j>"), ("\t", "<tab>"),
      ("\u{1b}", "<esc>"), ("\u{7f}", "<bs>"), ("\u{10}", "<C-p>"), ("\u{1a}", "<C-z>"), ("\u{0}", "<C-space>"),
      ("\u{1b}x", "<A-x>"), ("\u{1b}é", "<A-é>"), ("\u{1b}[", "<A-[>"), ("\u{1b}O", "<A-O>"), ("\u{1b}]", "<A-]>"),
      ("\u{1b}[A", "<up>"), ("\u{1b}OA", "<up>"), ("\u{1b}[1;5C", "<C-right>"), ("\u{1b}[1;2D", "<S-left>"),
      ("\u{1b}[Z", "<S-tab>"), ("\u{1b}[H", "<home>"), ("\u{1b}[1~", "<home>"), ("\u{1b}[4~", "<end>"), ("\u{1b}[5~", "<pageup>"),
      ("\u{1b}[3;5~", "<C-del>"), ("\u{1b}OP", "<F1>"), ("\u{1b}[[A", "<F1>"), ("\u{1b}[11~", "<F1>"), ("\u{1b}[15~", "<F5>"),
      ("\u{1b}[24~", "<F12>"), ("\u{1b}[1;2R", "<S-F3>"), ("\u{1b}OM", "<ret>"), ("\u{1b}Op", "0"),
      ("\u{1b}[105;5u", "<C-i>"), ("\u{1b}[97;2u", "A"), ("\u{1b}[27;5;13~", "<C-ret>"),
    ])
  func keys(bytes: String, name: String) throws {
    guard case .key(let press) = try #require(decode(bytes).first) else {
      Issue.record("no key: \(decode(bytes))")
      return
    }
    #expect(press.description == name)
    #expect(decode(bytes).count == 1)
    #expect(try KeyMacro(name).steps == [.event(.key(press))])
  }

  @Test("mouse, paste, focus and reports")
  func others() {
    #expect(decode("\u{1b}[<0;10;5M") == [.mouse(MouseEvent(.press(.left), at: Point(9, 4)))])
    #expect(decode("\u{1b}[<32;300;5M") == [.mouse(MouseEvent(.drag(.left), at: Point(299, 4)))])
    #expect(decode("\u{1b}[<18;1;1m") == [.mouse(MouseEvent(.release(.right), at: Point(0, 0), .control))])
    #expect(decode("\u{1b}[<65;1;1M") == [.mouse(MouseEvent(.wheelDown, at: Point(0, 0)))])
    #expect(decode("\u{1b}[M !!") == [.mouse(MouseEvent(.press(.left), at: Point(0, 0)))])
    #expect(decode("\u{1b}[200~q\u{1b}[Ax\r\ny\u{1b}[201~q") == [.paste("q\u{1b}[Ax\ny"), .key(.character("q"))])
    #expect(decode("\u{1b}[I\u{1b}[O") == [.focus(true), .focus(false)])
    #expect(decode("\u{1b}[12;40R") == [.cursorReport(Point(39, 11))])
    #expect(decode("\u{1b}[?2026;2$y") == [.modeReport(mode: 2026, .reset)])
    var decoder = InputDecoder()
    decoder.expectsCursorReport = true
    #expect(decoder.feed("\u{1b}[1;2R".utf8) == [.cursorReport(Point(1, 0))])
  }

  @Test("what means nothing is dropped, and what follows is heard")
  func noise() {
    #expect(decode("\u{1b}]11;rgb:0/0/0\u{7}a") == [.key(.character("a"))])
    #expect(decode("\u{1b}]11;rgb:0/0/0\u{1b}\\a") == [.key(.character("a"))])
    #expect(decode("\u{1b}P1$r0m\u{1b}\\a") == [.key(.character("a"))])
    #expect(decode("\u{1b}[99;99;99Xa") == [.key(.character("a"))])
    #expect(decode("\u{1b}[12\u{1b}[A") == [.key(KeyPress(.up))])
    #expect(decode("\u{1b}[" + String(repeating: "1", count: 500) + "Aa").last == .key(.character("a")))
    var decoder = InputDecoder()
    #expect(decoder.feed([0xff, 0xc3, 0x61, 0xe2, 0x82, 0x1b, 0x5b, 0x41, 0xc0, 0x80, 0xed, 0xa0, 0x80]) == [
      .key(.character("a")), .key(KeyPress(.up)),
    ])
  }

  @Test("an escape alone waits for the caller's patience")
  func patience() {
    var decoder = InputDecoder()
    #expect(decoder.feed([0x1b]).isEmpty)
    #expect(decoder.isWaiting)
    #expect(decoder.flush() == [.key(KeyPress(.escape))])
    #expect(!decoder.isWaiting)
    #expect(decoder.feed([0x1b]).isEmpty)
    #expect(decoder.feed("[A".utf8) == [.key(KeyPress(.up))])
    #expect(decoder.feed([0x1b, 0x1b]) == [.key(KeyPress(.escape))])
    #expect(decoder.flush() == [.key(KeyPress(.escape))])
  }

  @Test("any bytes, cut at any places, give the same events as in one piece", arguments: 0..<400)
  func anyBytes(seed: Int) {
    var luck = Luck(seed: seed)
    let pieces: [[UInt8]] = [
      "\u{1b}", "[", "O", "<", "?", ";", "1", "200~", "201~", "\u{1b}[200~", "\u{1b}[201~", "M", "m", "u", "$y", "A", "]", "P",
      "\u{7}", "\u{1b}\\", "é", "漢", "🙂", "a", "\u{1b}[<0;3;4M",
    ].map { Array($0.utf8) }
    var bytes: [UInt8] = []
    for _ in 0..<60 { bytes += luck.below(3) == 0 ? [UInt8(luck.below(256))] : pieces[luck.below(pieces.count)] }

    var whole = InputDecoder()
    let expected = whole.feed(bytes) + whole.flush()
    var parts = InputDecoder()
    var events: [InputEvent] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = min(1 + luck.below(5), rest.count)
      events += parts.feed(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    events += parts.flush()
    #expect(events == expected, "seed \(seed)")
  }
}

@Suite("Key macros and the scripted terminal")
struct KeyMacroTests {
  @Test("a macro is typed event by event, and frames are kept")
  func scripted() throws {
    let terminal = try ScriptedTerminal("<C-p>a<S-tab><wait><click 3,4><resize 60x16><paste x y>", size: Size(80, 24))
    var events: [InputEvent?] = []
    while !terminal.isExhausted { events.append(terminal.nextEvent(within: .zero)) }
    #expect(events == [
      .key(.control("p")), .key(.character("a")), .key(KeyPress(.tab, .shift)), nil,
      .mouse(MouseEvent(.press(.left), at: Point(3, 4))), .resize(Size(60, 16)), .paste("x y"),
    ])
    #expect(terminal.size == Size(60, 16))
    #expect(terminal.nextEvent(within: .zero) == nil)

    var canvas = Canvas(3, 1)
    terminal.paint(canvas, theme: .standard)
    terminal.paint(canvas, theme: .standard)
    canvas.put("hey", at: Point(0, 0))
    terminal.paint(canvas, theme: .standard)
    #expect(terminal.frames.map(\.text) == ["   ", "hey"])
    #expect(terminal.paintCount == 3)
  }

  @Test("a macro that cannot be read says which part", arguments: ["<C-", "<nope>", "<click 3>", "<resize 3>"])
  func unreadable(macro: String) {
    #expect(throws: KeyMacroError.self) { try KeyMacro("ab" + macro) }
  }
}
