extension CursesTerminal {
  /// Asks the terminal to put `text` on its clipboard (OSC 52), which also works through ssh.
  ///
  /// Terminals take about 75,000 bytes at most, so longer text is cut there; tmux passes it on
  /// with `set-clipboard on`.
  public func copy(_ text: String) {
    let bytes = Array(text.utf8.prefix(55_000))
    Self.write("\u{1b}]52;c;\(Self.base64(bytes))\u{7}")
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let word = group.reduce(0) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
      for place in 0..<4 {
        text.append(place <= group.count ? digits[Int(word >> (18 - 6 * UInt32(place))) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
