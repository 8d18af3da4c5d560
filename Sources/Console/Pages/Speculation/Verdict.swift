import Analysis
import Core
import Hardware
import Screen

/// What became of one draft.
enum Verdict {
  case stood, fell
  /// Behind one that fell.
  case notAsked

  var mark: String {
    switch self {
    case .stood: String(Character(Glyphs.accepted))
    case .fell: String(Character(Glyphs.rejected))
    case .notAsked: "·"
    }
  }

  var style: Style {
    switch self {
    case .stood: Style(.specAccepted)
    case .fell: Style(.specRejected)
    case .notAsked: Style(.specUnverified)
    }
  }
}

extension SpeculationLog.Verification {
  /// Of each draft; nil where only how many stood is known.
  var verdicts: [Verdict]? {
    guard let standing else { return nil }
    return draft.tokens.indices.map { number in
      if standing.contains(number) { return .stood }
      // Its turn comes when all that it follows stood.
      let before = parent(of: number)
      return before < 0 || standing.contains(before) ? .fell : .notAsked
    }
  }

  /// The draft that one follows; −1 for the text.
  func parent(of number: Int) -> Int {
    draft.tree.map { number < $0.parents.count ? Int($0.parents[number]) : -1 } ?? number - 1
  }
}

extension (any Language)? {
  /// A token as it shows in a table, a space alone too; empty where tokens are not real.
  func spelling(of token: TokenID) -> String {
    let text = (self?.text(of: [token], showsSpecial: true) ?? "").replacing("\n", with: "⏎")
    return text == " " ? "␣" : text
  }
}
