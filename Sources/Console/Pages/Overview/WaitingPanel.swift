import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

extension OverviewPage {
  /// The head of the queue in the order of the policy, and why it waits.
  struct WaitingPanel {
    let scene: Scene
    let isFocused: Bool

    /// Requests of the queue that can be scrolled to: beyond them nobody reads row by row.
    static let reach = 512

    /// Rows of the request table, in the order in which they will be served.
    let rows: [Int]

    /// - Parameter count: how many rows are looked at, at least.
    init(_ scene: Scene, isFocused: Bool, count: Int) {
      self.scene = scene
      self.isFocused = isFocused
      let filter = scene.filter
      let scheduler = scene.snapshot.shown.engine.state.scheduler
      let slots = scheduler.servedNext(
        min(Self.reach, filter.isEmpty ? max(1, count) : Self.reach), policy: scene.snapshot.shown.engine.planner.policy)
      let requests = scheduler.requests
      rows = filter.isEmpty ? slots : slots.filter { filter.matches(requests[$0].id, in: scene.run) }
      head = slots.first
    }

    private let head: Int?
    private var scheduler: SchedulerState { scene.snapshot.shown.engine.state.scheduler }

    static func height(in area: Rect) -> Int { max(0, area.height - 3) }

    func position(of request: RequestID?) -> Int? {
      guard let request else { return nil }
      let requests = scheduler.requests
      return rows.firstIndex { requests[$0].id == request }
    }

    func request(at position: Int) -> RequestID? {
      rows.indices.contains(position) ? scheduler.requests[rows[position]].id : nil
    }

    func top(height: Int) -> Int {
      let top = scene.view.overview.waitingTop
      return Table.scroll(top, toShow: position(of: scene.view.selected) ?? top, of: rows.count, height: height)
    }

    func draw(in area: Rect, on canvas: inout Canvas) {
      let scheduler = scheduler
      let requests = scheduler.requests
      let waiting = scheduler.waiting.count
      let height = Self.height(in: area)
      let top = top(height: height)
      let shown = rows.dropFirst(top).prefix(height)
      let headWait = head.map { "head waits " + NumberText.span(waited(requests[$0])) } ?? ""
      let of = scene.view.filter.isEmpty ? Figure.grouped(waiting) : "\(rows.count) that match"
      let inside = Panel(
        "waiting \(Figure.grouped(waiting))", badge: headWait, footer: scene.view.filter.isEmpty ? "" : "/\(scene.view.filter)",
        position: shown.isEmpty ? "0 of \(of)" : "\(top + 1)-\(top + shown.count) of \(of)", isFocused: isFocused
      ).draw(in: area, on: &canvas)
      let columns: [Table.Column] = [
        .init("", width: 1), .init("id", width: BatchPanel.idWidth(scene)), .init("prompt", width: 7, .right),
        .init("max", width: 6, .right, dropOrder: 2), .init("wait s", width: 7, .right), .init("class", width: 10, dropOrder: 3),
        .init("blocks", width: 6, .right, dropOrder: 1), .init("why not now", width: 20, grows: true),
      ]
      if shown.isEmpty {
        let why = waiting > 0 ? "no waiting request matches \(scene.view.filter)" : "nobody waits"
        canvas.put(why, at: Point(inside.left + 1, min(inside.top + 1, inside.bottom - 1)), width: inside.width - 2, style: .muted)
        if inside.height < 2 { return }
      }
      let texts = shown.map { cells(of: requests[$0], row: $0, requests, scheduler.memory) }
      Table(columns, rows: texts, selected: position(of: scene.view.selected).map { $0 - top }).draw(in: inside, on: &canvas)
    }

    private func cells(of request: Request, row: Int, _ requests: [Request], _ memory: KVCache) -> [StyledText] {
      let slot = scene.snapshot.shown.badges.slot(of: request.id)
      let style = slot.map { Style(.request($0)) } ?? .plain
      let place = row == head
        ? WhyNotNow.ofHead(scene.snapshot.shown)
        : head.map { "behind \(requests[$0].id)" + WhyNotNow.ofMemory(request, row: row, scene.snapshot.shown) } ?? "–"
      let remark = scene.snapshot.shown.engine.planner.policy.remark(request, scheduler)
      let why = place + (remark.map { " · \($0)" } ?? "")
      let again = request.parked > 0 ? "swapped out, " : request.phase == .preempted ? "preempted, " : ""
      return [
        StyledText(slot.map { String(Glyphs.letter($0)) } ?? " ", style.bold), StyledText(request.id.description, style),
        StyledText(NumberText.whole(request.prompt.count, 7)), StyledText(NumberText.whole(request.outputLimit, 6)),
        StyledText(NumberText.seconds(waited(request), 7)),
        StyledText(OverviewPage.className(request.label, request.priority, scene), .muted),
        // All its known tokens; part of them may be found in the prefix cache.
        StyledText(NumberText.whole(memory.blocks(for: request.known), 6)), StyledText(again + why),
      ]
    }

    /// Since the request came into the queue: since its arrival, or since it was last preempted.
    private func waited(_ request: Request) -> EngineTime {
      OverviewPage.waited(request, scene)
    }
  }

  static func waited(_ request: Request, _ scene: Scene) -> EngineTime {
    let run = scene.snapshot.shown
    var since = request.arrival
    if request.phase == .preempted, let story = run.observatory.stories.story(of: request.id),
      let last = story.intervals.last(where: { $0.phase == .preempted })
    { since = last.start }
    return max(.zero, run.now - since)
  }
}
