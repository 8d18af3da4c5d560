import Analysis
import Core
import Host
import KVMemory
import Screen
import ServingEngine

/// Row 1: the pages, the present one in `[ ]`, and on the right the pulse of the run.
struct Tabs {
  private let state: ConsoleState
  private var isWide: Bool { state.size.width >= 100 }

  init(_ state: ConsoleState) { self.state = state }

  /// Names and the cells around them, where the brackets go; brackets never move a name.
  private var places: [(name: String, columns: Range<Int>)] {
    var column = 0
    return PageCatalogue.members.enumerated().map { number, page in
      let name = "\(number + 1) " + (isWide ? page.descriptor.name : page.shortName)
      let place = (name, column..<column + name.cells + 2)
      column += name.cells + 2
      return place
    }
  }

  func page(at column: Int) -> Int? { places.firstIndex { $0.columns.dropLast().contains(column) } }

  func draw(on canvas: inout Canvas) {
    var end = 0
    for (number, place) in places.enumerated() {
      let isHere = number == state.view.page
      let left = place.columns.lowerBound
      canvas.put(place.name, at: Point(left + 1, Frame.tabRow), style: isHere ? .strong : .muted)
      if isHere {
        canvas.put("[", at: Point(left, Frame.tabRow), style: Style(.fgKey))
        canvas.put("]", at: Point(place.columns.upperBound - 1, Frame.tabRow), style: Style(.fgKey))
      }
      end = place.columns.upperBound
    }
    let pulse = isWide ? wide : narrow
    // What does not fit goes from the left, whole.
    var parts = pulse
    while let first = parts.first {
      let text = parts.dropFirst().reduce(first) { $0 + StyledText(isWide ? " · " : "  ", .muted) + $1 }
      if end + 2 + text.cells + 1 <= canvas.width {
        canvas.put(text, endingAt: Point(canvas.width - 1, Frame.tabRow))
        break
      }
      parts.removeFirst()
    }
  }

  private var wide: [StyledText] {
    let snapshot = state.snapshot
    var parts: [StyledText] = [StyledText("seed \(state.label.seed)", .muted)]
    if snapshot.branches > 0 {
      parts.append(StyledText("\(snapshot.branches) old (u)", Style(.info)))
    }
    parts.append(
      state.label.isRecording ? StyledText("● rec", Style(.alert)) : StyledText("rec off", .muted))
    let rate = snapshot.stepsPerSecond.map { Figure.grouped(Int($0.rounded())) } ?? "–"
    parts.append(StyledText(rate.atLeast(6)) + StyledText(" steps/s", .muted))
    let frame = state.frameMilliseconds.map { Figure.fixed($0, decimals: 1, width: 4) } ?? "   –"
    parts.append(StyledText("frame", .muted) + StyledText(" \(frame)") + StyledText(" ms", .muted))
    return parts
  }

  /// The last step, memory and broken promises stay in sight where their panels do not fit.
  private var narrow: [StyledText] {
    let run = state.snapshot.shown
    let step = run.last.map { Figure.fixed($0.record.duration.milliseconds, decimals: 1) } ?? "–"
    let pool = run.engine.state.memory.pool
    let used = pool.usableCount > 0 ? Figure.percent(Double(pool.usedCount) / Double(pool.usableCount)) : "–"
    let missed = run.observatory.scoreboard.attainment.map { Figure.percent(1 - $0, decimals: 1) } ?? "–"
    return [
      StyledText("step ", .muted) + StyledText("\(step.atLeast(5)) ms"), StyledText("KV ", .muted) + StyledText(used.atLeast(3)),
      StyledText("miss ", .muted) + StyledText(missed.atLeast(4), run.observatory.scoreboard.attainment ?? 1 < 1 ? Style(.sloMissed) : .plain)
        + StyledText(" of run", .muted),
    ]
  }
}
