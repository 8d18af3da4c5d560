import Analysis
import Core
import Host
import Screen

extension RequestsPage {
  public func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    if let request = Self.opened(scene) { return pressInDetail(key, request, scene) }
    return pressOnAxis(key, scene) ?? pressOnList(key, scene, in: area)
  }

  private func pressInDetail(_ key: KeyPress, _ request: RequestID, _ scene: Scene) -> Reaction? {
    var view = scene.view
    let count = scene.run.observatory.requests.count
    switch key.key {
    case .escape, .backspace, .enter: view.requests.isOpen = false
    case .character("k") where key.modifiers.isEmpty, .up: view.requests.scroll = min(view.requests.scroll + 1, furthestScroll(request, scene))
    case .character("j") where key.modifiers.isEmpty, .down: view.requests.scroll = max(0, view.requests.scroll - 1)
    case .character("g"), .home: view.requests.scroll = furthestScroll(request, scene)
    case .character("G"), .end: view.requests.scroll = 0
    case .character("h") where key.modifiers.isEmpty, .left: view.selected = RequestID(max(0, request.index - 1))
    case .character("l") where key.modifiers.isEmpty, .right: view.selected = RequestID(min(count - 1, request.index + 1))
    default: return nil
    }
    return Reaction(view)
  }

  // MARK: The axis

  private func pressOnAxis(_ key: KeyPress, _ scene: Scene) -> Reaction? {
    guard key.modifiers.isEmpty else { return nil }
    var view = scene.view
    let now = scene.run.now
    let span = view.requests.span ?? RequestsView.defaultSpan(now)
    switch key.key {
    case .character("w"), .character("+"): zoom(&view.requests, span, by: 0.5)
    case .character("s"), .character("-"): zoom(&view.requests, span, by: 2)
    case .character("a"), .left: pan(&view.requests, span, by: -0.25, now)
    case .character("d"), .right: pan(&view.requests, span, by: 0.25, now)
    case .character("="):
      view.requests.span = nil
      view.requests.end = nil
    default: return nil
    }
    return Reaction(view)
  }

  /// The middle stays, or the right end while it follows the clock.
  private func zoom(_ view: inout RequestsView, _ span: EngineTime, by factor: Double) {
    let wanted = min(max(.seconds(span.seconds * factor), RequestsView.narrowest), RequestsView.widest)
    if let end = view.end { view.end = max(wanted, .seconds(end.seconds - (span.seconds - wanted.seconds) / 2)) }
    view.span = wanted
  }

  private func pan(_ view: inout RequestsView, _ span: EngineTime, by share: Double, _ now: EngineTime) {
    let end = EngineTime.seconds((view.end ?? now).seconds + span.seconds * share)
    view.span = span
    view.end = end >= now ? nil : max(min(span, now), end)
  }

  // MARK: The list

  private func pressOnList(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    var view = scene.view
    let isLong = scene.run.observatory.requests.count > RequestSequence.sortable
    let height = Self.rows(in: area)
    switch key.key {
    case .character("o") where key.modifiers.isEmpty:
      if isLong { return Reaction(view, notice: "more than \(Figure.grouped(RequestSequence.sortable)) requests are listed by arrival only") }
      view.requests.order = view.requests.order.next
      view.requests.firstRow = nil
    case .character("r") where key.modifiers.isEmpty:
      view.requests.isReversed.toggle()
      view.requests.firstRow = nil
    case .character("j") where key.modifiers.isEmpty, .down: return move(by: 1, scene, height)
    case .character("k") where key.modifiers.isEmpty, .up: return move(by: -1, scene, height)
    case .character("d") where key.modifiers == .control, .pageDown: return move(by: max(1, height / 2), scene, height)
    case .character("u") where key.modifiers == .control, .pageUp: return move(by: -max(1, height / 2), scene, height)
    case .character("g"), .home: return move(by: -Int(Int32.max), scene, height)
    case .character("G"), .end: return move(by: Int(Int32.max), scene, height)
    case .enter:
      if view.selected == nil {
        let sequence = Self.sequence(scene)
        view.selected = Self.window(sequence, scene, height: height).last.map(sequence.request(at:))
      }
      guard view.selected != nil else { return Reaction(view, notice: "no request is listed") }
      view.requests.isOpen = true
      view.requests.scroll = 0
    default: return nil
    }
    return Reaction(view)
  }

  private func move(by rows: Int, _ scene: Scene, _ height: Int) -> Reaction {
    var view = scene.view
    let sequence = Self.sequence(scene)
    let shown = Self.window(sequence, scene, height: height)
    guard sequence.count > 0 else { return Reaction(view, notice: "no request is listed") }
    let everything = sequence.count
    let target: Int?
    if rows.magnitude >= UInt(Int32.max) {
      target = rows > 0 ? sequence.backward(from: everything, 1, patience: everything).last : sequence.forward(from: 0, 1, patience: everything).first
    } else if let place = view.selected.flatMap({ sequence.place(of: $0) }) {
      let way = rows > 0
        ? sequence.forward(from: place + 1, rows, patience: everything).last
        : sequence.backward(from: place, -rows, patience: everything).first
      target = way ?? place
    } else {
      target = rows > 0 ? shown.first : shown.last
    }
    guard let target else { return Reaction(view) }
    view.selected = sequence.request(at: target)
    // The newest stay in view until the list is moved.
    let isAtEnd = target == everything - 1 && sequence.endsWithNewest
    var moved = scene.view
    moved.selected = view.selected
    let first = Self.window(sequence, Scene(snapshot: scene.snapshot, view: moved), height: height).first
    view.requests.firstRow = isAtEnd ? nil : first
    return Reaction(view)
  }

  public func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction? {
    guard area.contains(point), Self.opened(scene) == nil else { return nil }
    var view = scene.view
    let row = point.row - area.top - 2
    if row == -1 { return sort(at: point.column - area.left - 1, scene, in: area) }
    let sequence = Self.sequence(scene)
    let shown = Self.window(sequence, scene, height: Self.rows(in: area))
    guard shown.indices.contains(row) else { return nil }
    let request = sequence.request(at: shown[row])
    // A second click opens.
    if view.selected == request {
      view.requests.isOpen = true
      view.requests.scroll = 0
    }
    view.selected = request
    return Reaction(view)
  }

  /// A click on a header sorts by its column, a second one the other way round.
  private func sort(at column: Int, _ scene: Scene, in area: Rect) -> Reaction? {
    let orders: [Int: RequestOrder] = [1: .arrival, 2: .arrival, 3: .prompt, 4: .output, 5: .ttft, 6: .tpot, 7: .e2e, 8: .preemptions]
    let hit = Table(Self.columns, rows: []).places(in: area.width - 2).first { column >= $0.left && column < $0.left + $0.width }
    guard let hit, let order = orders[hit.column] else { return nil }
    var view = scene.view
    view.requests.isReversed = view.requests.order == order ? !view.requests.isReversed : false
    view.requests.order = order
    view.requests.firstRow = nil
    return Reaction(view)
  }
}
