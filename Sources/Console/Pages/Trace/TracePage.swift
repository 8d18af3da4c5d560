import Core
import Screen

/// The page Trace: what arrives when, how long it is, and how much of it begins alike.
public struct TracePage: Page {
  public static let descriptor = Descriptor(name: "Trace", summary: "what arrives when, and how long it is", source: "")
  public static let shortName = "Trace"
  public static let panels = TracePanel.allCases.map(\.name)

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    let moment = TraceMoment(scene)
    guard moment.survey.count > 0 else {
      let inside = Panel("trace", isFocused: true).draw(in: area, on: &canvas)
      if !inside.isEmpty { canvas.put("this trace has no requests", at: Point(inside.left + 1, inside.top), width: inside.width - 2) }
      return
    }
    let focus = TracePanel(scene.view)
    canvas.clipped(to: area) { canvas in
      for (panel, area) in Self.places(in: area, focus: focus, isZoomed: scene.view.isZoomed) {
        let isFocused = panel == focus
        switch panel {
        case .arrivals: ArrivalsGraph(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .prompts:
          LengthHistogram(title: "prompt tokens", profile: moment.survey.prompts).draw(in: area, isFocused: isFocused, on: &canvas)
        case .outputs:
          LengthHistogram(title: "output tokens", profile: moment.survey.outputs).draw(in: area, isFocused: isFocused, on: &canvas)
        case .sharing: SharingPanel(survey: moment.survey).draw(in: area, isFocused: isFocused, on: &canvas)
        case .next: NextArrivals(moment: moment, scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        case .labels: LabelTable(survey: moment.survey).draw(in: area, isFocused: isFocused, on: &canvas)
        }
      }
    }
  }

  /// Which panels are shown, and where. The one with the focus always is.
  static func places(in area: Rect, focus: TracePanel, isZoomed: Bool) -> [(panel: TracePanel, area: Rect)] {
    if isZoomed || area.width < 80 || area.height < 18 { return [(focus, area)] }
    if area.width >= 100 && area.height >= 30 {
      let rows = area.rows([.share(), .exactly(11), .exactly(11)])
      let lengths = rows[1].columns([.share(), .share(), .share()])
      let below = rows[2].columns([.share(2), .share(1)])
      return [
        (.arrivals, rows[0]), (.prompts, lengths[0]), (.outputs, lengths[1]), (.sharing, lengths[2]), (.next, below[0]),
        (.labels, below[1]),
      ]
    }
    let rows = area.rows([.share(), .exactly(11)])
    let below = rows[1].columns([.share(), .exactly(area.width < 100 ? 34 : 40)])
    let side: TracePanel = focus == .arrivals || focus == .next ? .prompts : focus
    return [(.arrivals, rows[0]), (.next, below[0]), (side, below[1])]
  }

  public func sentence(_ scene: Scene) -> StyledText {
    let moment = TraceMoment(scene)
    guard let cursor = moment.cursor else { return "this trace has no requests" }
    let arrival = moment.arrivals[cursor]
    var parts = [
      Self.when(moment.distance(cursor), moment.isArrived(cursor)),
      "prompt \(Figure.grouped(arrival.prompt.count))"
        + (moment.survey.sharing.map { " (\(Figure.grouped(Int($0.shared[cursor]))) begin an earlier one)" } ?? ""),
      "output \(Figure.grouped(arrival.outputLimit))",
    ]
    if let label = moment.label(of: arrival) { parts.append(label) }
    if let abort = arrival.abortTime { parts.append("hangs up after \(Figure.fixed((abort - arrival.time).seconds, decimals: 1)) s") }
    return StyledText(RequestID(cursor).description, .strong) + StyledText(" · " + parts.joined(separator: " · "))
  }

  /// An arrival during a step comes in with the next one.
  private static func when(_ seconds: Double, _ isArrived: Bool) -> String {
    let distance = Figure.fixed(seconds.magnitude, decimals: 2) + " s"
    if seconds > 0 { return "arrives in \(distance)" }
    return "arrived \(distance) ago" + (isArrived ? "" : ", comes in with the next step")
  }

  public func hints(_ scene: Scene) -> [Hint] {
    switch TracePanel(scene.view) {
    case .arrivals: [Hint("a d", "pan"), Hint("w s", "zoom"), Hint("h l", "arrival"), Hint("=", "whole trace"), Hint("Enter", "select")]
    default: [Hint("j k", "arrival"), Hint("Enter", "select"), Hint("=", "next arrival"), Hint("g G", "ends")]
    }
  }
}

/// The panels, in the order of Tab.
enum TracePanel: Int, CaseIterable {
  case arrivals, prompts, outputs, sharing, next, labels

  var name: String {
    switch self {
    case .arrivals: "Arrivals"
    case .prompts: "Prompts"
    case .outputs: "Outputs"
    case .sharing: "Sharing"
    case .next: "Next"
    case .labels: "Labels"
    }
  }

  /// The one that has the focus on the page that is looked at.
  init(_ view: ViewState) {
    self = view.focus.indices.contains(view.page) ? Self(rawValue: view.focus[view.page]) ?? .arrivals : .arrivals
  }
}
