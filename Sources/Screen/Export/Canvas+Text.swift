extension Canvas {
  /// What is written, row by row, every row `width` cells wide.
  public var text: String { (0..<height).map(text(ofRow:)).joined(separator: "\n") }

  public func text(ofRow row: Int) -> String {
    var text = ""
    for column in 0..<width where !self[column, row].isTrailing {
      text.unicodeScalars.append(self[column, row].scalar)
    }
    return text
  }

  /// What is written, without the spaces at the ends of rows: for files and the clipboard.
  public var trimmedText: String {
    (0..<height).map { row in
      var text = text(ofRow: row)
      while text.last == " " { text.removeLast() }
      return text + "\n"
    }.joined()
  }
}
