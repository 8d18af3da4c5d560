import ArgumentParser
import Console
import Core
import Host
import Screen
import ServingEngine

/// How a screen is drawn.
struct PictureOptions: ParsableArguments {
  @Option(help: "Theme: a name of `list themes`, or of a file in the theme folders of `info`.")
  var theme: String?

  @Flag(help: "Draw with ASCII only.")
  var ascii = false

  @Option(help: ArgumentHelp("Page to begin with, by name or number.", valueName: "page"))
  var page: String?

  @Option(help: "Columns and rows of an exported screen.")
  var size = "120x40"

  /// The screen of a moment as svg, ansi or text.
  func picture(of timeline: Timeline, _ configuration: Configuration, format: String) throws -> String {
    let parts = size.split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, (20...1_000).contains(parts[0]), (6...500).contains(parts[1]) else {
      throw Fault("--size \(size): COLUMNSxROWS is wanted, for instance 120x40")
    }
    let themes = try Themes.all()
    let snapshot = Snapshot(
      shown: timeline.head, head: timeline.head, transport: timeline.head.fleet.isDone ? .done : .paused,
      commands: timeline.commands)
    let state = ConsoleState(
      snapshot: snapshot, label: RunLabel(configuration, trace: timeline.head.fleet.trace),
      size: Size(parts[0], parts[1]), themes: themes, theme: try Themes.checked(theme, in: themes), page: try pageNumber())
    var canvas = Frame.compose(state)
    if ascii { canvas = canvas.inASCII() }
    switch format {
    case "svg": return canvas.svg(theme: state.theme, title: "workbench · \(RunLabel(configuration, trace: timeline.head.fleet.trace).traceName) · step \(timeline.head.step)")
    case "ansi": return canvas.ansi(theme: state.theme) + "\n"
    default: return canvas.trimmedText + "\n"
    }
  }

  /// Position in the catalogue of pages.
  func pageNumber() throws -> Int {
    guard let page else { return 0 }
    let names = PageCatalogue.members.map { $0.descriptor.name.lowercased() }
    if let number = Int(page), names.indices.contains(number - 1) { return number - 1 }
    if let position = names.firstIndex(where: { $0.hasPrefix(page.lowercased()) }) { return position }
    throw Fault("--page \(page): choose \(names.joined(separator: ", ")), or 1 to \(names.count)")
  }
}

/// Themes at hand: those built in, and files that replace or add to them.
enum Themes {
  static func all() throws -> [Theme] {
    var themes = BuiltInTheme.all.map(\.theme)
    for folder in Paths.themeFolders.reversed() {
      for name in Files.names(in: folder) where name.hasSuffix(".toml") {
        let path = folder + "/" + name
        let text = String(decoding: try Files.bytes(of: path), as: UTF8.self)
        let theme: Theme
        do { theme = try ThemeFile(text, file: path).theme } catch { throw Fault("\(error)") }
        if let position = themes.firstIndex(where: { $0.name == theme.name }) {
          themes[position] = theme
        } else {
          themes.append(theme)
        }
      }
    }
    return themes
  }

  static func checked(_ name: String?, in themes: [Theme]) throws -> String? {
    guard let name else { return nil }
    guard themes.contains(where: { $0.name == name }) else {
      throw Fault("--theme \(name): there is no such theme; choose \(themes.map(\.name).joined(separator: ", "))")
    }
    return name
  }
}
