extension Canvas {
  /// The canvas as a picture of a window. Writing is one `<text>` for each run
  /// of a style, as long as its cells whatever the font; bars, dots and borders
  /// are shapes; grounds are rectangles below.
  ///
  /// The same canvas and theme give the same bytes. Nothing is fetched.
  public func svg(theme: Theme, title: String) -> String { SVGWriter(self, theme).document(title: title) }
}

/// Cells are 9 × 18 units; a monospace font of size 15 is 9 wide in most families.
private struct SVGWriter {
  let canvas: Canvas
  let theme: Theme
  let cell = (width: 9, height: 18)
  let margin = 10
  let bar = 32
  /// Looks in order of appearance; the place is the class.
  private var looks: [Look] = []
  private var places: [Look: Int] = [:]

  struct Look: Hashable {
    var colour: Colour
    var ground: Colour?
    var attributes: Style.Attributes
  }

  init(_ canvas: Canvas, _ theme: Theme) {
    self.canvas = canvas
    self.theme = theme
  }

  func document(title: String) -> String {
    var writer = self
    return writer.write(title)
  }

  private mutating func write(_ title: String) -> String {
    let width = canvas.width * cell.width + 2 * margin
    let height = canvas.height * cell.height + bar + margin
    var grounds = ""
    var texts = ""
    for row in 0..<canvas.height {
      var column = 0
      while column < canvas.width {
        let look = look(of: canvas[column, row])
        var end = column + 1
        while end < canvas.width && (canvas[end, row].isTrailing || self.look(of: canvas[end, row]) == look) { end += 1 }
        add(column..<end, row, look, &grounds, &texts)
        column = end
      }
    }
    let ground = theme.ground
    let line = theme.colour(of: .border).hex
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)">
      <title>\(escaped(title))</title>
      <style>
      text { font: 15px "DejaVu Sans Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; white-space: pre; }
      \(looks.enumerated().map { ".c\($0.offset) { \(css($0.element)) }" }.joined(separator: "\n"))
      </style>
      <rect x="0.5" y="0.5" width="\(width - 1)" height="\(height - 1)" rx="8" fill="\(ground.hex)" stroke="\(line)"/>
      <circle cx="18" cy="16" r="5" fill="\(theme.colour(of: .alert).hex)"/>
      <circle cx="36" cy="16" r="5" fill="\(theme.colour(of: .warn).hex)"/>
      <circle cx="54" cy="16" r="5" fill="\(theme.colour(of: .ok).hex)"/>
      <text x="\(width / 2)" y="21" text-anchor="middle" fill="\(theme.colour(of: .fgMuted).hex)">\(escaped(title))</text>
      <g transform="translate(\(margin) \(bar))">
      \(grounds)\(texts)</g>
      </svg>

      """
  }

  private mutating func add(_ run: Range<Int>, _ row: Int, _ look: Look, _ grounds: inout String, _ texts: inout String) {
    if let ground = look.ground {
      let place = "x=\"\(run.lowerBound * cell.width)\" y=\"\(row * cell.height)\""
      let extent = "width=\"\(run.count * cell.width)\" height=\"\(cell.height)\""
      grounds += "<rect \(place) \(extent) fill=\"\(ground.hex)\"/>\n"
    }
    var fills: [Double: String] = [:]
    var corners = ""
    var column = run.lowerBound
    while column < run.upperBound {
      if let shape = shape(column, row) {
        for box in shape.boxes {
          fills[shape.opacity, default: ""] +=
            "M\(svg(box.left)) \(svg(box.top))H\(svg(box.right))V\(svg(box.bottom))H\(svg(box.left))z"
        }
        corners += shape.corner
        column += 1
      } else {
        var end = column + 1
        while end < run.upperBound && shape(end, row) == nil { end += 1 }
        write(column..<end, row, look, &texts)
        column = end
      }
    }
    for (opacity, path) in fills.sorted(by: { $0.key < $1.key }) {
      let veil = opacity < 1 ? " fill-opacity=\"\(svg(opacity))\"" : ""
      texts += "<path class=\"c\(place(of: look))\"\(veil) d=\"\(path)\"/>\n"
    }
    if !corners.isEmpty { texts += "<path style=\"fill: none; stroke: \(look.colour.hex)\" d=\"\(corners)\"/>\n" }
  }

  private func shape(_ column: Int, _ row: Int) -> GlyphShape? {
    let (width, height) = (Double(cell.width), Double(cell.height))
    return GlyphShape(
      canvas[column, row].scalar, width: width, height: height, at: Double(column) * width, Double(row) * height)
  }

  /// Spaces at the ends draw nothing, unless they are underlined.
  private mutating func write(_ run: Range<Int>, _ row: Int, _ look: Look, _ texts: inout String) {
    var first = run.lowerBound
    var end = run.upperBound
    if !look.attributes.contains(.underline) {
      while first < end && canvas[first, row].code == 0x20 { first += 1 }
      while end > first && canvas[end - 1, row].code == 0x20 { end -= 1 }
    }
    if first == end { return }
    var text = ""
    for column in first..<end where !canvas[column, row].isTrailing { text.unicodeScalars.append(canvas[column, row].scalar) }
    let place = "x=\"\(first * cell.width)\" y=\"\(row * cell.height + 14)\""
    let length = "textLength=\"\((end - first) * cell.width)\" lengthAdjust=\"spacingAndGlyphs\""
    texts += "<text class=\"c\(self.place(of: look))\" \(place) \(length) xml:space=\"preserve\">\(escaped(text))</text>\n"
  }

  private mutating func place(of look: Look) -> Int {
    if let place = places[look] { return place }
    places[look] = looks.count
    looks.append(look)
    return looks.count - 1
  }

  private func look(of cell: Cell) -> Look {
    let attributes = cell.attributes.union(theme[cell.foreground == .none ? .fg : cell.foreground].attributes)
      .union(cell.background == .none ? [] : theme[cell.background].attributes)
    let colour = theme.colour(of: cell.foreground == .none ? .fg : cell.foreground)
    var ground = cell.background == .none ? nil : theme[cell.background].colour
    if ground == theme.ground { ground = nil }
    if attributes.contains(.reverse) {
      return Look(colour: ground ?? theme.ground, ground: colour, attributes: attributes.subtracting(.reverse))
    }
    return Look(colour: colour, ground: ground, attributes: attributes)
  }

  private func css(_ look: Look) -> String {
    var css = "fill: \(look.colour.hex);"
    if look.attributes.contains(.bold) { css += " font-weight: bold;" }
    if look.attributes.contains(.dim) { css += " opacity: 0.6;" }
    if look.attributes.contains(.underline) { css += " text-decoration: underline;" }
    return css
  }

  private func escaped(_ text: String) -> String {
    var safe = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": safe += "&amp;"
      case "<": safe += "&lt;"
      case ">": safe += "&gt;"
      case "\"": safe += "&quot;"
      default: if scalar.value >= 0x20 { safe.unicodeScalars.append(scalar) }
      }
    }
    return safe
  }
}
