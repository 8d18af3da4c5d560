import Analysis
import ArgumentParser
import Screen

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Versions, paths, and what the terminal says it can do.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Versions, paths and terminal capabilities.")

  @Flag(help: "Print one JSON object.")
  var json = false

  static let version = "0.1.0"

  func run() {
    let rows = facts
    if json {
      print(JSONValue([("schema", "workbench.info/1")] + rows.map { ($0.0, JSONValue($0.1)) }).pretty())
    } else {
      let width = rows.map(\.0.count).max() ?? 0
      for (name, value) in rows { print(name.padded(width + 2) + (value ?? "–")) }
    }
  }

  private var facts: [(String, String?)] {
    var window = winsize()
    let isTerminal = isatty(1) == 1
    let hasSize = isTerminal && ioctl(1, UInt(TIOCGWINSZ), &window) == 0
    return [
      ("version", Self.version), ("system", Self.system),
      ("terminal", Paths.environment("TERM")), ("colour", Paths.environment("COLORTERM")),
      ("no_color", Paths.environment("NO_COLOR").flatMap { $0.isEmpty ? nil : $0 }),
      ("size", hasSize ? "\(window.ws_col)×\(window.ws_row)" : nil), ("locale", Paths.environment("LC_ALL") ?? Paths.environment("LANG")),
      ("themes", Paths.themeFolders.joined(separator: ":")), ("configuration", Paths.configuration),
      ("state", Paths.state), ("cache", Paths.cache),
    ]
  }

  private static var system: String {
    #if os(Linux)
      let name = "Linux"
    #elseif os(macOS)
      let name = "macOS"
    #else
      let name = "unknown"
    #endif
    #if arch(x86_64)
      return "\(name) x86-64"
    #elseif arch(arm64)
      return "\(name) arm64"
    #else
      return name
    #endif
  }
}
