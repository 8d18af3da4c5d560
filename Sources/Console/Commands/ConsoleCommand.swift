import Core
import Screen

/// Something a viewer can ask for. Keys, the row of keys, `?`, the command line,
/// the palette, scripts and the documentation are all made from the catalogue of these.
public struct ConsoleCommand: Sendable {
  public enum Group: String, CaseIterable, Sendable { case time, act, view, move, program }

  /// A key for the command, with the argument that it stands for.
  public struct Binding: Sendable {
    public var press: KeyPress
    public var argument: String?
    /// The page is asked first.
    public var yieldsToPage = false
  }

  public struct Argument: Sendable {
    /// As help writes it: `STEP`.
    public var placeholder: String
    public var isRequired = true
    /// Only what `choices` lists is accepted.
    public var isClosed = false
    /// What is typed is a part of a choice, if it fits one.
    public var prefersChoices = false
  }

  public struct Choice: Sendable {
    public var argument: String
    public var summary: String
    /// More about it, for the lower part of a menu.
    public var detail = ""
  }

  /// As typed on the command line.
  public let name: String
  public let group: Group
  public let summary: String
  public let keys: [Binding]
  public var argument: Argument?
  /// It can be asked for without seeing the page.
  public var worksBlind = false

  public var choices: @Sendable (ConsoleState) -> [Choice] = { _ in [] }
  /// What is wrong with an argument; nil when nothing is.
  var wrong: @Sendable (ConsoleState, String) -> String? = { _, _ in nil }
  /// Why it cannot be done now; nil when it can.
  public var obstacle: @Sendable (ConsoleState) -> String? = { _ in nil }
  /// What an argument would do.
  public var preview: @Sendable (ConsoleState, String) -> String? = { _, _ in nil }
  let perform: @Sendable (inout ConsoleState, Call) -> [Effect]

  init(
    _ name: String, _ group: Group, _ summary: String, keys: [Binding] = [], argument: Argument? = nil,
    worksBlind: Bool = false, choices: @escaping @Sendable (ConsoleState) -> [Choice] = { _ in [] },
    wrong: @escaping @Sendable (ConsoleState, String) -> String? = { _, _ in nil },
    obstacle: @escaping @Sendable (ConsoleState) -> String? = { _ in nil },
    preview: @escaping @Sendable (ConsoleState, String) -> String? = { _, _ in nil },
    perform: @escaping @Sendable (inout ConsoleState, Call) -> [Effect]
  ) {
    self.name = name
    self.group = group
    self.summary = summary
    self.keys = keys
    self.argument = argument
    self.worksBlind = worksBlind
    self.choices = choices
    self.wrong = wrong
    self.obstacle = obstacle
    self.preview = preview
    self.perform = perform
  }

  public func fault(_ state: ConsoleState, _ text: String) -> String? {
    guard let argument else { return text.isEmpty ? nil : "\(name) takes no argument" }
    if argument.isClosed, !choices(state).contains(where: { $0.argument == text }) {
      let list = choices(state).map(\.argument).joined(separator: ", ")
      return "\(name) \(text): there is no such choice; choose \(list)"
    }
    return wrong(state, text)
  }

  /// `goto STEP`
  public var usage: String {
    guard let argument else { return name }
    return argument.isRequired ? "\(name) \(argument.placeholder)" : "\(name) [\(argument.placeholder)]"
  }

  /// Its keys as help writes them: `, S`; nothing when it has none.
  public var keyLabel: String {
    var labels: [String] = []
    for binding in keys where !labels.contains(binding.press.label) { labels.append(binding.press.label) }
    let digits = labels.filter { $0.count == 1 && $0.first?.isNumber == true }
    if digits.count == labels.count, labels.count > 2 { return "\(labels[0])…\(labels[labels.count - 1])" }
    return labels.joined(separator: " ")
  }
}

/// How a command is asked for.
struct Call {
  var argument: String?
  var count: Int?
  var key: KeyPress?
}

extension ConsoleCommand.Binding {
  init(_ macro: String, argument: String? = nil, yieldsToPage: Bool = false) {
    guard let press = macro.count == 1 ? macro.first.map(KeyPress.character) : KeyPress(named: macro) else {
      fatalError("\(macro) is no key")
    }
    self.init(press: press, argument: argument, yieldsToPage: yieldsToPage)
  }
}

/// A line as typed: the name of a command and what follows it.
struct TypedLine {
  var name: String
  var argument: String?

  init(_ text: String) {
    let text = text.drop { $0 == " " || $0 == ":" }
    guard let space = text.firstIndex(of: " ") else {
      name = String(text)
      return
    }
    name = String(text[..<space])
    var rest = text[space...].drop { $0 == " " }
    while rest.last == " " { rest.removeLast() }
    argument = rest.isEmpty ? nil : String(rest)
  }
}
