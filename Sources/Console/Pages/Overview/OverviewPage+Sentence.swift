import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

extension OverviewPage {
  /// The selected request in one sentence; the batch's last step when none is selected.
  public func sentence(_ scene: Scene) -> StyledText {
    let run = scene.snapshot.shown
    guard let id = scene.view.selected, run.observatory.requests.indices.contains(id.index) else { return step(scene) }
    let record = run.observatory.requests[id.index]
    var text = StyledText("\(id)", run.badges.slot(of: id).map { Style(.request($0)).bold } ?? .strong)
    text += StyledText("  \(Self.phase(of: id, scene))")
    let scheduler = run.engine.state.scheduler
    let requests = scheduler.requests
    switch record.outcome {
    case .running:
      guard let row = scheduler.running.first(where: { requests[Int($0)].id == id }) else { break }
      let request = requests[Int(row)]
      text += StyledText(" \(Figure.grouped(request.computed))/\(Figure.grouped(request.prompt.count + request.outputLimit))")
      text += StyledText(" · \(Figure.grouped(scheduler.memory.tables[Int(row)].blocks.count)) blocks")
      text += promise(record, scene)
      if let why = WhyInStep.sentence(request, run) { text += StyledText(" · \(why)") }
    case .waiting:
      text += StyledText(" since \(NumberText.span(run.now - record.arrival)) · prompt \(Figure.grouped(Int(record.input)))")
      text += promise(record, scene)
      if let request = requests.first(where: { $0.id == id && $0.phase != .left }),
        let remark = run.engine.planner.policy.remark(request, scheduler)
      {
        text += StyledText(" · \(remark)")
      }
    case .finished:
      text += StyledText(" · \(Figure.grouped(Int(record.output))) tokens")
      if let ttft = record.ttft { text += StyledText(" · TTFT \(NumberText.span(ttft))") }
      if let tpot = record.tpot { text += StyledText(" · TPOT \(NumberText.span(tpot))") }
    case .rejected(let reason): text += StyledText(": \(reason.sentence)")
    }
    return text + StyledText(" · Enter for detail", .muted)
  }

  /// How the request stands against what it was promised next.
  private func promise(_ record: RequestRecord, _ scene: Scene) -> StyledText {
    let run = scene.snapshot.shown
    guard let slack = Slack(record, run.observatory.scoreboard.slo, now: run.now) else { return "" }
    let used = slack.promised - slack.reserve
    let text = " · \(slack.quantity.rawValue) \(NumberText.span(used)) of \(NumberText.span(slack.promised))"
    let style: Style = slack.isMissed ? Style(.sloMissed) : slack.isAtRisk ? Style(.sloRisk) : .plain
    return StyledText(text + (slack.isMissed ? ", missed" : slack.isAtRisk ? ", at risk" : ""), style)
  }

  private func step(_ scene: Scene) -> StyledText {
    guard let record = scene.snapshot.shown.last?.record else { return "no step has been taken yet" }
    if let request = LiveText.latest(scene), let text = LiveText(request, scene) {
      return StyledText("\(request) ", scene.style(of: request).bold) + StyledText(text.line(width: 66))
    }
    let tokens = Int(record.prefillTokens + record.decodeTokens + record.draftTokens)
    if record.lane < 0 {
      return StyledText(
        "step \(Figure.grouped(record.step)) ended after \(NumberText.span(record.duration)) as somebody came"
          + Self.beside(record)) + StyledText(" · j k select a request", .muted)
    }
    return StyledText(
      "step \(Figure.grouped(record.step)) computed \(Self.count(tokens, "token")) of \(Self.count(Int(record.sequences), "request")) in "
        + NumberText.span(record.duration) + Self.beside(record)) + StyledText(" · j k select a request · ? explains keys and columns", .muted)
  }

  /// Where batches run side by side: ` on 44 SM; 1 batch goes on`.
  private static func beside(_ record: StepRecord) -> String {
    guard record.flights > 0 || record.share > 0 else { return "" }
    let place = record.share > 0 ? " on \(record.share) SM" : ""
    return place + "; " + (record.flights == 1 ? "1 batch goes on" : "\(record.flights) batches go on")
  }

  /// `1 token`, `2,048 tokens`
  private static func count(_ number: Int, _ noun: String) -> String { Figure.grouped(number) + " " + noun + (number == 1 ? "" : "s") }

  public func hints(_ scene: Scene) -> [Hint] {
    switch Self.focus(scene.view) {
    case .running: [Hint("j k", "select"), Hint("o", "sort"), Hint("r", "reverse"), Hint("v", "columns"), Hint("Enter", "detail"), Hint("z", "zoom")]
    case .waiting: [Hint("j k", "select"), Hint("Enter", "detail"), Hint("z", "zoom")]
    case .latency: [Hint("v", "last 512 / whole run"), Hint("z", "zoom")]
    case .memory: [Hint("v", "used / evicted"), Hint("z", "zoom")]
    case .steps: [Hint("v", "tokens / time"), Hint("z", "zoom")]
    case .events: [Hint("j k", "select"), Hint("Enter", "go there"), Hint("[ ]", "prev, next"), Hint("z", "zoom")]
    case .timeline: [Hint("w s", "zoom"), Hint("a d", "pan"), Hint("← →", "move playhead"), Hint("h l", "mark"), Hint("Enter", "go there"), Hint("v", "quantity")]
    case .hardware, .request: [Hint("z", "zoom")]
    }
  }
}
