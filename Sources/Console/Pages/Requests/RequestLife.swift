import Analysis
import Core
import Host
import Screen
import ServingEngine

/// What is recorded of one request, as lines in order of steps.
struct RequestLife {
  struct Line: Equatable {
    var step: StepIndex
    /// The last step of a line that stands for several.
    var lastStep: StepIndex
    var text: String

    init(_ step: StepIndex, to last: StepIndex? = nil, _ text: String) {
      self.step = step
      lastStep = last ?? step
      self.text = text
    }

    var steps: String { step == lastStep ? Figure.grouped(step) : "\(Figure.grouped(step))-\(Figure.grouped(lastStep))" }
  }

  // MARK: The story

  /// A phase in words: `prefill 90.6 ms, 2 steps`.
  struct Chapter: Equatable {
    var start: EngineTime
    /// Nil where no step had begun yet.
    var step: StepIndex?
    var text: String
    var isNow: Bool
  }

  static func story(_ story: RequestStory, until run: Run) -> [Chapter] {
    story.intervals.indices.map { place in
      let interval = story.intervals[place]
      let span = Figure.span(.nanoseconds((interval.end ?? max(run.now, interval.start)).nanoseconds - interval.start.nanoseconds))
      let steps = Self.steps(story, place, before: run.step)
      let counted = steps == 1 ? "1 step" : "\(Figure.grouped(steps)) steps"
      let text = switch interval.phase {
      case .queued: "queued \(span)"
      case .prefill: "prefill \(span), \(counted)"
      case .decode: "decode \(span), \(counted)"
      case .preempted: "preempted \(span)"
      case .stalled: "stalled \(span), \(counted)"
      case .moving: "moving \(span)"
      case .finished: "finished"
      case .aborted: "aborted: client hung up"
      case .rejected: "rejected"
      }
      return Chapter(
        start: interval.start, step: interval.phase == .queued ? nil : interval.step, text: text,
        isNow: interval.end == nil && !interval.phase.isOver)
    }
  }

  /// Steps of a phase. Decoding begins at the end of the step that gave the first token, unless it goes on after a stall.
  private static func steps(_ story: RequestStory, _ place: Int, before step: StepIndex) -> Int {
    let interval = story.intervals[place]
    let before = place > 0 ? story.intervals[place - 1].phase : nil
    let first = interval.phase == .decode && before == .prefill ? interval.step + 1 : interval.step
    guard place + 1 < story.intervals.count else { return max(0, step - first) }
    let next = story.intervals[place + 1]
    let ownsLast = next.phase == .finished || interval.phase == .prefill && next.phase == .decode
    return max(0, next.step - first + (ownsLast ? 1 : 0))
  }

  // MARK: The decisions

  /// Every recorded decision that touched it. What was computed in which step is known for the last steps only.
  static func decisions(_ request: RequestID, _ run: Run) -> [Line] {
    var lines = changes(request, run) + computed(request, run) + misses(request, run)
    // Stable: of one step the change stands before what it led to.
    let order = lines.indices.sorted { lines[$0].step != lines[$1].step ? lines[$0].step < lines[$1].step : $0 < $1 }
    lines = order.map { lines[$0] }
    return lines
  }

  private static func changes(_ request: RequestID, _ run: Run) -> [Line] {
    let record = run.observatory.requests[request.index]
    guard let story = run.observatory.stories.story(of: request) else { return [] }
    var before: StoryPhase?
    return story.intervals.compactMap { interval in
      defer { before = interval.phase }
      switch interval.phase {
      case .queued: return Line(interval.step, "arrives")
      case .prefill:
        if before == .preempted { return Line(interval.step, "admitted again") }
        if before == .stalled { return Line(interval.step, "goes on") }
        return Line(interval.step, "admitted" + (record.reused > 0 ? ", \(Figure.grouped(Int(record.reused))) cached" : ""))
      case .decode where before == .moving:
        return Line(interval.step, "decodes on instance \(record.instance + 1)")
      case .decode: return before == .stalled ? Line(interval.step, "goes on") : nil
      case .preempted: return Line(interval.step, "preempted: loses its blocks")
      case .stalled: return Line(interval.step, "left out")
      case .moving: return Line(interval.step, "handed on: another instance decodes")
      case .finished:
        if case .finished(.contextLimit) = record.outcome { return Line(interval.step, "leaves: the context is full") }
        return Line(interval.step, "leaves: \(Figure.grouped(Int(record.output))) tok are out")
      case .aborted: return Line(interval.step, "leaves: the client hung up")
      case .rejected:
        if case .rejected(let reason) = record.outcome { return Line(interval.step, "rejected: " + reason.sentence) }
        return Line(interval.step, "rejected")
      }
    }
  }

  private static func computed(_ request: RequestID, _ run: Run) -> [Line] {
    var lines: [Line] = []
    var last: Lanes.Cell?
    var steps = 0
    for column in run.observatory.lanes.columns {
      guard let cell = column[request], cell.tokens > 0 else {
        last = nil
        continue
      }
      if let before = last, before.tokens == cell.tokens, before.emitted == cell.emitted, before.drafts == cell.drafts,
        before.isUnderWay == cell.isUnderWay
      {
        steps += 1
        lines[lines.count - 1].lastStep = column.step
        lines[lines.count - 1].text = sentence(cell, steps)
      } else {
        steps = 1
        lines.append(Line(column.step, sentence(cell, 1)))
      }
      last = cell
    }
    return lines
  }

  /// `reads 512 tok each`, `decodes → 21 out`, `decodes, 4 drafts → 60 out`.
  private static func sentence(_ cell: Lanes.Cell, _ steps: Int) -> String {
    let own = Int(cell.tokens) - Int(cell.drafts)
    if cell.isUnderWay { return "\(Figure.grouped(own)) tok through a part of the layers" + (steps > 1 ? " each" : "") }
    let verb = own > 1 || cell.emitted == 0 ? "reads \(Figure.grouped(own)) tok" + (steps > 1 ? " each" : "") : "decodes"
    return verb + (cell.drafts > 0 ? ", \(cell.drafts) drafts" : "")
      + (cell.emitted > 0 ? " → \(Figure.grouped(Int(cell.emitted) * steps)) out" : "")
  }

  private static func misses(_ request: RequestID, _ run: Run) -> [Line] {
    let marks = run.observatory.marks
    let first = run.observatory.stories.story(of: request)?.intervals.first?.step ?? 0
    return marks.marks(in: first..<max(first, run.step + 1)).compactMap { mark in
      if case .missed(let miss) = mark.kind, miss.request == request {
        return Line(
          mark.step, "! \(miss.quantity.rawValue) \(Figure.span(.nanoseconds(miss.value.nanoseconds))), promised \(Figure.span(.nanoseconds(miss.promised.nanoseconds)))")
      }
      return nil
    }
  }

  /// Milliseconds of the steps that gave it tokens, as far as they are recorded, oldest first.
  static func gaps(_ request: RequestID, _ run: Run) -> [Double] {
    let steps = run.observatory.steps
    return run.observatory.lanes.columns.compactMap { column in
      guard let cell = column[request], cell.emitted > 0, column.step < steps.count else { return nil }
      return steps[column.step].duration.milliseconds
    }
  }
}
