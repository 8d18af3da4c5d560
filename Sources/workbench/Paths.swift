#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where things are kept, as the XDG base directory specification says.
enum Paths {
  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  static var configuration: String { folder("XDG_CONFIG_HOME", ".config") }
  static var state: String { folder("XDG_STATE_HOME", ".local/state") }
  static var cache: String { folder("XDG_CACHE_HOME", ".cache") }

  /// Where themes are looked for, first come first served: the user's, then those beside the program.
  static var themeFolders: [String] { [configuration + "/themes", "themes"] }

  private static func folder(_ variable: String, _ fallback: String) -> String {
    if let path = environment(variable), path.hasPrefix("/") { return path + "/workbench" }
    return (environment("HOME") ?? ".") + "/" + fallback + "/workbench"
  }
}
