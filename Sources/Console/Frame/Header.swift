import Core
import Host
import Scheduling
import Screen
import ServingEngine

/// Row 0: what runs, and when we are. What gives way on a narrow screen is model, device, policy; never state or step.
enum Header {
  static func draw(_ state: ConsoleState, on canvas: inout Canvas) {
    let width = canvas.width
    let right = moment(state, width)
    let start = canvas.put(right, endingAt: Point(width - 1, 0))
    var column = canvas.put("workbench", at: Point(1, 0), style: Style(.fgStrong, .bold))
    for name in names(state.label) {
      guard column + 2 + name.cells + 2 <= start else { continue }
      column = canvas.put(name, at: Point(column + 2, 0))
      break
    }
  }

  /// The longest first.
  private static func names(_ label: RunLabel) -> [String] {
    [[label.model, label.deviceText, label.traceName], [label.deviceText, label.traceName], [label.traceName]]
      .map { $0.filter { !$0.isEmpty }.joined(separator: " · ") }
  }

  private static func moment(_ state: ConsoleState, _ width: Int) -> StyledText {
    let gap = StyledText(width >= 100 ? "   " : "  ")
    let run = state.snapshot.shown
    var text = transport(state.snapshot) + gap
    text += StyledText("step ", .muted) + StyledText(Figure.grouped(run.step).atLeast(6), .strong) + gap
    text += StyledText(clock(run.now), .strong)
    if run.fleet.isSeveral {
      let number = "\(min(state.view.instance, run.fleet.instances.count - 1) + 1)/\(run.fleet.instances.count)"
      text += gap + (width >= 80 ? StyledText("instance ", .muted) : StyledText("")) + StyledText(number, .strong)
    }
    if width >= 80 {
      text += gap + (width >= 100 ? StyledText("policy ", .muted) : StyledText(""))
      text += StyledText(run.engine.planner.policy.choice.description)
    }
    return text
  }

  /// Glyph, word and role say the same thing.
  static func transport(_ snapshot: Snapshot) -> StyledText {
    switch snapshot.transport {
    case .live: StyledText("▶ LIVE ×\(snapshot.pace.label)", Style(.timeLive, .bold))
    case .paused: StyledText("‖ PAUSED", Style(.timePaused, .bold))
    case .past(let behind): StyledText("‖ PAUSED −\(Figure.grouped(behind))", Style(.timePaused, .bold))
    case .replay(let behind): StyledText("◂ REPLAY −\(Figure.grouped(behind))", Style(.timeReplay, .bold))
    case .done: StyledText("■ DONE", Style(.ok, .bold))
    }
  }

  /// `03:42.118`, with hours when there are any.
  static func clock(_ time: EngineTime) -> String {
    let milliseconds = max(0, time.nanoseconds / 1_000_000)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes, seconds) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1_000 % 60)
    let part = String(1_000 + milliseconds % 1_000).dropFirst()
    return (hours > 0 ? "\(hours):" : "") + two(minutes) + ":" + two(seconds) + "." + part
  }
}

extension String {
  /// Right-aligned in at least so many cells.
  func atLeast(_ width: Int) -> String { cells >= width ? self : rightAligned(in: width) }
}
