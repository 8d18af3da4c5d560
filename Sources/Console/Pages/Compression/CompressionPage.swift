import Analysis
import Core
import Hardware
import Host
import Screen
import ServingEngine

/// The page Comp, compression: what a token's keys and values take now, which tokens still have them, and what that does to the text.
public struct CompressionPage: Page {
  public static let descriptor = Descriptor(name: "Comp", summary: "what keys and values take, what is kept of them, and the error that is paid for it", source: "")
  public static let shortName = "Cmp"
  public static let panels = CompressionPanel.allCases.map(\.rawValue)

  public init() {}

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    let focus = CompressionPanel(scene.view)
    canvas.clipped(to: area) { canvas in
      for (panel, area) in Self.places(in: area, focus: focus, isZoomed: scene.view.isZoomed) {
        let isFocused = panel == focus
        switch panel {
        case .memory: MemoryTaken(scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        case .error: ErrorOverTime(scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        case .layers: ErrorByLayer(scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        case .requests: SufferingRequests(scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        case .kept: KeptMap(scene: scene).draw(in: area, isFocused: isFocused, on: &canvas)
        }
      }
    }
  }

  /// Which panels are shown, and where. The one with the focus always is.
  static func places(in area: Rect, focus: CompressionPanel, isZoomed: Bool) -> [(panel: CompressionPanel, area: Rect)] {
    if isZoomed || area.width < 76 || area.height < 18 { return [(focus, area)] }
    let isLarge = area.width >= 110 && area.height >= 32
    let rows = area.rows([.exactly(isLarge ? 12 : 9), .share()])
    let above = rows[0].columns([.share(), .share()])
    let below = rows[1].columns([.share(), .exactly(isLarge ? 46 : 38)])
    if isLarge {
      let right = below[1].rows([.share(), .share()])
      return [(.memory, above[0]), (.error, above[1]), (.kept, below[0]), (.requests, right[0]), (.layers, right[1])]
    }
    return [(.memory, above[0]), (.error, above[1]), (.kept, below[0]), (focus == .layers ? .layers : .requests, below[1])]
  }

  public func sentence(_ scene: Scene) -> StyledText {
    let engine = scene.run.engine
    let choices = CompressionMoment.axes.map { "\($0) \(AxisCatalogue.axis(named: $0)?.current(engine) ?? "–")" }.joined(separator: " · ")
    return StyledText(choices) + StyledText(" · p switches them", .muted)
  }

  public func hints(_ scene: Scene) -> [Hint] { [Hint("j k", "request")] }

  public func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    guard key.modifiers.isEmpty else { return nil }
    switch key.key {
    case .character("j"), .down: return select(1, scene)
    case .character("k"), .up: return select(-1, scene)
    case .character("g"), .home: return select(-Int(Int32.max), scene)
    case .character("G"), .end: return select(Int(Int32.max), scene)
    case .escape where scene.view.selected != nil:
      var view = scene.view
      view.selected = nil
      return Reaction(view, requests: [.watch(nil)])
    default: return nil
    }
  }

  private func select(_ offset: Int, _ scene: Scene) -> Reaction {
    let running = CompressionMoment.running(scene)
    var view = scene.view
    guard !running.isEmpty else { return Reaction(view, notice: "nobody runs now") }
    let place = running.firstIndex { $0 == view.selected }
    let chosen = running[min(max((place ?? (offset > 0 ? -1 : running.count)) + offset, 0), running.count - 1)]
    view.selected = chosen
    return Reaction(view, requests: [.watch(chosen)])
  }

  public func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction? {
    let places = Self.places(in: area, focus: CompressionPanel(scene.view), isZoomed: scene.view.isZoomed)
    guard let (panel, _) = places.first(where: { $0.area.contains(point) }) else { return nil }
    var view = scene.view
    if view.focus.indices.contains(view.page) { view.focus[view.page] = CompressionPanel.allCases.firstIndex(of: panel) ?? 0 }
    return Reaction(view)
  }

  public static let words = [
    Word("bits", "of a key or value's element, with scales"),
    Word("kept", "tokens that still have keys and values"),
    Word("KL", "divergence from the exact cache's choice, nats"),
    Word("greedy", "steps in which both would choose alike"),
    Word("attention", "relative error of what attention gives"),
    Word("shadow", "one request in so many, computed exactly too"),
    Word("░▒▓█", "part of the heads that still have the token"),
  ]
}

/// The panels, in the order of Tab.
enum CompressionPanel: String, CaseIterable {
  case memory = "Memory"
  case error = "Error"
  case kept = "Kept"
  case requests = "Requests"
  case layers = "Layers"

  /// The one that has the focus on the page that is looked at.
  init(_ view: ViewState) {
    let focus = view.focus.indices.contains(view.page) ? view.focus[view.page] : 0
    self = Self.allCases.indices.contains(focus) ? Self.allCases[focus] : .memory
  }
}
