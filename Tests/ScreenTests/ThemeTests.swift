import Foundation
import Screen
import Testing

@Suite("Themes")
struct ThemeTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("themes")

  @Test("every built-in theme is the file of its name", arguments: BuiltInTheme.all.map(\.name))
  func files(name: String) throws {
    let text = try String(contentsOf: Self.folder.appendingPathComponent(name + ".toml"), encoding: .utf8)
    #expect(BuiltInTheme.named(name) == text, "copy themes/\(name).toml into Sources/Screen/Themes")
  }

  @Test("every built-in theme names every role itself and keeps the limits", arguments: BuiltInTheme.all.map(\.name))
  func limits(name: String) throws {
    let text = try #require(BuiltInTheme.named(name))
    let file = try ThemeFile(text, file: name)
    #expect(file.name == name)
    #expect(file.license == "MIT")
    for role in Role.allWords {
      #expect(text.contains("\n\"\(role.name)\" = ") || text.contains("\n\(role.name) = "), "\(role.name)")
    }
    var limits = ThemeCheck.Limits()
    if name == "colorblind" { limits.requestDifference = 11 }
    #expect(ThemeCheck(file.theme).complaints(limits) == [])
  }

  @Test("a role that is not named takes the look of its prefix")
  func fallback() throws {
    let theme = try ThemeFile(
      """
      [roles]
      fg = "#d0d0d0"
      hw = 75
      "hw.attn" = { fg = "#ffaf5f", bold = true }
      """, file: "small.toml"
    ).theme
    #expect(theme[.hwGemm].colour == Colour(0x5fafff))
    #expect(theme[.hwAttnDecode] == Theme.Look(Colour(0xffaf5f), .bold))
    #expect(theme[.kvLive].colour == Colour(0xd0d0d0))
    #expect(theme[.request(3)].colour == Colour(0xd0d0d0))
    #expect(theme[.bg].colour == nil)
  }

  @Test("a theme that inherits says only what differs")
  func inherits() throws {
    let text = "inherits = \"workbench-dark\"\n[roles]\n\"phase.decode\" = \"#ff0000\"\n[ramp.heat]\nstops = [16, 231]"
    let theme = try ThemeFile(text, file: "mine.toml").theme
    #expect(theme[.phaseDecode].colour == Colour(0xff0000))
    #expect(theme[.phasePrefill] == Theme.standard[.phasePrefill])
    #expect(theme[.ramp(.heat, 0)].colour == Colour(0))
    #expect(theme[.ramp(.heat, 15)].colour == Colour(0xffffff))
    #expect(theme[.request(23)] == Theme.standard[.request(23)])
    let chain = try ThemeFile("inherits = \"mine\"", file: "yours.toml", base: { $0 == "mine" ? text : nil })
    #expect(chain.theme[.phaseDecode].colour == Colour(0xff0000))
  }

  @Test(
    "a theme that cannot be used says file, key and way out",
    arguments: [
      ("[roles]\nfg.mutd = 3", "t.toml: roles.fg.mutd is not a role — nearest: fg.muted"),
      ("[roles]\nfg = \"sky\"", "t.toml: roles.fg names the colour \"sky\", which is not in [palette] — add it there, or write it as \"#rrggbb\""),
      ("[palette]\nsky = 300", "t.toml: palette.sky is 300 — xterm colours go from 0 to 255"),
      ("[ramp.hot]\nstops = []", "t.toml: ramp.hot is not a ramp — use util, occupancy, latency, age, heat, temperature, power, diverging"),
      ("[requests]\ncolours = 3", "t.toml: requests.colours is not a list of 1 to 24 colours — write colours = [\"#af00ff\", …]"),
      ("[meta]\nvariant = \"dim\"", "t.toml: meta.variant is \"dim\" — write \"dark\" or \"light\""),
      ("inherits = \"dusk\"", "t.toml: inherits names \"dusk\", which is not there — use \"workbench-dark\" or put the file beside this one"),
      ("[colours]", "t.toml: colours is not a part of a theme — use meta, palette, roles, ramp.NAME or requests"),
    ])
  func faults(text: String, message: String) {
    do {
      _ = try ThemeFile(text, file: "t.toml")
      Issue.record("no error")
    } catch { #expect("\(error)" == message) }
  }

  @Test("broken TOML names the line")
  func broken() {
    do {
      _ = try ThemeFile("[meta]\nname = ", file: "t.toml")
      Issue.record("no error")
    } catch { #expect("\(error)".hasPrefix("t.toml: line 2 is not TOML: ")) }
    #expect(throws: ThemeError.self) { try ThemeFile("inherits = \"a\"", file: "a", base: { _ in "inherits = \"a\"" }) }
  }

  @Test("words and their constants agree")
  func words() {
    #expect(Role.fgMuted.name == "fg.muted")
    #expect(Role.separator.name == "separator")
    #expect(Role.timeLive.name == "time.live")
    #expect(Role.phaseFailed.name == "phase.failed")
    #expect(Role.hwAttnPrefill.name == "hw.attn.prefill")
    #expect(Role.abSame.name == "ab.same")
    #expect(Role.abBBetter.name == "ab.b_better")
    #expect(Role.request(25).name == "req.1")
    #expect(Role.ramp(.diverging, 99).name == "ramp.diverging.15")
    #expect(Role.count <= 256)
    #expect(Role(word: "kv.victim") == .kvVictim)
  }
}

@Suite("Colours")
struct ColourTests {
  @Test("a colour of the cube is itself, others go to the nearest, never to the user's sixteen")
  func xterm() {
    for index in 16..<256 { #expect(Xterm.colours[Xterm.index256(of: Xterm.colours[index])] == Xterm.colours[index]) }
    #expect(Xterm.index256(of: Colour(0xaf00fe)) == 129)
    #expect(Xterm.index16(of: Colour(0xff0000)) == 9)
    #expect(Xterm.index8(of: Colour(0x00cdcd)) == 6)
    #expect(Xterm.index8(of: Colour(0x5fafff)) == 6)
    #expect(Xterm.index8(of: Colour(0xff5f5f)) == 1)
    #expect(Xterm.index8(of: Colour(0xffd700)) == 3)
    #expect(Xterm.index8(of: Colour(0xd0d0d0)) == 7)
    #expect(Colour(hex: "#af00ff") == Colour(0xaf00ff))
    #expect(Colour(hex: "#+f00ff") == nil)
    #expect(Colour(0x00af0f).hex == "#00af0f")
  }

  @Test("differences agree with the figures that were published for other palettes")
  func anchors() {
    #expect(abs(Colour(0).contrast(with: Colour(0xffffff)) - 21) < 1e-9)
    // Okabe-Ito without black, worst of all pairs.
    let set = [0xE69F00, 0x56B4E9, 0x009E73, 0xF0E442, 0x0072B2, 0xD55E00, 0xCC79A7].map { Colour($0) }
    let published: [(Vision, Double)] = [(.normal, 21.7), (.protan, 12.2), (.deutan, 11.6), (.tritan, 10.9)]
    for (vision, expected) in published {
      var worst = Double.infinity
      for first in set.indices {
        for second in set.indices where second > first {
          worst = min(worst, vision.seeing(set[first]).difference(from: vision.seeing(set[second])))
        }
      }
      #expect(abs(worst - expected) < 0.4, "\(vision) \(worst)")
    }
  }

  @Test("without colours a selection is reverse video")
  func monochrome() {
    var canvas = Canvas(2, 1)
    canvas.put("a", at: Point(0, 0), style: Style(.alert, on: .bgSelection))
    let ink = Inks(.standard, .none)[canvas[0, 0]]
    #expect(ink == Ink(-1, on: -1, [.reverse, .bold]))
    let coloured = Inks(.standard, .indexed)[canvas[0, 0]]
    #expect(coloured == Ink(203, on: 237, .bold))
    #expect(Inks(.standard, .indexed)[canvas[1, 0]].background == -1, "the terminal keeps its own ground")
  }
}
