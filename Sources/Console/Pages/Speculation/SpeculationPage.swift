import Analysis
import Core
import Hardware
import Host
import Scheduling
import Screen
import ServingEngine

/// The page Spec: is speculation worth it for each request, what exactly was guessed and kept, and which number of drafts is
/// best at this batch size.
public struct SpeculationPage: Page {
  public static let descriptor = Descriptor(name: "Spec", summary: "what is drafted, what stands of it, and what it costs", source: "")
  public static let shortName = "Spec"
  public static let panels = SpeculationPanel.allCases.map(\.rawValue)

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    let moment = SpeculationMoment(scene)
    let focus = SpeculationPanel(scene.view)
    canvas.clipped(to: area) { canvas in
      for (panel, area) in Self.places(in: area, focus: focus, isZoomed: scene.view.isZoomed) {
        let isFocused = panel == focus
        switch panel {
        case .requests: DraftingRequests(moment: moment, scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        case .verifications where scene.view.speculation.isExpanded:
          VerifyDetail(scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        case .verifications: VerifyTrace(moment: moment, scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        case .acceptance: AcceptanceOverTime(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .accepted: AcceptedCounts(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .cost: CostOfDrafts(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .controller: ControllerHistory(moment: moment, scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        }
      }
    }
  }

  /// Which panels are shown, and where. The one with the focus always is.
  static func places(in area: Rect, focus: SpeculationPanel, isZoomed: Bool) -> [(panel: SpeculationPanel, area: Rect)] {
    if isZoomed || area.width < 76 || area.height < 18 { return [(focus, area)] }
    if area.width >= 110 && area.height >= 32 {
      let rows = area.rows([.share(), .exactly(8)])
      let columns = rows[0].columns([.share(), .exactly(50)])
      let left = columns[0].rows([.share(3), .share(2, atLeast: 9)])
      let right = columns[1].rows([.share(), .exactly(8), .exactly(11)])
      return [
        (.requests, left[0]), (.verifications, left[1]), (.acceptance, right[0]), (.accepted, right[1]), (.cost, right[2]),
        (.controller, rows[1]),
      ]
    }
    let rows = area.rows([.share(), .exactly(9)])
    // The others take the place of the verifications when they have the focus.
    let below: SpeculationPanel = [.requests, .cost].contains(focus) ? .verifications : focus
    let above = rows[0].columns([.share(), .exactly(min(44, area.width / 2))])
    return [(.requests, above[0]), (.cost, above[1]), (below, rows[1])]
  }

  public func sentence(_ scene: Scene) -> StyledText {
    guard let (name, length, _, _) = scene.run.engine.speculation else {
      return "nobody drafts · p chooses a drafter, or :speculate suffix"
    }
    let source = scene.run.engine.acceptanceSource.map { " · which drafts stand: \($0)" } ?? ""
    guard let request = scene.view.selected, let record = scene.run.speculation.record(of: request) else {
      let tally = scene.run.observatory.scoreboard.speculation
      let rate = tally.acceptanceRate.map { " · \(Figure.percent($0)) of \(Figure.grouped(tally.drafted)) drafts stood" } ?? ""
      return StyledText("\(name), draft-tokens \(length)\(rate)\(source)")
    }
    var text = StyledText("\(request)", .strong)
    if let rate = record.tally.acceptanceRate { text += StyledText(" · acceptance \(Figure.percent(rate)) over \(Figure.grouped(record.tally.verifications)) verifications") }
    if let interval = record.tally.interval { text += StyledText(" (95% CI \(Figure.percent(interval.lowerBound))–\(Figure.percent(interval.upperBound)))") }
    return text + StyledText(source)
  }

  public func hints(_ scene: Scene) -> [Hint] {
    [Hint("j k", "request"), Hint("o", "sort"), Hint("r", "reverse"), Hint("Enter", "last verify"), Hint("p", "drafter")]
  }

  public func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    guard key.modifiers.isEmpty else { return nil }
    var view = scene.view
    switch key.key {
    case .character("o"): view.speculation.order = view.speculation.order.next
    case .character("r"): view.speculation.isReversed.toggle()
    case .character("j"), .down: return select(1, scene)
    case .character("k"), .up: return select(-1, scene)
    case .character("g"), .home: return select(-Int(Int32.max), scene)
    case .character("G"), .end: return select(Int(Int32.max), scene)
    case .enter: view.speculation.isExpanded.toggle()
    case .escape where view.speculation.isExpanded: view.speculation.isExpanded = false
    case .escape: view.selected = nil
    default: return nil
    }
    return Reaction(view)
  }

  private func select(_ offset: Int, _ scene: Scene) -> Reaction {
    let rows = SpeculationMoment(scene).rows
    var view = scene.view
    guard !rows.isEmpty else { return Reaction(view, notice: "no request has drafted yet") }
    let place = rows.firstIndex { $0.request == view.selected }
    view.selected = rows[min(max((place ?? (offset > 0 ? -1 : rows.count)) + offset, 0), rows.count - 1)].request
    return Reaction(view)
  }

  public func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction? {
    let places = Self.places(in: area, focus: SpeculationPanel(scene.view), isZoomed: scene.view.isZoomed)
    guard let (panel, place) = places.first(where: { $0.area.contains(point) }) else { return nil }
    var view = scene.view
    if view.focus.indices.contains(view.page) { view.focus[view.page] = SpeculationPanel.allCases.firstIndex(of: panel) ?? 0 }
    guard panel == .requests else { return Reaction(view) }
    let moment = SpeculationMoment(scene)
    let inside = Panel.inside(place)
    let row = DraftingRequests(moment: moment, scene: scene).table(height: inside.height - 2).rowsShown(in: inside.height - 2).lowerBound + point.row - inside.top - 1
    if point.row > inside.top, moment.rows.indices.contains(row) { view.selected = moment.rows[row].request }
    return Reaction(view)
  }

  public static let words = [
    Word("k", "tokens that are drafted for a request"),
    Word("accept", "share of verified drafts that stood"),
    Word("E[n]", "tokens of a verification, the model's own too"),
    Word("speedup", "time a token takes without drafts, over now"),
    Word("waste", "share of verified drafts that fell"),
    Word("✓ ✗ ·", "stood · fell · behind one that fell"),
    Word("p(draft)", "how likely the drafter held it there"),
    Word("target", "the model's token, and what it held likely"),
    Word("▼", "slower with drafts than without"),
    Word("ms/tok", "from a request's token to its next"),
  ]
}

/// The panels, in the order of Tab.
enum SpeculationPanel: String, CaseIterable {
  case requests = "Requests"
  case verifications = "Verifications"
  case acceptance = "Acceptance"
  case accepted = "Accepted"
  case cost = "Cost of k"
  case controller = "Controller"

  /// The one that has the focus on the page that is looked at.
  init(_ view: ViewState) {
    let focus = view.focus.indices.contains(view.page) ? view.focus[view.page] : 0
    self = Self.allCases.indices.contains(focus) ? Self.allCases[focus] : .requests
  }
}
