extension Canvas {
  /// The canvas as a terminal understands it: rows with colour changes between,
  /// each row ended by a reset and a new line. `cat` shows it.
  public func ansi(theme: Theme, depth: ColourDepth = .indexed) -> String {
    let inks = Inks(theme, depth)
    let plain = Ink(-1, on: -1, [])
    var text = ""
    for row in 0..<height {
      var current = plain
      for column in 0..<width {
        let cell = self[column, row]
        if cell.isTrailing { continue }
        let ink = inks[cell]
        if ink != current {
          text += "\u{1b}[" + ink.codes + "m"
          current = ink
        }
        text.unicodeScalars.append(cell.scalar)
      }
      text += current == plain ? "\n" : "\u{1b}[0m\n"
    }
    return text
  }
}

extension Ink {
  /// SGR parameters that say all of it, from a reset on.
  var codes: String {
    var codes = "0"
    if attributes.contains(.bold) { codes += ";1" }
    if attributes.contains(.dim) { codes += ";2" }
    if attributes.contains(.underline) { codes += ";4" }
    if attributes.contains(.reverse) { codes += ";7" }
    codes += Self.code(foreground, 30, 90, "38;5;")
    codes += Self.code(background, 40, 100, "48;5;")
    return codes
  }

  private static func code(_ colour: Int16, _ dark: Int16, _ bright: Int16, _ long: String) -> String {
    if colour < 0 { return "" }
    return colour < 8 ? ";\(dark + colour)" : colour < 16 ? ";\(bright + colour - 8)" : ";\(long)\(colour)"
  }
}
