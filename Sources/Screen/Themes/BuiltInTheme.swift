/// A theme that is in the program itself, so that it runs without any file.
public struct BuiltInTheme: Sendable {
  public let name: String
  /// TOML, as `ThemeFile` reads it.
  public let text: String

  /// The first is the default.
  public static let all = [dark, light, colorblind, mono]

  public static func named(_ name: String) -> String? { all.first { $0.name == name }?.text }

  public var theme: Theme {
    do {
      return try ThemeFile(text, file: name + ".toml").theme
    } catch {
      fatalError("a built-in theme cannot be read: \(error)")
    }
  }
}

extension Theme {
  /// What is used when nothing is said.
  public static let standard = BuiltInTheme.dark.theme
}
