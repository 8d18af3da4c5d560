import TOMLKit

/// A theme as a person writes it, in TOML:
///
///     inherits = "workbench-dark"        # optional: all that is not said here
///
///     [meta]
///     name = "dusk"
///     variant = "dark"                   # or "light"
///     license = "MIT"
///     author = "…"
///     paints_background = false          # true: fill the screen with bg
///
///     [palette]
///     sand = "#d7af87"                   # a hex colour, or an xterm number 0-255
///
///     [roles]                            # a role not named falls back: fg.muted → fg
///     "fg.muted" = "sand"                # a palette name, a hex colour, a number, "default"
///     "fg.strong" = { fg = "sand", bold = true }
///
///     [ramp.heat]
///     stops = ["#00224e", "sand"]        # two or more; spread over 16 levels
///
///     [requests]
///     colours = ["sand", …]              # up to 24; fewer start over
public struct ThemeFile: Equatable, Sendable {
  public let name: String
  public let license: String?
  public let author: String?
  public let theme: Theme

  init(name: String, license: String?, author: String?, theme: Theme) {
    self.name = name
    self.license = license
    self.author = author
    self.theme = theme
  }

  /// - Parameters:
  ///   - file: what to call the file in messages.
  ///   - base: finds the text of a theme to inherit from; built-in names need none.
  public init(
    _ text: String, file: String, base: (String) -> String? = { _ in nil }
  ) throws(ThemeError) {
    self = try Self.read(text, file: file, base: base, depth: 0)
  }

  private static func read(
    _ text: String, file: String, base: (String) -> String?, depth: Int
  ) throws(ThemeError) -> ThemeFile {
    let root: TOMLTable
    do {
      root = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw ThemeError(file, "line \(error.source.begin.line)", "is not TOML: \(error.description)", "correct the line")
    } catch {
      throw ThemeError(file, "file", "is not TOML: \(error)", "correct it")
    }
    var parent: ThemeFile?
    if let inherited = root["inherits"] {
      guard let name = inherited.string else {
        throw ThemeError(file, "inherits", "is not a string", "name a theme, as \"\(BuiltInTheme.dark.name)\"")
      }
      guard depth < 8 else {
        throw ThemeError(file, "inherits", "goes round in a circle at \"\(name)\"", "let one of the themes stand alone")
      }
      guard let text = BuiltInTheme.named(name) ?? base(name) else {
        throw ThemeError(
          file, "inherits", "names \"\(name)\", which is not there", "use \"\(BuiltInTheme.dark.name)\" or put the file beside this one")
      }
      parent = try read(text, file: name, base: base, depth: depth + 1)
    }
    var reader = ThemeReader(file: file, root: root)
    return try reader.read(over: parent)
  }
}

/// A theme file that cannot be used: which file, which key, what is wrong, and the way out.
public struct ThemeError: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let key: String
  public let problem: String
  public let wayOut: String

  init(_ file: String, _ key: String, _ problem: String, _ wayOut: String) {
    self.file = file
    self.key = key
    self.problem = problem
    self.wayOut = wayOut
  }

  public var description: String { "\(file): \(key) \(problem) — \(wayOut)" }
}
