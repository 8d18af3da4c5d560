import Analysis
import Core
import Host
import Scheduling
import Screen
import ServingEngine

/// Where a key moves a selection to.
private enum Move {
  case by(Int)
  /// Halves of a page, below zero upwards.
  case halves(Int)
  case first, last

  init?(_ key: KeyPress) {
    switch (key.key, key.modifiers) {
    case (.character("j"), []), (.down, []): self = .by(1)
    case (.character("k"), []), (.up, []): self = .by(-1)
    case (.character("d"), .control): self = .halves(1)
    case (.character("u"), .control): self = .halves(-1)
    case (.pageDown, _): self = .halves(2)
    case (.pageUp, _): self = .halves(-2)
    case (.character("g"), []), (.home, _): self = .first
    case (.character("G"), _), (.end, _): self = .last
    default: return nil
    }
  }

  /// - Parameter current: nil while nothing is selected: any move then selects the first row, or the last.
  func target(from current: Int?, count: Int, page: Int) -> Int? {
    guard count > 0 else { return nil }
    let target: Int
    switch self {
    case .first: target = 0
    case .last: target = count - 1
    case .by(let rows): target = current.map { $0 + rows } ?? 0
    case .halves(let halves): target = current.map { $0 + halves * max(1, page / 2) } ?? 0
    }
    return min(max(0, target), count - 1)
  }
}

extension OverviewPage {
  public func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    let focus = Self.focus(scene.view)
    let layout = Self.layout(scene, in: area)
    let place = layout.area(of: focus) ?? area
    if let reaction = press(key, scene, in: focus, at: place) { return reaction }
    // Where a panel has no rows of its own, j and k go through the batch.
    return Move(key) == nil ? nil : pressInBatch(key, scene, layout.area(of: .running) ?? area)
  }

  private func press(_ key: KeyPress, _ scene: Scene, in focus: OverviewPart, at place: Rect) -> Reaction? {
    switch focus {
    case .running: return pressInBatch(key, scene, place)
    case .waiting: return pressInQueue(key, scene, place)
    case .events: return pressInEvents(key, scene, place)
    case .timeline: return pressInTimeline(key, scene, place)
    case .request: return key.key == .enter ? openRequest(scene) : nil
    case .latency: return key.typed == "v" ? change(scene) { $0.latencyOfWholeRun.toggle() } : nil
    case .memory: return key.typed == "v" ? change(scene) { $0.memoryShowsEvictions.toggle() } : nil
    case .steps: return key.typed == "v" ? change(scene) { $0.stepsShowTime.toggle() } : nil
    case .hardware: return nil
    }
  }

  private func change(_ scene: Scene, _ body: (inout OverviewView) -> Void) -> Reaction {
    var view = scene.view
    body(&view.overview)
    return Reaction(view)
  }

  private func openRequest(_ scene: Scene) -> Reaction {
    var view = scene.view
    guard view.selected != nil else { return Reaction(view, notice: "select a request first: j and k") }
    let page = PageCatalogue.members.firstIndex { ObjectIdentifier($0) == ObjectIdentifier(RequestsPage.self) }
    if let page {
      view.page = page
      view.isZoomed = false
    }
    return Reaction(view)
  }

  // MARK: Running

  private func pressInBatch(_ key: KeyPress, _ scene: Scene, _ area: Rect) -> Reaction? {
    switch (key.key, key.modifiers) {
    case (.enter, _): return openRequest(scene)
    case (.character("o"), []):
      return change(scene) { view in
        let columns = BatchColumn.sorted(in: view.columns)
        view.sort = columns[((columns.firstIndex(of: view.sort) ?? -1) + 1) % columns.count]
        view.isDescending = false
      }
    case (.character("r"), []): return change(scene) { $0.isDescending.toggle() }
    case (.character("v"), []):
      return change(scene) { view in
        view.columns = view.columns.next
        if !BatchColumn.sorted(in: view.columns).contains(view.sort) { view.sort = .slack }
      }
    default: break
    }
    guard let move = Move(key) else { return nil }
    let panel = BatchPanel(scene, isFocused: true)
    let height = BatchPanel.height(in: area)
    guard let target = move.target(from: panel.selected, count: panel.rows.count, page: height) else {
      return Reaction(scene.view, notice: "no running request to select")
    }
    var view = scene.view
    view.selected = panel.rows[target].request
    view.overview.batchTop = Table.scroll(panel.top(height: height), toShow: target, of: panel.rows.count, height: height)
    return Reaction(view)
  }

  // MARK: Waiting

  private func pressInQueue(_ key: KeyPress, _ scene: Scene, _ area: Rect) -> Reaction? {
    if key.key == .enter { return openRequest(scene) }
    guard let move = Move(key) else { return nil }
    let panel = WaitingPanel(scene, isFocused: true, count: WaitingPanel.reach)
    let height = WaitingPanel.height(in: area)
    let current = panel.position(of: scene.view.selected)
    guard let target = move.target(from: current, count: panel.rows.count, page: height) else {
      return Reaction(scene.view, notice: "no waiting request to select")
    }
    var view = scene.view
    view.selected = panel.request(at: target)
    view.overview.waitingTop = Table.scroll(panel.top(height: height), toShow: target, of: panel.rows.count, height: height)
    return Reaction(view)
  }

  // MARK: Events

  private func pressInEvents(_ key: KeyPress, _ scene: Scene, _ area: Rect) -> Reaction? {
    if key.key == .enter { return seekMark(scene) }
    guard let move = Move(key) else { return nil }
    let panel = EventsPanel(scene: scene, isFocused: true)
    let height = EventsPanel.height(in: area)
    guard let target = move.target(from: panel.selectedRow, count: panel.count, page: height) else {
      return Reaction(scene.view, notice: "nothing has happened yet")
    }
    return change(scene) { view in
      view.selectedMark = panel.row(ofMark: target)
      view.eventsTop = Table.scroll(panel.top(height: height), toShow: target, of: panel.count, height: height)
    }
  }

  /// To the moment after the step of the selected mark.
  private func seekMark(_ scene: Scene) -> Reaction {
    let marks = scene.snapshot.head.observatory.marks.marks
    guard let index = scene.view.overview.selectedMark, marks.indices.contains(index) else {
      return Reaction(scene.view, notice: "select an event first")
    }
    return Reaction(scene.view, requests: [.seek(min(marks[index].step + 1, scene.snapshot.head.step))])
  }

  // MARK: Timeline

  private func pressInTimeline(_ key: KeyPress, _ scene: Scene, _ area: Rect) -> Reaction? {
    let strip = TimelinePanel(scene: scene, isFocused: true).strip(in: area)
    let shown = scene.snapshot.shown
    let head = scene.snapshot.head
    switch (key.key, key.modifiers) {
    case (.character("w"), []): return zoom(scene, strip.axis, by: 0.5)
    case (.character("s"), []): return zoom(scene, strip.axis, by: 2)
    case (.character("a"), []): return pan(scene, strip.axis, by: -0.25)
    case (.character("d"), []): return pan(scene, strip.axis, by: 0.25)
    case (.character("v"), []): return change(scene) { $0.timelineQuantity = $0.timelineQuantity.next }
    case (.character("="), []): return change(scene) { $0.timeline = TimelineWindow() }
    case (.enter, _): return seekMark(scene)
    case (.character("h"), []): return moveMark(scene, by: -1)
    case (.character("l"), []): return moveMark(scene, by: 1)
    case (.left, []), (.right, []):
      let isBack = key.key == .left
      let column = strip.axis.column
      let there = strip.stepCount(at: max(.zero, isBack ? shown.now - column : shown.now + column))
      let step = isBack ? min(there, shown.step - 1) : max(there, shown.step + 1)
      return Reaction(scene.view, requests: [.seek(min(max(0, step), head.step))])
    case (.character("g"), []), (.home, _): return Reaction(scene.view, requests: [.seek(0)])
    case (.character("G"), _), (.end, _): return Reaction(scene.view, requests: [.seek(head.step)])
    default: return nil
    }
  }

  /// Around the playhead when it is in view, else around the middle.
  private func zoom(_ scene: Scene, _ axis: TimeAxis, by factor: Double) -> Reaction {
    let head = max(scene.snapshot.head.now, TimelineWindow.leastSpan)
    let span = EngineTime(nanoseconds: Int64(Double(axis.span.nanoseconds) * factor))
    if span >= head { return change(scene) { $0.timeline = TimelineWindow() } }
    guard span >= TimelineWindow.leastSpan else { return Reaction(scene.view, notice: "a millisecond is the closest look") }
    let shown = scene.snapshot.shown.now
    let isInside = axis.column(of: shown) != nil
    return change(scene) { view in
      let follows = view.timeline.end == nil
      view.timeline.span = span
      if follows || isInside { view.timeline.end = nil } else {
        view.timeline.end = axis.end - EngineTime(nanoseconds: (axis.span - span).nanoseconds / 2)
      }
    }
  }

  private func pan(_ scene: Scene, _ axis: TimeAxis, by share: Double) -> Reaction {
    guard scene.view.overview.timeline.span != nil else {
      return Reaction(scene.view, notice: "the whole run is in view: w looks closer")
    }
    let way = EngineTime(nanoseconds: Int64(Double(axis.span.nanoseconds) * share))
    let end = min(max(axis.end + way, axis.span), scene.snapshot.head.now)
    return change(scene) { $0.timeline.end = end }
  }

  private func moveMark(_ scene: Scene, by step: Int) -> Reaction {
    let marks = scene.snapshot.head.observatory.marks.marks
    guard !marks.isEmpty else { return Reaction(scene.view, notice: "nothing has happened yet") }
    let start = step > 0 ? marks.firstMark(from: scene.snapshot.shown.now) - 1 : marks.firstMark(from: scene.snapshot.shown.now)
    let next = min(max(0, (scene.view.overview.selectedMark ?? start) + step), marks.count - 1)
    return change(scene) { view in
      view.selectedMark = next
      // Panning brings a mark outside the window into its middle.
      guard let span = view.timeline.span else { return }
      let axis = TimeAxis(view.timeline, shown: scene.snapshot.shown.now, head: scene.snapshot.head.now, columns: 100)
      if axis.column(of: marks[next].time) == nil {
        view.timeline.end = marks[next].time + EngineTime(nanoseconds: span.nanoseconds / 2)
      }
    }
  }

  // MARK: Clicks

  public func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction? {
    guard let (tile, place) = Self.layout(scene, in: area).tile(at: point) else { return nil }
    guard case .part(let part) = tile else { return focus(on: .latency, scene) }
    let row = point.row - place.top
    switch part {
    case .running:
      let panel = BatchPanel(scene, isFocused: false)
      if let column = panel.column(at: point, in: place) {
        var reaction = focus(on: .running, scene)
        reaction.view.overview.isDescending = scene.view.overview.sort == column && !scene.view.overview.isDescending
        reaction.view.overview.sort = column
        return reaction
      }
      let number = panel.top(height: BatchPanel.height(in: place)) + row - 2
      var reaction = focus(on: .running, scene)
      if row >= 2, row < place.height - 1, panel.rows.indices.contains(number) { reaction.view.selected = panel.rows[number].request }
      return reaction
    case .waiting:
      let height = WaitingPanel.height(in: place)
      let panel = WaitingPanel(scene, isFocused: false, count: scene.view.overview.waitingTop + height)
      var reaction = focus(on: .waiting, scene)
      if row >= 2, row < place.height - 1, let request = panel.request(at: panel.top(height: height) + row - 2) {
        reaction.view.selected = request
      }
      return reaction
    case .events:
      let panel = EventsPanel(scene: scene, isFocused: false)
      let number = panel.top(height: EventsPanel.height(in: place)) + row - 1
      var reaction = focus(on: .events, scene)
      guard row >= 1, row < place.height - 1, number < panel.count else { return reaction }
      let mark = panel.row(ofMark: number)
      // A second click on the same event goes there.
      if scene.view.overview.selectedMark == mark { reaction.requests = seekMark(scene).requests }
      reaction.view.overview.selectedMark = mark
      return reaction
    case .timeline:
      var reaction = focus(on: .timeline, scene)
      let strip = TimelinePanel(scene: scene, isFocused: false).strip(in: place)
      if let step = strip.stepCount(at: point) { reaction.requests = [.seek(step)] }
      return reaction
    default: return focus(on: part, scene)
    }
  }

  private func focus(on part: OverviewPart, _ scene: Scene) -> Reaction {
    var view = scene.view
    if view.focus.indices.contains(view.page) { view.focus[view.page] = part.rawValue }
    return Reaction(view)
  }
}
