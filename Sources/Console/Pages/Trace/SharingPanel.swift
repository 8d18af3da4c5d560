import Screen

/// How much of the prompts has been the beginning of an earlier one.
struct SharingPanel {
  let survey: TraceSurvey

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let inside = Panel("prefix sharing", badge: "of prompt tokens", isFocused: isFocused).draw(in: area, on: &canvas)
    var rest = inside.inset(1, 0)
    for line in lines(rest.size) where rest.height > 0 { canvas.put(line, at: rest.cutTop(1).origin, width: rest.width) }
  }

  private func lines(_ size: Size) -> [StyledText] {
    guard let sharing = survey.sharing else {
      let words = "no prefix information in this trace"
      if size.width >= words.cells { return [StyledText(words, .muted)] }
      return [StyledText("no prefix information", .muted), StyledText("in this trace", .muted)]
    }
    let tokens = survey.promptTokens
    let part = tokens > 0 ? Double(sharing.sharedTokens) / Double(tokens) : 0
    let width = min(64, size.width - 5)
    return [
      Gauge.text(part, width: size.width - 6, style: Style(.kvShared)) + StyledText(Figure.percent(part, width: 6)),
      StyledText("\(Figure.scaled(Double(sharing.sharedTokens))) of \(Figure.scaled(Double(tokens))) tokens begin"),
      StyledText("like an earlier prompt"),
      StyledText("\(Figure.grouped(sharing.sharers)) of \(Figure.grouped(survey.count)) prompts do"),
      StyledText("longest \(Figure.grouped(sharing.longest)) tokens"),
      "",
      StyledText("first to last request, 0–100%", .muted),
      StyledText(Sparkline.text(Self.spread(sharing.history, over: width), width: width, top: 1), Style(.kvShared)),
      StyledText("saved if the cache never fills", .muted),
    ]
  }

  /// The values over so many cells, each cell the one at its place.
  private static func spread(_ values: [Double], over width: Int) -> [Double] {
    guard !values.isEmpty, width > 0 else { return [] }
    return (0..<width).map { values[$0 * values.count / width] }
  }
}
