import Screen

/// Every command, in the order of help. Adding one is an entry in the file of its group.
public enum CommandCatalogue {
  public static let all: [ConsoleCommand] = time + act + view + move + program

  public static func named(_ name: String) -> ConsoleCommand? { all.first { $0.name == name } }

  static func binding(of key: KeyPress) -> (command: ConsoleCommand, binding: ConsoleCommand.Binding)? {
    byKey[key].map { (all[$0.command], all[$0.command].keys[$0.binding]) }
  }

  private static let byKey: [KeyPress: (command: Int, binding: Int)] = {
    var table: [KeyPress: (command: Int, binding: Int)] = [:]
    for (number, command) in all.enumerated() {
      for (place, binding) in command.keys.enumerated() {
        guard table[binding.press] == nil else { fatalError("\(binding.press) is bound to two commands") }
        table[binding.press] = (number, place)
      }
    }
    return table
  }()

  /// The key map for a manual.
  public static var markdown: String {
    var text = "| keys | command | what it does |\n| --- | --- | --- |\n"
    for command in all {
      let keys = command.keys.map { "`\($0.press.label == "|" ? "\\|" : $0.press.label)`" }.joined(separator: " ")
      text += "| \(keys) | `\(command.usage)` | \(command.summary) |\n"
    }
    return text
  }
}
