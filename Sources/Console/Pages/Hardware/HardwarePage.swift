import Core
import Hardware
import Host
import Screen
import ServingEngine

/// The page Hardware: the last step in space (which SM runs what), in intensity (how far from the roof),
/// and in time, joined by one cursor. Times of a modelled device are marked as such.
public struct HardwarePage: Page {
  public static let descriptor = Descriptor(name: "Hardware", summary: "what each SM does, kernel by kernel", source: "")
  public static let shortName = "Hw"
  public static let panels = HardwarePanel.allCases.map(\.name)

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    let lanes = InstanceLanes.height(scene.run.fleet)
    guard let moment = HardwareMoment(scene) else {
      if lanes > 0 { return InstanceLanes(scene: scene).draw(in: area, isFocused: true, on: &canvas) }
      let inside = Panel("Hardware", isFocused: true).draw(in: area, on: &canvas)
      let text: StyledText = "no step yet · Space runs, . takes one"
      if !inside.isEmpty { canvas.put(text, at: Point(inside.left + 1, inside.top), width: inside.width - 2) }
      return
    }
    let focus = HardwarePanel(scene.view)
    canvas.clipped(to: area) { canvas in
      for (panel, area) in Self.places(in: area, focus: focus, isZoomed: scene.view.isZoomed, lanes: lanes) {
        let isFocused = panel == focus
        switch panel {
        case .grid where !moment.anatomy.isModelled: CoreBars(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .grid: SMGrid(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .roofline: Roofline(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .kernels: KernelTable(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .meters: Meters(moment: moment, run: scene.run).draw(in: area, isFocused: isFocused, on: &canvas)
        case .timeline: StepTimeline(moment: moment).draw(in: area, isFocused: isFocused, on: &canvas)
        case .instances: InstanceLanes(scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        }
      }
    }
  }

  /// Which panels are shown, and where. The one with the focus always is.
  ///
  /// - Parameter lanes: Rows for several engines beside each other; 0 for one.
  static func places(
    in area: Rect, focus: HardwarePanel, isZoomed: Bool, lanes: Int = 0
  ) -> [(panel: HardwarePanel, area: Rect)] {
    let focus = focus == .instances && lanes == 0 ? .timeline : focus
    if isZoomed || area.width < 80 || area.height < 18 { return [(focus, area)] }
    if area.width >= 100 && area.height >= 30 {
      let left = area.width < 120 ? area.width - 46 : min(58 + (area.width - 120) / 2, 76)
      if lanes > 0 {
        let rows = area.rows([.share(), .exactly(9), .exactly(6), .exactly(lanes)])
        let above = rows[0].columns([.exactly(left), .share()])
        let below = rows[1].columns([.exactly(left), .share()])
        return [
          (.grid, above[0]), (.roofline, above[1]), (.kernels, below[0]), (.meters, below[1]), (.timeline, rows[2]), (.instances, rows[3]),
        ]
      }
      let kernels = area.height >= 34 ? 13 : 11
      let rows = area.rows([.share(), .exactly(kernels), .exactly(6)])
      let above = rows[0].columns([.exactly(left), .share()])
      let below = rows[1].columns([.exactly(left), .share()])
      return [(.grid, above[0]), (.roofline, above[1]), (.kernels, below[0]), (.meters, below[1]), (.timeline, rows[2])]
    }
    // The roofline has no place of its own here: it takes the grid's when it has the focus.
    let rows = area.rows([.share(), .exactly(3), .exactly(6)])
    if focus == .instances { return [(.instances, rows[0]), (.meters, rows[1]), (.timeline, rows[2])] }
    let above = rows[0].columns([.exactly(area.width < 100 ? 35 : 56), .share()])
    return [
      (focus == .roofline ? .roofline : .grid, above[0]), (.kernels, above[1]), (.meters, rows[1]), (.timeline, rows[2]),
    ]
  }

  public func sentence(_ scene: Scene) -> StyledText {
    guard let moment = HardwareMoment(scene) else { return "no step has been taken yet" }
    guard let running = moment.running else {
      return StyledText(
        moment.anatomy.kernels.isEmpty
          ? "step \(Figure.grouped(moment.anatomy.step)): nothing was computed, or the device cannot tell its kernels"
          : "no kernel at \(milliseconds(moment.time)) ms: \(moment.anatomy.isModelled ? "the host schedules, launches and reads back" : "between kernels")")
    }
    var parts = [span(running.duration)]
    if running.tiles > 0 { parts.insert("\(running.activeSMs) SM", at: 0) }
    if let share = running.shareText { parts.insert("stream \(running.stream) on \(share)", at: 0) }
    if let intensity = running.intensity { parts.append("\(Figure.scaled(intensity)) FLOP/B") }
    if let achieved = running.achieved {
      let fraction = moment.fraction(of: running).map { " (\(Figure.percent($0)) of roof)" } ?? ""
      parts.append(Figure.scaled(achieved, unit: "F/s") + fraction)
    } else if let fraction = moment.fraction(of: running) {
      parts.append("\(Figure.percent(fraction)) of roof")
    }
    if running.tiles > 0 { parts.append("tail wave \(Figure.percent(running.tailFill)) full") }
    parts.append("bound by \(running.bound.rawValue)")
    return StyledText(running.title, .strong) + StyledText(" · " + parts.joined(separator: " · "))
  }

  public func hints(_ scene: Scene) -> [Hint] {
    switch HardwarePanel(scene.view) {
    case .timeline: [Hint(", .", "kernel"), Hint("a d", "pan"), Hint("w s", "zoom"), Hint("h l", "cursor"), Hint("g G", "ends")]
    case .kernels: [Hint("j k", "kind"), Hint("o", "sort"), Hint("r", "reverse"), Hint("h l", "kernel"), Hint("v", "shows")]
    case .grid where scene.run.engine.device.isModelled == false: [Hint("h l", "kernel"), Hint("g G", "ends")]
    case .instances: [Hint("j k", "instance"), Hint("w s", "zoom"), Hint("h l", "kernel")]
    case .grid, .roofline, .meters: [Hint("h l", "kernel"), Hint("v", "busy/bound/step"), Hint("g G", "ends")]
    }
  }
}

/// The panels, in the order of Tab.
enum HardwarePanel: Int, CaseIterable {
  case grid, roofline, kernels, meters, timeline, instances

  var name: String {
    switch self {
    case .grid: "SM grid"
    case .roofline: "Roofline"
    case .kernels: "Kernels"
    case .meters: "Meters"
    case .timeline: "Timeline"
    case .instances: "Instances"
    }
  }

  /// The one that has the focus on the page that is looked at.
  init(_ view: ViewState) {
    self = view.focus.indices.contains(view.page) ? Self(rawValue: view.focus[view.page]) ?? .grid : .grid
  }
}
