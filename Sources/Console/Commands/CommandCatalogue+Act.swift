import Core
import Hardware
import Host
import Screen
import ServingEngine

extension CommandCatalogue {
  static let act: [ConsoleCommand] = [
    ConsoleCommand(
      "switch", .act, "switch policy, batching, memory or limits", keys: [.init("p")],
      perform: { state, _ in
        state.dialog = AxesDialog(state)
        return []
      }),
  ] + AxisCatalogue.everything.map(command) + [
    ConsoleCommand(
      "say", .act, "ask the model something: a request of its own", argument: .init(placeholder: "TEXT"),
      obstacle: { $0.snapshot.head.engine.device.language == nil ? "tokens are not real here; --device cpu has a real model" : nil },
      preview: { state, _ in "a request, \(state.whenItApplies)" },
      perform: { _, call in call.argument.map { [.engine(.say($0))] } ?? [] }),
    ConsoleCommand(
      "fork", .act, "the same trace with other choices, GPUs too, up to this moment", keys: [.init("x")],
      argument: .init(placeholder: "AXIS CHOICE…"),
      choices: { state in
        AxisCatalogue.everything.map { .init(argument: $0.name + " ", summary: "now \($0.current(state.snapshot.shown.engine)) · \($0.summary)") }
      },
      wrong: { state, text in
        switch forkCommands(text) {
        case .success: state.obstacleToForks
        case .failure(let fault): fault.description
        }
      },
      preview: { state, text in "\(text), \(ConsoleState.forks)" },
      perform: { _, call in
        guard let text = call.argument, case .success(let commands) = forkCommands(text) else { return [] }
        return [.engine(.fork(commands))]
      }),
    ConsoleCommand(
      "undo", .act, "return to the future that was left behind", keys: [.init("u")],
      obstacle: { $0.snapshot.branches == 0 ? "no future was left behind; a switch in the past leaves one" : nil },
      perform: { _, _ in [.engine(.undoBranch)] }),
  ]

  /// `tp 4 device h200`
  private static func forkCommands(_ text: String) -> Result<[Command], CommandError> {
    let words = text.split(separator: " ").map(String.init)
    guard !words.isEmpty, words.count % 2 == 0 else {
      return .failure(CommandError("fork \(text): names and choices are wanted in pairs, as in fork tp 2 device h200"))
    }
    var commands: [Command] = []
    for pair in stride(from: 0, to: words.count, by: 2) {
      guard let axis = AxisCatalogue.everything.first(where: { $0.name == words[pair] }) else {
        return .failure(CommandError("fork \(words[pair]): there is no such axis; : lists them"))
      }
      if let fault = axis.fault(of: words[pair + 1]) { return .failure(CommandError(fault)) }
      commands.append(Command(axis: axis.name, choice: words[pair + 1]))
    }
    return .success(commands)
  }

  /// `policy chunked`, `max-batched-tokens 4096`
  private static func command(of axis: Axis) -> ConsoleCommand {
    ConsoleCommand(
      axis.name, .act, axis.summary,
      argument: .init(placeholder: axis.range == nil ? axis.name.uppercased() : "NUMBER", isClosed: axis.takesNamesOnly),
      choices: { state in
        let current = axis.current(state.snapshot.shown.engine)
        return axis.members.map { member in
          .init(
            argument: member.name, summary: axis.isChoice(current, of: member) ? member.summary + " · now" : member.summary,
            detail: member.source)
        }
      },
      wrong: { state, text in
        let engine = state.snapshot.shown.engine
        if axis.forkChoice(text, of: engine) != nil { return state.obstacleToForks }
        if (try? axis.choice(text))?.description == axis.current(engine) { return "\(axis.name) is \(axis.current(engine)) already" }
        return axis.fault(of: text, in: engine).map { $0.hasPrefix("--") ? String($0.dropFirst(2)) : $0 }
      },
      preview: { state, text in
        "\(axis.name) \(axis.current(state.snapshot.shown.engine)) → \(text), "
          + (state.reasonToFork(text, on: axis) == nil ? state.whenItApplies : ConsoleState.forks)
      },
      perform: { state, call in
        guard let text = call.argument else { return [] }
        let command = Command(axis: axis.name, choice: text)
        return [.engine(axis.forkChoice(text, of: state.snapshot.shown.engine) == nil ? .command(command) : .fork([command]))]
      })
  }
}

extension ConsoleState {
  static let forks = "a fork from the trace's start up to now; u returns"

  /// Why no fork can be made; nil when one can.
  var obstacleToForks: String? {
    snapshot.configuration == nil ? "nobody said what this run began with: it cannot be forked" : nil
  }

  /// Why a choice takes a fork; nil when it takes none.
  func reasonToFork(_ text: String, on axis: Axis) -> String? {
    let engine = snapshot.shown.engine
    return axis.forkChoice(text, of: engine).map { axis.obstacle(engine, $0) ?? "" }
  }

  /// When a switch takes effect, and what that does to the future.
  var whenItApplies: String {
    switch snapshot.transport {
    case .past, .replay: "a new future from step \(Figure.grouped(shownStep)); u returns to the old one"
    case .live, .paused, .done: "from the next step on"
    }
  }
}
