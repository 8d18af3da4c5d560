import Analysis
import Core
import Host
import Screen
import ServingEngine

extension CommandCatalogue {
  static let time: [ConsoleCommand] = [
    ConsoleCommand(
      "run", .time, "pause, or run on from the moment shown", keys: [.init("space")], worksBlind: true,
      obstacle: { $0.snapshot.transport == .done ? "every request has been served; , steps back" : nil },
      perform: { state, _ in [.engine(state.isMoving ? .pause : .run)] }),
    ConsoleCommand(
      "back", .time, "step back; 10, steps back ten times", keys: [.init(",", yieldsToPage: true), .init("S", yieldsToPage: true)],
      argument: .init(placeholder: "COUNT", isRequired: false), worksBlind: true, wrong: isCount,
      obstacle: { $0.shownStep == 0 ? "this is step 0; nothing comes before it" : nil },
      perform: { _, call in [.engine(.step(-call.times))] }),
    ConsoleCommand(
      "step", .time, "step forward; 10. steps ten times", keys: [.init(".", yieldsToPage: true), .init("s", yieldsToPage: true)],
      argument: .init(placeholder: "COUNT", isRequired: false), worksBlind: true, wrong: isCount,
      obstacle: { $0.snapshot.shown.engine.nextStart == nil ? "every request has been served; , steps back" : nil },
      perform: { _, call in [.engine(.step(call.times))] }),
    ConsoleCommand(
      "previous", .time, "to the event before: a preemption, a miss …", keys: [.init("[")],
      obstacle: { $0.event(by: -1) == nil ? "no event comes before this step" : nil },
      perform: { state, call in state.visit(-(call.count ?? 1)) }),
    ConsoleCommand(
      "next", .time, "to the event after", keys: [.init("]")],
      obstacle: { state in
        guard state.event(by: 1) == nil else { return nil }
        return state.isAtHead ? "this is the newest step; Space runs on to the next event" : "no event comes after this step; f goes to the newest"
      },
      perform: { state, call in state.visit(call.count ?? 1) }),
    ConsoleCommand(
      "live", .time, "to the newest step, and run", keys: [.init("f")],
      obstacle: { state in
        switch state.snapshot.transport {
        case .live: "this is the newest step already"
        case .done: "every request has been served; , steps back"
        default: nil
        }
      },
      perform: { _, _ in [.engine(.live)] }),
    ConsoleCommand(
      "slower", .time, "half the pace", keys: [.init("lt")],
      obstacle: { $0.snapshot.pace.slower == $0.snapshot.pace ? "×\($0.snapshot.pace.label) is the slowest pace" : nil },
      perform: { state, _ in state.set(state.snapshot.pace.slower) }),
    ConsoleCommand(
      "faster", .time, "twice the pace", keys: [.init("gt")],
      obstacle: { $0.snapshot.pace.faster == $0.snapshot.pace ? "the pace is as fast as this machine can" : nil },
      perform: { state, _ in state.set(state.snapshot.pace.faster) }),
    ConsoleCommand(
      "pace", .time, "engine seconds for each second of the wall", argument: .init(placeholder: "FACTOR"),
      choices: { state in
        Pace.all.map { pace in
          let summary = pace == .unlimited ? "as fast as this machine can" : "×\(pace.label)"
          return .init(argument: pace.plainLabel, summary: pace == state.snapshot.pace ? summary + " · now" : summary)
        }
      },
      wrong: { _, text in Pace(typed: text) == nil ? "pace \(text): a number above 0, 1/8 or max is wanted" : nil },
      preview: { state, text in Pace(typed: text).map { "×\(state.snapshot.pace.label) → ×\($0.label)" } },
      perform: { state, call in call.argument.flatMap { Pace(typed: $0) }.map { state.set($0) } ?? [] }),
    ConsoleCommand(
      "goto", .time, "to the moment when so many steps had been taken", argument: .init(placeholder: "STEP"),
      wrong: { state, text in
        guard let step = Int(text.filter { $0 != "," }), step >= 0 else { return "goto \(text): a step is a whole number from 0" }
        let newest = state.snapshot.head.step
        return step > newest ? "goto \(text): the newest step is \(Figure.grouped(newest))" : nil
      },
      preview: { state, text in
        Int(text.filter { $0 != "," }).map { step in
          let distance = step - state.shownStep
          return "\(Figure.grouped(abs(distance))) steps \(distance < 0 ? "back" : "on")"
        }
      },
      perform: { _, call in
        guard let step = call.argument.flatMap({ Int($0.filter { $0 != "," }) }) else { return [] }
        return [.engine(.seek(step))]
      }),
    ConsoleCommand(
      "mark", .time, "mark this step with a letter", keys: [.init("m")],
      argument: .init(placeholder: "LETTER", isRequired: false),
      wrong: { _, text in text.count == 1 ? nil : "mark \(text): one letter or digit is wanted" },
      perform: { state, call in
        guard let letter = call.argument?.first else {
          state.awaited = .mark
          return []
        }
        state.marks[letter] = state.shownStep
        state.say("step \(Figure.grouped(state.shownStep)) is marked \(letter); '\(letter) comes back to it")
        return []
      }),
    ConsoleCommand(
      "jump", .time, "to a marked step", keys: [.init("'")],
      argument: .init(placeholder: "LETTER", isRequired: false),
      choices: { state in
        state.marks.sorted { $0.key < $1.key }.map {
          .init(argument: String($0.key), summary: "step \(Figure.grouped($0.value))")
        }
      },
      wrong: { state, text in
        text.first.flatMap { state.marks[$0] } == nil || text.count > 1 ? "nothing is marked \(text)" : nil
      },
      obstacle: { $0.marks.isEmpty ? "nothing is marked; m marks this step" : nil },
      perform: { state, call in
        guard let letter = call.argument?.first else {
          state.awaited = .jump
          return []
        }
        return state.marks[letter].map { [.engine(.seek($0))] } ?? []
      }),
    ConsoleCommand(
      "break", .time, "run until a condition holds", keys: [.init("c"), .init("C"), .init("b"), .init("B")],
      obstacle: { _ in "there are no breakpoints yet; [ and ] go from event to event" }, perform: { _, _ in [] }),
  ]

  private static let isCount: @Sendable (ConsoleState, String) -> String? = { _, text in
    Int(text).map { $0 > 0 && $0 < 10_000_000 } == true ? nil : "\(text): a number of steps from 1 is wanted"
  }
}

extension Call {
  fileprivate var times: Int { argument.flatMap { Int($0) } ?? max(1, count ?? 1) }
}

extension Pace {
  /// `4` where the label is `4.0`: as typed.
  var plainLabel: String { label.hasSuffix(".0") ? String(label.dropLast(2)) : label }
}

extension ConsoleState {
  var shownStep: StepIndex { snapshot.shown.step }
  var isAtHead: Bool { shownStep >= snapshot.head.step }

  var isMoving: Bool {
    switch snapshot.transport {
    case .live, .replay: true
    case .paused, .past, .done: false
    }
  }

  /// The pace is seen in the first row only while the engine runs.
  fileprivate mutating func set(_ pace: Pace) -> [Effect] {
    say("pace ×\(pace.label)")
    return [.engine(.pace(pace))]
  }

  /// The mark so many events from here, and the moment just after it; nil when there is none at all.
  /// A mark of step k can be seen when k + 1 steps have been taken.
  func event(by count: Int) -> (mark: Mark, step: StepIndex)? {
    let log = snapshot.head.observatory.marks
    var found: (mark: Mark, step: StepIndex)?
    var place = shownStep
    for _ in 0..<min(count.magnitude, 10_000) {
      guard let mark = count > 0 ? log.next(after: place - 1) : log.previous(before: place - 1) else { break }
      let step = min(mark.step + 1, snapshot.head.step)
      guard count > 0 ? step > place : step < place else { break }
      found = (mark, step)
      place = step
    }
    return found
  }

  fileprivate mutating func visit(_ count: Int) -> [Effect] {
    guard let (mark, step) = event(by: count) else { return [] }
    say(EventSentence.line(mark))
    return [.engine(.seek(step))]
  }
}
