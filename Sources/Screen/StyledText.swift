/// One line of text in several styles.
///
///     let line: StyledText = "miss " + StyledText("4.1%", Style(.sloMissed))
public struct StyledText: Hashable, Sendable, ExpressibleByStringLiteral {
  public struct Run: Hashable, Sendable {
    public var text: String
    public var style: Style

    public init(_ text: String, _ style: Style) {
      self.text = text
      self.style = style
    }
  }

  public var runs: [Run]

  public init(_ text: String, _ style: Style = .plain) { runs = text.isEmpty ? [] : [Run(text, style)] }
  public init(stringLiteral text: String) { self.init(text) }
  public init(runs: [Run]) { self.runs = runs }

  public var text: String { runs.reduce(into: "") { $0 += $1.text } }
  public var cells: Int { runs.reduce(0) { $0 + $1.text.cells } }

  public static func + (left: StyledText, right: StyledText) -> StyledText { StyledText(runs: left.runs + right.runs) }
  public static func += (left: inout StyledText, right: StyledText) { left.runs += right.runs }

  /// In at most `width` cells, ended with `…` in the style of the run that was cut.
  public func truncated(to width: Int) -> StyledText {
    if cells <= width { return self }
    var kept = StyledText(runs: [])
    var left = width
    for run in runs where left > 0 {
      let wanted = run.text.cells
      // The last cell is the sign's, unless this run leaves room for more.
      let text = wanted < left ? run.text : (run.text + "……").truncated(to: left)
      kept.runs.append(Run(text, run.style))
      left -= text.cells
    }
    return kept
  }

  /// In at most `width` cells: as many of the parts between ` · ` as fit whole; cut only when the first does not.
  public func wholeParts(in width: Int) -> StyledText {
    var text = self
    while text.cells > width {
      guard let run = text.runs.lastIndex(where: { $0.text.contains(" · ") }),
        let dot = text.runs[run].text.ranges(of: " · ").last
      else { return truncated(to: width) }
      let kept = String(text.runs[run].text[..<dot.lowerBound])
      text.runs.removeSubrange(run...)
      if !kept.isEmpty { text.runs.append(Run(kept, runs[run].style)) }
    }
    return text
  }
}

extension Canvas {
  /// Puts every run after the one before, and returns the column after the last.
  @discardableResult
  public mutating func put(_ text: StyledText, at point: Point) -> Int {
    text.runs.reduce(point.column) { column, run in
      put(run.text, at: Point(column, point.row), style: run.style)
    }
  }

  @discardableResult
  public mutating func put(_ text: StyledText, at point: Point, width: Int) -> Int {
    put(text.truncated(to: width), at: point)
  }

  @discardableResult
  public mutating func put(_ text: StyledText, endingAt end: Point) -> Int {
    let start = end.column - text.cells
    put(text, at: Point(start, end.row))
    return start
  }
}
