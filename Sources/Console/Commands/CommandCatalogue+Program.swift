import Core
import Host
import Screen

extension CommandCatalogue {
  static let program: [ConsoleCommand] = [
    ConsoleCommand(
      "export", .program, "write the screen or the numbers to a file", keys: [.init("e")],
      argument: .init(placeholder: "FORMAT [FILE]"),
      choices: { _ in
        ExportRequest.Format.allCases.map {
          .init(argument: $0.rawValue, summary: $0.summary)
        }
      },
      wrong: { _, text in
        format(text) == nil
          ? "export \(text): formats are \(ExportRequest.Format.allCases.map(\.rawValue).joined(separator: ", "))" : nil
      },
      preview: { state, text in format(text).map { "writes \(file(text) ?? state.suggestedFile($0))" } },
      perform: { state, call in
        guard let text = call.argument, let format = format(text) else { return [] }
        return [.export(state.export(format, file: file(text)))]
      }),
    ConsoleCommand(
      "snapshot", .program, "the screen to an SVG file at once", keys: [.init("C-s")],
      perform: { state, _ in [.export(state.export(.svg, file: nil))] }),
    ConsoleCommand(
      "open", .program, "another trace or recording", keys: [.init("C-o")], argument: .init(placeholder: "FILE", prefersChoices: true),
      choices: { state in
        state.recentFiles.map { .init(argument: $0, summary: "recent") }
          + state.files.filter { !state.recentFiles.contains($0) }.map { .init(argument: $0, summary: "") }
      },
      perform: { state, call in
        guard let path = call.argument else { return [] }
        state.say("opening \(path) …")
        return [.open(path: path)]
      }),
    ConsoleCommand(
      "copy", .program, "copy the sentence about the selection", keys: [.init("y")],
      obstacle: { $0.canCopy ? nil : "this terminal takes no text; % frees the mouse for its own selection" },
      perform: { state, _ in
        let text = state.page.sentence(state.scene).text
        state.say(text.isEmpty ? "nothing is selected" : "copied: \(text)")
        return text.isEmpty ? [] : [.copy(text)]
      }),
    ConsoleCommand(
      "command", .program, "every command by name, with completion", keys: [.init(":"), .init("C-p")],
      perform: { state, _ in state.ask("") }),
    ConsoleCommand(
      "help", .program, "the keys of this place; type to search", keys: [.init("?"), .init("F1")],
      perform: { state, _ in
        state.dialog = KeysDialog(state)
        return []
      }),
    ConsoleCommand(
      "mouse", .program, "give the mouse to the terminal, or take it", keys: [.init("%")],
      perform: { state, _ in
        state.capturesMouse.toggle()
        state.say(state.capturesMouse ? "the mouse is ours: click tabs, keys and rows" : "the mouse is the terminal's: select and copy as always")
        return [.captureMouse(state.capturesMouse)]
      }),
    ConsoleCommand(
      "repaint", .program, "draw the whole screen again", keys: [.init("C-l")], worksBlind: true,
      perform: { _, _ in [.repaint] }),
    ConsoleCommand(
      "suspend", .program, "back to the shell; fg comes back", keys: [.init("C-z")], worksBlind: true,
      perform: { _, _ in [.suspend] }),
    ConsoleCommand("quit", .program, "leave", keys: [.init("q")], worksBlind: true, perform: { _, _ in [.quit] }),
    ConsoleCommand(
      "leave", .program, "leave at once, from anywhere", keys: [.init("C-c")], worksBlind: true,
      perform: { _, _ in [.quit] }),
  ]

  private static func format(_ text: String) -> ExportRequest.Format? {
    ExportRequest.Format(rawValue: String(text.prefix { $0 != " " }))
  }

  private static func file(_ text: String) -> String? { TypedLine(text).argument }
}

extension ConsoleState {
  /// `workbench-burst-10m-step-18204.svg`
  func suggestedFile(_ format: ExportRequest.Format) -> String {
    "workbench-\(label.fileStem)-step-\(shownStep).\(format.fileExtension)"
  }

  func export(_ format: ExportRequest.Format, file: String?) -> ExportRequest {
    var plain = self
    plain.dialog = nil
    plain.toast = nil
    return ExportRequest(
      format: format, fileName: file ?? suggestedFile(format), isNamed: file != nil, canvas: Frame.compose(plain),
      theme: themes[themeIndex], title: "workbench · \(label.traceName) · step \(Figure.grouped(shownStep))",
      run: snapshot.shown, configuration: snapshot.configuration)
  }
}
