import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

/// One request on the whole page.
///
/// ```
/// ≥ 100 × 24                     76 × 16                    smaller
/// ╭─ numbers ────╮╭─ tokens ───╮ ╭─ life ────────────────╮  ╭─ one list ─╮
/// ├─ life ───────┴┴────────────┤ ├─ numbers ─┬─ story ───┤  │            │
/// ╰─ story ──────╯╰─ decisions ╯ ╰───────────┴─ decisions╯  ╰────────────╯
/// ```
extension RequestsPage {
  ///
  /// Where tokens are real, what was asked and answered stands between life and story, as wide as the page.
  func drawDetail(_ request: RequestID, _ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    let text = LiveText(request, scene)
    if area.width >= 100 && area.height >= 24 {
      let rows = area.rows([.exactly(12), .exactly(5)] + (text == nil ? [] : [.share(2)]) + [.share()])
      let top = rows[0].columns([.share(), .share()])
      let bottom = rows[rows.count - 1].columns([.share(), .share()])
      if let text { drawText(text, in: rows[2], on: &canvas) }
      drawLines(Self.title(request, scene), numbers(request, scene), in: top[0], isFocused: false, on: &canvas)
      drawLines("tokens and blocks", memory(request, scene, width: top[1].width - 4), in: top[1], isFocused: false, on: &canvas)
      drawLife(request, scene, in: rows[1], on: &canvas)
      drawLines("story", story(request, scene, width: bottom[0].width - 4), in: bottom[0], isFocused: false, on: &canvas)
      drawLines("decisions", decisions(request, scene), badge: recorded(scene), in: bottom[1], scroll: scene.view.requests.scroll, isFocused: true, on: &canvas)
    } else if area.width >= 76 && area.height >= 16 {
      let rows = area.rows([.exactly(4)] + (text == nil ? [] : [.exactly(7)]) + [.share()])
      let columns = rows[rows.count - 1].columns([.share(), .share()])
      let right = columns[1].rows([.share(), .share()])
      if let text { drawText(text, in: rows[1], on: &canvas) }
      drawLife(request, scene, in: rows[0], on: &canvas)
      drawLines(Self.title(request, scene), numbers(request, scene) + memory(request, scene, width: columns[0].width - 4), in: columns[0], isFocused: false, on: &canvas)
      drawLines("story", story(request, scene, width: right[0].width - 4), in: right[0], isFocused: false, on: &canvas)
      drawLines("decisions", decisions(request, scene), badge: recorded(scene), in: right[1], scroll: scene.view.requests.scroll, isFocused: true, on: &canvas)
    } else {
      let told = text.map { LiveText.wrap($0.answer, width: max(1, area.width - 4)).map { StyledText($0) } } ?? []
      let lines = told + numbers(request, scene) + memory(request, scene, width: area.width - 4) + story(request, scene, width: area.width - 4) + decisions(request, scene)
      let room = max(0, area.height - 2)
      let back = max(0, lines.count - room - scene.view.requests.scroll)
      drawLines(Self.title(request, scene), lines, in: area, scroll: back, isFocused: true, on: &canvas)
    }
  }

  /// The end of the prompt, muted, and all of the answer that fits.
  private func drawText(_ text: LiveText, in area: Rect, on canvas: inout Canvas) {
    let inside = Panel("asked and answered", badge: StyledText("real tokens", Style(.measured))).draw(in: area, on: &canvas)
    let width = max(1, inside.width - 2)
    let answer = LiveText.wrap(text.answer, width: width)
    let prompt = LiveText.wrap(text.prompt, width: width)
    // A third for the question when both are long.
    let asked = min(prompt.count, max(inside.height - answer.count, inside.height / 3))
    let lines = prompt.suffix(asked).map { StyledText($0, .muted) } + answer.suffix(max(0, inside.height - asked)).map { StyledText($0) }
    for (row, line) in lines.enumerated() { canvas.put(line, at: Point(inside.left + 1, inside.top + row), width: width) }
  }

  private static func title(_ request: RequestID, _ scene: Scene) -> StyledText {
    let state = RequestState(of: request, in: scene.run.observatory)
    return BlocksPage.name(request, scene) + " · " + StyledText(state.rawValue, state.style)
  }

  private func recorded(_ scene: Scene) -> String {
    guard let first = scene.run.observatory.lanes.columns.first?.step, first > 0 else { return "all steps" }
    return "computed from step \(Figure.grouped(first)) on"
  }

  /// - Parameter scroll: lines back from the last; nil shows the first ones.
  private func drawLines(
    _ title: StyledText, _ lines: [StyledText], badge: String = "", in area: Rect, scroll: Int? = nil, isFocused: Bool,
    on canvas: inout Canvas
  ) {
    let room = max(0, area.height - 2)
    let furthest = max(0, lines.count - room)
    let first = scroll.map { furthest - min(max(0, $0), furthest) } ?? 0
    let position = furthest == 0 ? "" : "\(first + 1)-\(min(lines.count, first + room)) of \(Figure.grouped(lines.count))"
    let inside = Panel(
      title, badge: StyledText(badge, Style(.borderBadge)), position: StyledText(position, Style(.borderBadge)), isFocused: isFocused
    ).draw(in: area, on: &canvas)
    for (offset, line) in lines.dropFirst(first).prefix(room).enumerated() {
      canvas.put(line, at: Point(inside.left + 1, inside.top + offset), width: inside.width - 2)
    }
  }

  private func drawLife(_ request: RequestID, _ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    guard let story = scene.run.observatory.stories.story(of: request), let start = story.intervals.first?.start else { return }
    // Its whole life, whatever the list shows.
    let end = story.intervals.last.flatMap { $0.phase.isOver ? $0.start : nil } ?? scene.run.now
    let width = max(1, area.width - 4)
    let span = max((end - start).nanoseconds, 1_000_000)
    let axis = TimeAxis(start: start, span: EngineTime(nanoseconds: span), columns: width)
    var reason: String?
    if case .rejected(let why) = scene.run.observatory.requests[request.index].outcome { reason = why.sentence }
    let inside = Panel("life", badge: axis.scale, footer: "· queued █ prefill ▒ decode ╳ preempted ░ stalled").draw(in: area, on: &canvas)
    canvas.put(axis.ruler, at: Point(inside.left + 1, inside.top), style: .muted)
    for row in 1..<(reason == nil ? max(2, inside.height) : 2) {
      canvas.put(LifeBar.text(story, on: axis, now: scene.run.now, reason: row == 1 ? reason : nil), at: Point(inside.left + 1, inside.top + row))
    }
  }

  // MARK: Lines

  private func line(_ name: String, _ value: StyledText) -> StyledText { StyledText(name.padded(to: 10), .muted) + value }

  private func numbers(_ request: RequestID, _ scene: Scene) -> [StyledText] {
    let observatory = scene.run.observatory
    let record = observatory.requests[request.index]
    let arrival = scene.run.engine.trace.arrivals[request.index]
    let slo = observatory.scoreboard.slo
    func time(_ time: EngineTime?, _ promised: EngineTime? = nil) -> StyledText {
      guard let time else { return StyledText("–".rightAligned(in: 9), .muted) }
      let isMissed = promised.map { time > $0 } ?? false
      let text = StyledText(Figure.span(.nanoseconds(time.nanoseconds), width: 9), isMissed ? Style(.sloMissed) : .plain)
      return text + StyledText(promised.map { (isMissed ? "! " : "  ") + "SLO " + Figure.span(.nanoseconds($0.nanoseconds)) } ?? "", .muted)
    }
    func count(_ number: Int) -> StyledText { StyledText(Figure.grouped(number, width: 9)) }
    var lines = [
      line("arrival", StyledText(Figure.clock(.nanoseconds(record.arrival.nanoseconds), width: 9))),
      line("prompt", count(Int(record.input)) + StyledText(" tok" + (record.reused > 0 ? ", \(Figure.grouped(Int(record.reused))) cached" : ""), .muted)),
      line("output", count(Int(record.output)) + StyledText(" of at most \(Figure.grouped(arrival.outputLimit))", .muted)),
      line("queue", time(record.queue)), line("TTFT", time(record.ttft, slo.ttft)), line("TPOT", time(record.tpot, slo.tpot)),
      line("last token", time(record.e2e) + StyledText("  after arrival", .muted)),
      line("preempted", count(Int(record.preemptions)) + StyledText(" ×", .muted)),
      line("priority", count(arrival.priority) + StyledText(label(arrival.label, scene), .muted)),
    ]
    if let rate = record.acceptanceRate {
      lines.append(line("drafts", StyledText(Figure.percent(rate, width: 9)) + StyledText(" of \(Figure.grouped(Int(record.drafted))) stood", .muted)))
    }
    if case .rejected(let reason) = record.outcome { lines.insert(line("rejected", StyledText(reason.sentence, Style(.phaseFailed))), at: 0) }
    // What steps did with it is told beside; why the last one did nothing is not.
    if record.outcome == .running, let step = scene.run.last?.plan, !step.slots.contains(where: { $0.request == request }),
      let live = scene.request(request), let why = WhyInStep.sentence(live, scene.run)
    {
      lines.insert(line("this step", StyledText(why, Style(.warn))), at: 0)
    }
    if record.outcome == .waiting, let why = scene.run.last?.plan.admissionEnd {
      lines.insert(line("not now", StyledText(why.sentence, Style(.warn))), at: 0)
    }
    return lines
  }

  private func label(_ label: UInt16, _ scene: Scene) -> String {
    let labels = scene.run.engine.trace.labels
    return label > 0 && Int(label) < labels.count ? " · " + labels[Int(label)] : ""
  }

  private func memory(_ request: RequestID, _ scene: Scene, width: Int) -> [StyledText] {
    let scheduler = scene.run.engine.state.scheduler
    let requests = scheduler.requests
    let record = scene.run.observatory.requests[request.index]
    let limit = scene.run.engine.trace.arrivals[request.index].outputLimit
    let bar = max(4, min(40, width - 10 - 18))
    func gauge(_ name: String, _ have: Int, _ all: Int) -> StyledText {
      line(name, Gauge.text(all == 0 ? 0 : Double(have) / Double(all), width: bar) + StyledText(" \(Figure.grouped(have))/\(Figure.grouped(all))"))
    }
    var lines: [StyledText] = []
    let gaps = RequestLife.gaps(request, scene.run)
    if let row = scheduler.running.first(where: { requests[Int($0)].id == request }) {
      let live = requests[Int(row)]
      let table = scheduler.memory.tables[Int(row)]
      let runs = BlockRuns(table.blocks, tokens: live.computed - Int(table.dropped), memory: scheduler.memory)
      lines = [
        gauge("computed", live.computed, live.known), gauge("output", Int(record.output), limit),
        line("blocks", StyledText("\(Figure.grouped(runs.blockCount)) in \(Figure.grouped(runs.runs.count)) runs, \(Figure.grouped(runs.sharedCount)) shared")),
        line("slack", StyledText("\(Figure.grouped(runs.slack)) tok")),
        line("if lost", StyledText("\(Figure.grouped(live.computed)) tok, \(Figure.grouped(runs.findableTokens)) cached")),
      ]
      if table.dropped > 0 { lines.append(line("dropped", StyledText("\(Figure.grouped(Int(table.dropped))) tok, gone until computed again"))) }
    } else {
      lines = [gauge("output", Int(record.output), limit), line("blocks", StyledText("none", .muted))]
    }
    if !gaps.isEmpty {
      lines.append(line("step ms", StyledText(Sparkline.text(gaps, width: min(gaps.count, bar)), Style(.info)) + StyledText(" " + Figure.fixed(gaps[gaps.count - 1], decimals: 1))))
    }
    return lines
  }

  private func story(_ request: RequestID, _ scene: Scene, width: Int) -> [StyledText] {
    guard let story = scene.run.observatory.stories.story(of: request) else { return [] }
    return RequestLife.story(story, until: scene.run).map { chapter in
      var line = StyledText(Figure.clock(.nanoseconds(chapter.start.nanoseconds)) + "  ", .muted) + StyledText(chapter.text)
      for more in [chapter.isNow ? " so far" : nil, chapter.step.map { " · step " + Figure.grouped($0) }] {
        if let more, line.cells + more.cells <= width { line += StyledText(more, .muted) }
      }
      return line
    }
  }

  private func decisions(_ request: RequestID, _ scene: Scene) -> [StyledText] {
    RequestLife.decisions(request, scene.run).map { line in
      StyledText(line.steps.rightAligned(in: 11) + "  ", .muted) + StyledText(line.text)
    }
  }

  /// The last line that scrolling can reach is the first.
  func furthestScroll(_ request: RequestID, _ scene: Scene) -> Int {
    numbers(request, scene).count + 8 + story(request, scene, width: 80).count + decisions(request, scene).count
  }
}

extension StepPlan.AdmissionEnd {
  /// Why nobody more left the queue in the last step.
  fileprivate var sentence: String {
    switch self {
    case .queueEmpty: "the queue was empty at the last step"
    case .tokenBudget: "the step's token budget is spent"
    case .sequences: "the batch is full"
    case .wholePrompt(let tokens, let left): "the head's \(Figure.grouped(tokens)) tok may not be cut, \(Figure.grouped(left)) are left"
    case .memory(let needed, let free): "the head needs \(Figure.grouped(needed)) blk, \(Figure.grouped(free)) are free"
    case .scattered(let needed, let longest, _):
      "the head needs \(Figure.grouped(needed)) blk side by side, at most \(Figure.grouped(longest)) lie so"
    case .peak(let expected, let pool): "with the head, \(Figure.grouped(expected)) of \(Figure.grouped(pool)) blk would be needed at the end"
    case .notTheirTurn: "the policy lets nobody in at this moment"
    case .promptTokens: "prompts have had their share of the step"
    case .preemption: "someone was preempted in this step"
    case .heldBack: "prompts are not read in this step"
    case .layersTaken: "the prompts before it are on their way through the layers"
    case .batchClosed: "the batch is static and closed"
    case .decodesAlone: "running requests decode alone"
    }
  }
}
