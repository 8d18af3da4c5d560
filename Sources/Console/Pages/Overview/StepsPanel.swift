import Analysis
import Core
import Host
import Scheduling
import Screen
import ServingEngine

extension OverviewPage {
  /// The last steps as a barcode: prompts read over tokens decoded, the budget the full height.
  struct StepsPanel {
    let scene: Scene
    let isFocused: Bool

    static let decode = StackedColumns.Part("▒", Style(.phaseDecode))
    static let prefill = StackedColumns.Part("█", Style(.phasePrefill))
    static let preempt = StackedColumns.Part(Glyphs.event, Style(.phasePreempted, .bold))

    private var steps: ChunkedLog<StepRecord> { scene.snapshot.shown.steps }

    func draw(in area: Rect, on canvas: inout Canvas) {
      let showsTime = scene.view.overview.stepsShowTime
      let budget = scene.snapshot.shown.engine.planner.limits.maxBatchedTokens
      let shown = steps.suffix(max(0, area.width - 4))
      let longest = shown.map(\.duration.milliseconds).max() ?? 0
      let top = showsTime ? TimelineStrip.ceiling(longest) : Double(budget)
      let scale = showsTime ? "full = \(Figure.fixed(top, decimals: 0)) ms" : "full = \(Figure.grouped(budget)) tok"
      var rest = Panel(
        "step composition", badge: "last \(shown.count) steps · 1 col = 1 step", footer: showsTime ? "time a step" : "tokens a step",
        position: scale, isFocused: isFocused
      ).draw(in: area, on: &canvas).inset(1, 0)
      let legend = rest.cutBottom(1)
      if !legend.isEmpty { canvas.put(Self.legend(scene, width: legend.width), at: legend.origin) }
      let time = StackedColumns.Part("█", Style(.info))
      StackedColumns(
        parts: showsTime ? [time] : [Self.decode, Self.prefill],
        columns: shown.map { step in
          let amounts = showsTime
            ? [step.duration.milliseconds] : [Double(step.decodeTokens + step.draftTokens), Double(step.prefillTokens)]
          return StackedColumns.Column(amounts, mark: step.preemptions > 0 ? Self.preempt : nil)
        }, top: top
      ).draw(in: rest, on: &canvas)
    }

    /// The last step in numbers; as many of them as fit.
    static func legend(_ scene: Scene, width: Int) -> StyledText {
      guard let run = scene.snapshot.shown.last else { return StyledText("no step yet".truncated(to: width), .muted) }
      let record = run.record
      let budget = scene.snapshot.shown.engine.planner.limits.maxBatchedTokens
      let unused = budget - Int(record.prefillTokens + record.decodeTokens + record.draftTokens)
      let draft = record.draftTokens > 0 ? " + \(Figure.grouped(Int(record.draftTokens))) draft" : ""
      let items: [StyledText] = [
        StyledText("█", Style(.phasePrefill)) + StyledText(" prefill \(Figure.grouped(Int(record.prefillTokens)))"),
        StyledText("▒", Style(.phaseDecode)) + StyledText(" decode \(Figure.grouped(Int(record.decodeTokens)))" + draft),
        // The budget may have been switched below what this step still used.
        StyledText((width < 60 ? "free " : "unused ") + "\(unused >= 0 ? Figure.grouped(unused) : "–")"),
        StyledText(String(Glyphs.event), Style(.phasePreempted, .bold)) + StyledText(" preempt \(record.preemptions)"),
        StyledText("step \(NumberText.span(record.duration))", .muted),
      ]
      var text = StyledText("")
      for item in items {
        let gap = text.runs.isEmpty ? 0 : width >= 60 ? 3 : 2
        guard text.cells + gap + item.cells <= width else { break }
        text += StyledText(String(repeating: " ", count: gap)) + item
      }
      return text
    }
  }
}
