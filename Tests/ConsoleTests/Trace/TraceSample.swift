import Core
import Host
import Screen

@testable import Console

/// The page Trace as the viewer sees it.
enum TraceSample {
  static func scene(_ snapshot: Snapshot, focus: TracePanel = .arrivals, _ change: (inout ViewState) -> Void = { _ in }) -> Scene {
    var view = ViewState()
    view.page = 4
    view.focus[4] = focus.rawValue
    change(&view)
    return Scene(snapshot: snapshot, view: view)
  }

  static func picture(_ scene: Scene, _ width: Int, _ height: Int) -> String {
    var canvas = Canvas(width, height)
    TracePage().draw(scene, in: canvas.area, on: &canvas)
    return canvas.text
  }

  /// Four prompts: two share a system prompt of 32 tokens, the third continues the first, the last is alone.
  static var small: Trace {
    let system = TokenRun(.shared(1), count: 32)
    let first = [system, TokenRun(.own(0), count: 8)]
    let prompts = [first, [system, TokenRun(.own(1), count: 68)], first + [TokenRun(.own(2), count: 60)], [TokenRun(.own(3), count: 10)]]
    let times = [0, 1_000, 1_500, 4_000]
    return Trace(
      name: "small",
      arrivals: prompts.indices.map { number in
        Arrival(
          time: .milliseconds(times[number]), prompt: Prompt(prompts[number]), outputLimit: 10 * (number + 1),
          label: UInt16(number == 3 ? 2 : 1))
      }, labels: ["", "chat", "batch"])
  }
}
