import Analysis
import Core
import Hardware
import Host
import Scheduling
import Screen
import ServingEngine

/// What was drafted, what stood, and what the model said instead: the last verifications, of the selected request if there is
/// one.
struct VerifyTrace {
  let moment: SpeculationMoment
  let scene: Scene

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let shown = verifications
    let inside = Panel(
      "verifications", badge: scene.view.selected.flatMap { scene.run.speculation.record(of: $0) == nil ? nil : "\($0)" } ?? "all requests",
      footer: "\(accepted) stood  \(rejected) fell  · behind it", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    guard !shown.isEmpty else {
      canvas.put("nothing was verified yet", at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted)
      return
    }
    let language = scene.run.engine.device.language
    let width = inside.width - 1
    var columns = [
      Table.Column("step", width: 7, .right), Table.Column("", width: 5), Table.Column("draft", width: max(8, width - 45), grows: true),
      Table.Column("verdict", width: 10), Table.Column("target", width: 8), Table.Column("gain", width: 4, .right),
    ]
    if language == nil { columns[2].header = "draft (tokens are not real)" }
    let height = max(0, inside.height - (confidence == nil ? 1 : 2))
    let rows = shown.suffix(height).reversed().map { row($0, language, width: columns[2].width) }
    Table(columns, rows: rows).draw(in: Rect(inside.left, inside.top, width, inside.height), on: &canvas)
    if let confidence, inside.height > 2 {
      canvas.put(confidence, at: Point(inside.left + 1, inside.bottom - 1), width: width - 1)
    }
  }

  private var accepted: String { Verdict.stood.mark }
  private var rejected: String { Verdict.fell.mark }

  private var verifications: [SpeculationLog.Verification] {
    let all = scene.run.speculation.verifications
    guard let selected = scene.view.selected, scene.run.speculation.record(of: selected) != nil else { return all }
    return all.filter { $0.request == selected }
  }

  private func row(_ verification: SpeculationLog.Verification, _ language: (any Language)?, width: Int) -> [StyledText] {
    let tokens = verification.draft.tokens
    let verdict = verification.verdicts?.map(\.mark).joined() ?? "of \(tokens.count)"
    func text(_ token: TokenID) -> String { language.spelling(of: token) }
    var draft = StyledText(language == nil ? String(repeating: "·", count: tokens.count) : "", .muted)
    if language != nil {
      let standing = verification.standing ?? []
      let stood = standing.map { text(tokens[$0]) }.joined(separator: "/")
      let fell = tokens.indices.filter { !standing.contains($0) }.map { text(tokens[$0]) }.joined(separator: "/")
      draft = StyledText(stood, Style(.specAccepted)) + StyledText(stood.isEmpty || fell.isEmpty ? "" : "/", .muted) + StyledText(fell, Style(.specUnverified))
    }
    return [
      StyledText(Figure.grouped(verification.step), .muted), StyledText(verification.request.description, scene.style(of: verification.request)), draft,
      StyledText(verdict, Style(verification.accepted == tokens.count ? .specAccepted : .specRejected)),
      StyledText(language == nil ? "–" : text(verification.target), Style(.specBonus)), StyledText("\(verification.accepted)+1"),
    ]
  }

  /// How sure the drafter was of what stood and of what fell; nil where it does not say.
  private var confidence: StyledText? {
    var (stood, fell) = ((0.0, 0), (0.0, 0))
    for verification in verifications {
      for (confidence, verdict) in zip(verification.draft.confidence, verification.verdicts ?? []) {
        if verdict == .stood { stood = (stood.0 + Double(confidence), stood.1 + 1) }
        if verdict == .fell { fell = (fell.0 + Double(confidence), fell.1 + 1) }
      }
    }
    guard stood.1 > 0, fell.1 > 0 else { return nil }
    let (left, right) = (stood.0 / Double(stood.1), fell.0 / Double(fell.1))
    return StyledText("mean p(draft): stood \(Figure.fixed(left, decimals: 2)) · fell \(Figure.fixed(right, decimals: 2)) · gap \(Figure.fixed(left - right, decimals: 2))", .muted)
  }
}
