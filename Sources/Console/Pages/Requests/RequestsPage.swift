import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

/// The page Requests: every request over its whole life.
public struct RequestsPage: Page {
  public static let descriptor = Descriptor(name: "Requests", summary: "every request over its whole life", source: "")
  public static let shortName = "Req"
  public static let panels = ["requests"]

  public init() {}

  /// The opened request; nil while the list is shown.
  static func opened(_ scene: Scene) -> RequestID? {
    guard scene.view.requests.isOpen, let selected = scene.view.selected,
      scene.run.observatory.requests.indices.contains(selected.index)
    else { return nil }
    return selected
  }

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    canvas.clipped(to: area) { canvas in
      if let request = Self.opened(scene) {
        drawDetail(request, scene, in: area, on: &canvas)
      } else {
        drawList(scene, in: area, on: &canvas)
      }
    }
  }

  // MARK: The list

  static func sequence(_ scene: Scene) -> RequestSequence {
    RequestSequence(
      scene.run, filter: scene.filter, order: scene.view.requests.order,
      isReversed: scene.view.requests.isReversed)
  }

  /// The places of the sequence that a list of `height` rows shows.
  static func window(_ sequence: RequestSequence, _ scene: Scene, height: Int) -> [Int] {
    let view = scene.view.requests
    return sequence.window(
      first: view.firstRow, followsEnd: sequence.endsWithNewest,
      selected: scene.view.selected.flatMap { sequence.place(of: $0) }, height: height)
  }

  /// Rows of the list in an area: without the border and the header.
  static func rows(in area: Rect) -> Int { max(0, area.height - 3) }

  static let columns: [Table.Column] = [
    .init("", width: 1), .init("id", width: 7), .init("arrival s", width: 9, .right, dropOrder: 6),
    .init("prompt", width: 7, .right), .init("output", width: 6, .right, dropOrder: 2),
    .init("TTFT s ", width: 7, .right), .init("TPOT ms ", width: 8, .right, dropOrder: 4),
    .init("e2e s", width: 7, .right, dropOrder: 5), .init("pre", width: 3, .right, dropOrder: 3),
    .init("state", width: 9), .init("life", width: 20, grows: true),
  ]

  static func axis(_ scene: Scene, in area: Rect) -> TimeAxis {
    let life = Table(columns, rows: []).places(in: area.width - 2).last?.width ?? 0
    return scene.view.requests.axis(now: scene.run.now, columns: life)
  }

  private func drawList(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    let sequence = Self.sequence(scene)
    let shown = Self.window(sequence, scene, height: Self.rows(in: area))
    let axis = Self.axis(scene, in: area)
    let inside = Panel(
      Self.title(scene), badge: StyledText((sequence.isSorted ? "" : "over \(Figure.grouped(RequestSequence.sortable)): by arrival only · ") + axis.scale, Style(.borderBadge)),
      footer: Self.footer(scene, sequence, width: area.width), position: StyledText(Self.position(shown, sequence, scene), Style(.borderBadge)),
      isFocused: true
    ).draw(in: area, on: &canvas)
    var columns = Self.columns
    columns[columns.count - 1].header = axis.ruler
    let requests = shown.map(sequence.request(at:))
    Table(
      columns, rows: requests.map { Self.row(of: $0, scene, axis) },
      selected: scene.view.selected.flatMap { requests.firstIndex(of: $0) }
    ).draw(in: inside, on: &canvas)
    if shown.isEmpty {
      let sentence = scene.run.observatory.requests.isEmpty
        ? "no request has arrived yet"
        : sequence.isSorted || sequence.count <= RequestSequence.patience
          ? "no request matches the filter"
          : "none of these \(Figure.grouped(RequestSequence.patience)) matches the filter; j and k look through all"
      canvas.put(sentence, at: Point(inside.left + 1, inside.top + 1), width: inside.width - 1, style: .muted)
    }
  }

  private static func title(_ scene: Scene) -> StyledText {
    StyledText("requests \(Figure.grouped(scene.run.observatory.requests.count))", Style(.borderTitle, .bold))
  }

  private static func footer(_ scene: Scene, _ sequence: RequestSequence, width: Int) -> StyledText {
    let view = scene.view.requests
    let order = sequence.isSorted ? view.order : .arrival
    let sort = StyledText("sort \(order.rawValue) \(view.isReversed ? Glyphs.descending : Glyphs.ascending)", Style(.borderBadge))
    let filter = scene.view.filter
    if let fault = scene.filter.fault { return sort + StyledText(" · filter: \(fault)", Style(.warn)) }
    if !filter.isEmpty { return sort + StyledText(" · filter \(filter)", Style(.borderBadge)) }
    let legend = width >= 100 ? "  · queued █ prefill ▒ decode ╳ preempted ░ stalled" : width >= 76 ? "  · queued █ prefill ▒ decode" : ""
    return sort + StyledText(legend, Style(.borderBadge))
  }

  private static func position(_ shown: [Int], _ sequence: RequestSequence, _ scene: Scene) -> String {
    guard let first = shown.first, let last = shown.last else { return "0 of \(Figure.grouped(scene.run.observatory.requests.count))" }
    // Of a long list only the rows in view have been asked whether they match.
    if !sequence.isSorted && !scene.view.filter.isEmpty { return "\(sequence.request(at: first))-\(sequence.request(at: last))" }
    return "\(Figure.grouped(first + 1))-\(Figure.grouped(last + 1)) of \(Figure.grouped(sequence.count))"
  }

  private static func row(of request: RequestID, _ scene: Scene, _ axis: TimeAxis) -> [StyledText] {
    let observatory = scene.run.observatory
    let record = observatory.requests[request.index]
    let state = RequestState(of: request, in: observatory)
    var reason: String?
    if case .rejected(let why) = record.outcome { reason = why.sentence }
    let slo = observatory.scoreboard.slo
    let life = observatory.stories.story(of: request).map { LifeBar.text($0, on: axis, now: scene.run.now, reason: reason) }
    return [
      StyledText(scene.letter(of: request).map { String(Character($0)) } ?? " ", scene.style(of: request)),
      StyledText(request.description, scene.style(of: request)),
      StyledText(NumberText.seconds(record.arrival, 9, decimals: 3)),
      StyledText(NumberText.whole(Int(record.input), 7)), StyledText(NumberText.whole(Int(record.output), 6)),
      judged(record.ttft, promised: slo.ttft, width: 7) { NumberText.seconds($0, 6) },
      judged(record.tpot, promised: slo.tpot, width: 8) { NumberText.milliseconds($0, 7) },
      StyledText(state == .finished ? NumberText.seconds(record.e2e, 7) : "–"),
      StyledText(Figure.grouped(Int(record.preemptions), width: 3)), StyledText(state.rawValue, state.style),
      life ?? "",
    ]
  }

  /// A value and, where a promise is broken, `!`.
  static func judged(_ value: EngineTime?, promised: EngineTime?, width: Int, _ text: (EngineTime) -> String) -> StyledText {
    guard let value else { return StyledText("– ", .muted) }
    let isMissed = promised.map { value > $0 } ?? false
    return StyledText(text(value) + (isMissed ? "!" : " "), isMissed ? Style(.sloMissed) : .plain)
  }

  // MARK: The selection in words

  public func sentence(_ scene: Scene) -> StyledText {
    let scoreboard = scene.run.observatory.scoreboard
    guard let request = scene.view.selected, scoreboard.requests.indices.contains(request.index) else {
      let scheduler = scene.run.engine.state.scheduler
      return StyledText(
        "\(Figure.grouped(scoreboard.requests.count)) arrived · \(Figure.grouped(scheduler.running.count)) running · \(Figure.grouped(scheduler.waiting.count)) waiting · \(Figure.grouped(scoreboard.completed)) finished · \(Figure.grouped(scoreboard.aborted)) aborted · \(Figure.grouped(scoreboard.rejected)) rejected")
    }
    let record = scoreboard.requests[request.index]
    let state = RequestState(of: request, in: scene.run.observatory)
    var text = BlocksPage.name(request, scene) + " " + StyledText(state.rawValue, state.style)
    if case .rejected(let reason) = record.outcome { return text + StyledText(": " + reason.sentence) }
    let limit = scene.run.engine.trace.arrivals[request.index].outputLimit
    text += StyledText(" · prompt \(Figure.grouped(Int(record.input))) · output \(Figure.grouped(Int(record.output)))/\(Figure.grouped(limit))")
    if record.reused > 0 { text += StyledText(" · \(Figure.grouped(Int(record.reused))) tok reused") }
    let slo = scoreboard.slo
    func promise(_ promised: EngineTime?) -> String { promised.map { ", SLO " + Figure.span(.nanoseconds($0.nanoseconds)) } ?? "" }
    if let ttft = record.ttft { text += StyledText(" · TTFT \(Figure.span(.nanoseconds(ttft.nanoseconds)))\(promise(slo.ttft))") }
    if let tpot = record.tpot { text += StyledText(" · TPOT \(Figure.span(.nanoseconds(tpot.nanoseconds)))\(promise(slo.tpot))") }
    return text + StyledText(Self.opened(scene) != nil ? " · Esc back" : " · Enter for detail", .muted)
  }

  public func hints(_ scene: Scene) -> [Hint] {
    if Self.opened(scene) != nil { return [Hint("Esc", "back"), Hint("jk", "scroll"), Hint("hl", "request")] }
    return [
      Hint("jk", "move"), Hint("Enter", "detail"), Hint("/", "filter"), Hint("o r", "sort"), Hint("w s", "time zoom"),
      Hint("a d", "pan"),
    ]
  }
}
