import Core
import Host
import Screen
import ServingEngine

extension HardwarePage {
  public func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    if HardwarePanel(scene.view) == .instances, let reaction = pressLanes(key, scene) { return reaction }
    guard key.modifiers.isEmpty, let moment = HardwareMoment(scene) else { return nil }
    let focus = HardwarePanel(scene.view)
    var hardware = scene.view.hardware
    switch key.key {
    case .character("v"): hardware.shading = hardware.shading.next
    case .character("o"): hardware.order = hardware.order.next
    case .character("r"): hardware.isReversed.toggle()
    case .character("g"), .home: return toKernel(0, moment, scene)
    case .character("G"), .end: return toKernel(moment.anatomy.kernels.count - 1, moment, scene)
    case .character("h"), .left, .character("l"), .right:
      let offset = key.key == .character("h") || key.key == .left ? -1 : 1
      guard focus == .timeline else { return toKernel(moment.neighbour(offset), moment, scene) }
      hardware = byColumn(offset, moment, scene, area)
    case .character("j"), .down: return focus == .kernels ? toKind(1, moment, scene) : nil
    case .character("k"), .up: return focus == .kernels ? toKind(-1, moment, scene) : nil
    case .character(let letter) where focus == .timeline:
      switch letter {
      case ",": return toKernel(moment.neighbour(-1), moment, scene)
      case ".": return toKernel(moment.neighbour(1), moment, scene)
      case "a": hardware.window.pan(by: -1, of: moment.anatomy.end)
      case "d": hardware.window.pan(by: 1, of: moment.anatomy.end)
      case "w": hardware.window.zoom(by: 1, around: moment.time, of: moment.anatomy.end)
      case "s": hardware.window.zoom(by: -1, around: moment.time, of: moment.anatomy.end)
      default: return nil
      }
    default: return nil
    }
    return reaction(hardware, scene)
  }

  /// The keys of the lanes of several instances.
  private func pressLanes(_ key: KeyPress, _ scene: Scene) -> Reaction? {
    let count = scene.run.fleet.instances.count
    guard key.modifiers.isEmpty, count > 1 else { return nil }
    var view = scene.view
    switch key.key {
    case .character("j"), .down: view.instance = min(view.instance + 1, count - 1)
    case .character("k"), .up: view.instance = max(view.instance - 1, 0)
    case .character("w"): view.hardware.laneMilliseconds = max(InstanceLanes.spans.lowerBound, view.hardware.laneMilliseconds / 2)
    case .character("s"): view.hardware.laneMilliseconds = min(InstanceLanes.spans.upperBound, view.hardware.laneMilliseconds * 2)
    default: return nil
    }
    return Reaction(view)
  }

  public func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction? {
    guard let moment = HardwareMoment(scene) else { return nil }
    let places = Self.places(in: area, focus: HardwarePanel(scene.view), isZoomed: scene.view.isZoomed, lanes: InstanceLanes.height(scene.run.fleet))
    guard let (panel, place) = places.first(where: { $0.area.contains(point) }) else { return nil }
    var view = scene.view
    if view.focus.indices.contains(view.page) { view.focus[view.page] = panel.rawValue }
    let inside = Panel.inside(place)
    switch panel {
    case .timeline:
      let plot = StepTimeline.plot(in: place)
      guard plot.contains(point) else { break }
      let axis = moment.view.window.axis(of: moment.anatomy.end, columns: plot.width)
      view.hardware = moment.moved(to: axis.time(at: Double(point.column - plot.left) + 0.5))
    case .kernels where inside.contains(point):
      let table = KernelTable(moment: moment).table(height: inside.height)
      let row = table.rowsShown(in: inside.height).lowerBound + point.row - inside.top - 1
      let kinds = moment.ordered
      guard point.row > inside.top, kinds.indices.contains(row), let kernel = moment.nearest(kinds[row].kind) else { break }
      view.hardware = moment.moved(toKernel: kernel) ?? view.hardware
    case .instances:
      if let number = InstanceLanes(scene: scene).instance(at: point, in: place) { view.instance = number }
    default: break
    }
    return Reaction(view)
  }

  private func reaction(_ hardware: HardwareView, _ scene: Scene, notice: String? = nil) -> Reaction {
    var view = scene.view
    view.hardware = hardware
    return Reaction(view, notice: notice)
  }

  private func toKernel(_ index: Int, _ moment: HardwareMoment, _ scene: Scene) -> Reaction {
    if let view = moment.moved(toKernel: index) { return reaction(view, scene) }
    let notice = moment.anatomy.kernels.isEmpty ? "this step has no kernels" : index < 0 ? "the first kernel of the step" : "the last kernel of the step"
    return reaction(moment.view, scene, notice: notice)
  }

  /// To the nearest kernel of the kind in the next row of the table.
  private func toKind(_ offset: Int, _ moment: HardwareMoment, _ scene: Scene) -> Reaction? {
    let kinds = moment.ordered.map(\.kind)
    guard !kinds.isEmpty else { return nil }
    let row = moment.running.flatMap { kinds.firstIndex(of: $0.kind) } ?? kinds.count
    let wanted = min(max(row + offset, 0), kinds.count - 1)
    return moment.nearest(kinds[wanted]).flatMap { moment.moved(toKernel: $0) }.map { reaction($0, scene) }
  }

  /// The cursor goes as far as one cell of the timeline is wide.
  private func byColumn(_ offset: Int, _ moment: HardwareMoment, _ scene: Scene, _ area: Rect) -> HardwareView {
    let places = Self.places(in: area, focus: .timeline, isZoomed: scene.view.isZoomed, lanes: InstanceLanes.height(scene.run.fleet))
    let place = places.first { $0.panel == .timeline }?.area ?? area
    let cell = moment.view.window.axis(of: moment.anatomy.end, columns: StepTimeline.plot(in: place).width).column
    return moment.moved(to: EngineTime(nanoseconds: moment.time.nanoseconds + cell.nanoseconds * Int64(offset)))
  }
}
