import Core
import Screen

extension TracePage {
  public func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    let moment = TraceMoment(scene)
    guard let cursor = moment.cursor else { return nil }
    let focus = TracePanel(scene.view)
    let page = max(1, Self.place(of: .next, scene, area).height - 3)
    var trace = scene.view.trace
    switch key.key {
    case .character("u") where key == .control("u"): trace = moment.moved(to: cursor - page / 2)
    case .character("d") where key == .control("d"): trace = moment.moved(to: cursor + page / 2)
    case _ where !key.modifiers.isEmpty: return nil
    case .character("w") where focus == .arrivals: trace.window.zoom(by: 1, around: anchor(moment, cursor), of: moment.end)
    case .character("s") where focus == .arrivals: trace.window.zoom(by: -1, around: anchor(moment, cursor), of: moment.end)
    case .character("a") where focus == .arrivals: trace.window.pan(by: -1, of: moment.end)
    case .character("d") where focus == .arrivals: trace.window.pan(by: 1, of: moment.end)
    case .character("h"), .left: trace = focus == .arrivals ? byColumn(-1, moment, cursor, scene, area) : moment.moved(to: cursor - 1)
    case .character("l"), .right: trace = focus == .arrivals ? byColumn(1, moment, cursor, scene, area) : moment.moved(to: cursor + 1)
    case .character("k"), .up: trace = moment.moved(to: cursor - 1)
    case .character("j"), .down: trace = moment.moved(to: cursor + 1)
    case .pageUp: trace = moment.moved(to: cursor - page)
    case .pageDown: trace = moment.moved(to: cursor + page)
    case .character("g"), .home: trace = moment.moved(to: 0)
    case .character("G"), .end: trace = moment.moved(to: moment.arrivals.count - 1)
    case .character("="): trace = TraceView()
    case .enter: return select(cursor, trace, scene)
    default: return nil
    }
    var view = scene.view
    view.trace = trace
    return Reaction(view)
  }

  public func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction? {
    let moment = TraceMoment(scene)
    let places = Self.places(in: area, focus: TracePanel(scene.view), isZoomed: scene.view.isZoomed)
    guard moment.cursor != nil, let (panel, place) = places.first(where: { $0.area.contains(point) }) else { return nil }
    var view = scene.view
    if view.focus.indices.contains(view.page) { view.focus[view.page] = panel.rawValue }
    switch panel {
    case .arrivals:
      let plot = ArrivalsGraph.plot(in: place)
      guard plot.contains(point) else { break }
      let axis = ArrivalsGraph(moment: moment).axis(width: plot.width)
      view.trace = moment.moved(to: moment.firstArrival(from: axis.time(at: point.column - plot.left)))
    case .next:
      let inside = Panel.inside(place)
      let shown = NextArrivals(moment: moment, scene: scene).shown(rows: inside.height - 1)
      let index = shown.lowerBound + point.row - inside.top - 1
      guard inside.contains(point), shown.contains(index) else { break }
      view.trace = moment.moved(to: index)
      view.selected = RequestID(index)
    default: break
    }
    return Reaction(view)
  }

  private static func place(of panel: TracePanel, _ scene: Scene, _ area: Rect) -> Rect {
    places(in: area, focus: TracePanel(scene.view), isZoomed: scene.view.isZoomed).first { $0.panel == panel }?.area ?? area
  }

  private func select(_ index: Int, _ trace: TraceView, _ scene: Scene) -> Reaction {
    var view = scene.view
    view.trace = trace
    view.selected = RequestID(index)
    return Reaction(view, notice: "\(RequestID(index)) is selected on every page")
  }

  /// Zooming keeps the arrival that is looked at in place, or the middle when it is out of sight.
  private func anchor(_ moment: TraceMoment, _ cursor: Int) -> EngineTime {
    let axis = moment.view.window.axis(of: moment.end, columns: 2)
    let time = moment.arrivals[cursor].time
    return axis.column(of: time) == nil ? axis.time(at: 1) : time
  }

  /// To another arrival at least one cell of the graph away; the one beside it when all are closer.
  private func byColumn(_ offset: Int, _ moment: TraceMoment, _ cursor: Int, _ scene: Scene, _ area: Rect) -> TraceView {
    let plot = ArrivalsGraph.plot(in: Self.place(of: .arrivals, scene, area))
    let cell = ArrivalsGraph(moment: moment).axis(width: plot.width).column
    let wanted = EngineTime(nanoseconds: moment.arrivals[cursor].time.nanoseconds + cell.nanoseconds * Int64(offset))
    let found = moment.firstArrival(from: wanted)
    return moment.moved(to: offset > 0 ? max(cursor + 1, found) : min(cursor - 1, found))
  }
}
