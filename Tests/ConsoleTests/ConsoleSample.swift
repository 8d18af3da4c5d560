import Console
import Core
import Host
import Screen

/// A state over the sample run, and hands that type at it.
struct ConsoleSample {
  var state: ConsoleState
  /// What the last keys led to, a line each.
  var effects: [String] = []

  static let label = RunLabel(
    model: "llama-3.1-8b", device: "H200", isModelled: true, traceName: "burst-10m", seed: 42, isRecording: true)

  init(
    _ size: Size = Size(120, 40), steps: Int = 200, transport: Snapshot.Transport = .paused, behind: Int = 0,
    branches: Int = 0, label: RunLabel = Self.label
  ) {
    let timeline = SampleRun.timeline(steps: steps)
    let shown = behind > 0 ? timeline.moment(at: timeline.head.step - behind) : timeline.head
    let snapshot = Snapshot(
      shown: shown, head: timeline.head, transport: behind > 0 ? .past(behind: behind) : transport, pace: .times(1),
      stepsPerSecond: transport == .live ? 1_204 : nil, branches: branches)
    state = ConsoleState(
      snapshot: snapshot, label: label, size: size, themes: BuiltInTheme.all.map(\.theme), canCopy: true)
    _ = state.update(.frameTook(0.9))
  }

  /// Types a macro: `policy <C-p>`.
  mutating func type(_ macro: String) throws {
    effects = []
    for case .event(let event) in try KeyMacro(macro).steps {
      effects += state.update(.input(event)).map(\.description)
    }
  }

  var frame: Canvas { Frame.compose(state) }
  func row(_ number: Int) -> String {
    let canvas = frame
    return canvas.text(ofRow: number < 0 ? canvas.height + number : number)
  }
  /// The row above the keys.
  var sentence: String { row(-2) }
}
