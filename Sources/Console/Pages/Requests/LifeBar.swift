import Analysis
import Core
import Screen

/// A request's life as a row of cells on a time axis.
///
/// ```
/// ····██▒▒▒▒▒▒▒▒╳╳╳█▒▒▒▒▒▒
/// ```
///
/// A cell shows the phase that took most of it, but a preemption always shows.
/// Who was turned away has `✗` and the reason.
enum LifeBar {
  static func text(_ story: RequestStory, on axis: TimeAxis, now: EngineTime, reason: String? = nil) -> StyledText {
    var phases = [StoryPhase?](repeating: nil, count: axis.columns)
    var longest = [Int64](repeating: 0, count: axis.columns)
    for interval in story.intervals where !interval.phase.isOver {
      let end = min(interval.end ?? now, now)
      let first = max(0, axis.place(of: interval.start))
      let last = min(axis.columns - 1, axis.place(of: end))
      guard first <= last, interval.start < end else { continue }
      for place in first...last {
        let overlap = min(end, axis.time(at: place + 1)).nanoseconds - max(interval.start, axis.time(at: place)).nanoseconds
        guard overlap > 0 else { continue }
        let weight = interval.phase == .preempted ? Int64.max : overlap
        if weight > longest[place] {
          longest[place] = weight
          phases[place] = interval.phase
        }
      }
    }
    var text = StyledText(runs: [])
    for phase in phases {
      let glyph = phase?.mark ?? " "
      let style = phase?.style ?? .plain
      if text.runs.last?.style == style {
        text.runs[text.runs.count - 1].text.append(glyph)
      } else {
        text.runs.append(.init(String(glyph), style))
      }
    }
    guard let end = story.intervals.last, end.phase == .rejected || end.phase == .aborted else { return text }
    return marked(text, at: axis.place(of: end.start), reason, width: axis.columns)
  }

  private static func marked(_ bar: StyledText, at place: Int, _ reason: String?, width: Int) -> StyledText {
    guard place >= 0, place < width else { return bar }
    let failed = RequestState.rejected.style
    let left = bar.prefix(place)
    guard let reason else { return left + StyledText("✗", failed) + StyledText(String(repeating: " ", count: width - place - 1)) }
    // Where there is more room; only the mark is exact.
    if width - place >= place {
      return left + StyledText("✗", failed) + StyledText((" " + reason).truncated(to: width - place - 1), .muted)
    }
    return StyledText((reason.truncated(to: place - 1) + " ").rightAligned(in: place), .muted) + StyledText("✗", failed)
  }
}

extension StyledText {
  /// The first `count` characters; every one is a cell wide.
  fileprivate func prefix(_ count: Int) -> StyledText {
    var kept = StyledText(runs: [])
    var left = count
    for run in runs where left > 0 {
      kept.runs.append(Run(String(run.text.prefix(left)), run.style))
      left -= run.text.count
    }
    return kept
  }
}

extension StoryPhase {
  fileprivate var style: Style {
    switch self {
    case .queued: RequestState.queued.style
    case .prefill: RequestState.prefill.style
    case .decode: RequestState.decode.style
    case .preempted: RequestState.preempted.style
    case .stalled: RequestState.stalled.style
    case .moving: RequestState.moving.style
    case .finished: RequestState.finished.style
    case .aborted, .rejected: RequestState.rejected.style
    }
  }
}
