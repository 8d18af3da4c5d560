import Analysis
import Core
import Hardware
import Host
import Screen
import ServingEngine

/// The last verification, of the selected request if there is one, token by token: what was guessed and how surely, what
/// became of it, and what the model held likely there.
struct VerifyDetail {
  let scene: Scene

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let selected = scene.view.selected.flatMap { scene.run.speculation.record(of: $0) == nil ? nil : $0 }
    let found = scene.run.speculation.verifications.last { selected == nil || $0.request == selected }
    let inside = Panel(
      "verification", badge: found.map { "\($0.request) · step \(Figure.grouped($0.step)) · \($0.accepted)+1 of \($0.draft.tokens.count)+1" } ?? "",
      footer: found.map(note) ?? "", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    guard let found else {
      canvas.put("nothing was verified yet", at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted)
      return
    }
    let language = scene.run.engine.device.language
    let columns = [
      Table.Column("draft", width: 16), Table.Column("p(draft)", width: 8, .right), Table.Column("", width: 1), Table.Column("target", width: 9),
      Table.Column("likeliest of the target", width: 20, dropOrder: 1, grows: true),
    ]
    Table(columns, rows: rows(of: found, language)).draw(in: Rect(inside.left, inside.top, inside.width - 1, inside.height), on: &canvas)
  }

  /// Drafts in order of their depth; of a tree those of one place side by side. Behind them the token that nobody guessed.
  private func rows(of found: SpeculationLog.Verification, _ language: (any Language)?) -> [[StyledText]] {
    let tokens = found.draft.tokens
    var depths: [Int] = []
    for number in tokens.indices {
      let parent = found.parent(of: number)
      depths.append(parent < 0 ? 0 : depths[parent] + 1)
    }
    let verdicts = found.verdicts
    var rows: [[StyledText]] = []
    func position(_ depth: Int) -> [StyledText] {
      guard depth <= found.accepted else { return ["", ""] }
      let stood = found.standing.map { depth < $0.count ? tokens[$0[depth]] : found.target }
      return [
        StyledText(language == nil ? "–" : stood.map { language.spelling(of: $0) } ?? "–", Style(.specBonus)),
        found.judgement.map { depth < $0.leading.count ? leading($0.leading[depth], language) : "–" } ?? StyledText("–", .muted),
      ]
    }
    func add(_ number: Int, isFirst: Bool) {
      let verdict = verdicts?[number]
      let shape = found.draft.tree == nil ? "" : String(repeating: " ", count: min(8, depths[number])) + (isFirst ? "" : "│")
      let confidence = number < found.draft.confidence.count ? Figure.fixed(Double(found.draft.confidence[number]), decimals: 2) : "–"
      rows.append(
        [
          StyledText(shape, .muted) + StyledText(language == nil ? "·" : language.spelling(of: tokens[number]), verdict?.style ?? .plain),
          StyledText(confidence), StyledText(verdict?.mark ?? "", verdict?.style ?? .plain),
        ] + (isFirst && verdict != .notAsked ? position(depths[number]) : ["", ""]))
    }
    if found.draft.tree == nil || found.draft.tree?.parents.isEmpty == true {
      for number in tokens.indices { add(number, isFirst: true) }
    } else {
      for depth in 0..<((depths.max() ?? -1) + 1) {
        // Those whose turn came go first.
        let here = tokens.indices.filter { depths[$0] == depth }
        let asked = here.filter { verdicts?[$0] != .notAsked }
        for (place, number) in (asked + here.filter { verdicts?[$0] == .notAsked }).enumerated() { add(number, isFirst: place == 0 || verdicts?[number] == .notAsked) }
      }
    }
    if let standing = found.standing, !tokens.indices.contains(where: { found.parent(of: $0) == standing.last ?? -1 }) {
      rows.append([StyledText("no draft", .muted), "", ""] + position(found.accepted))
    }
    return rows
  }

  /// `e .62  a .21  …`
  private func leading(_ leading: [Judgement.Likelihood], _ language: (any Language)?) -> StyledText {
    var text = StyledText("")
    for (number, likelihood) in leading.enumerated() {
      let share = Figure.fixed(Double(likelihood.share), decimals: 2)
      text += StyledText((number > 0 ? "  " : "") + language.spelling(of: likelihood.token)) + StyledText(" " + (share.hasPrefix("0.") ? String(share.dropFirst()) : share), .muted)
    }
    return text
  }

  /// Why something is not there.
  private func note(_ found: SpeculationLog.Verification) -> String {
    if scene.run.engine.device.language == nil { return "tokens are not real, so neither are likelihoods" }
    return found.judgement == nil ? "what the target held likely is not in this recording" : "likelihoods at temperature 1"
  }
}
