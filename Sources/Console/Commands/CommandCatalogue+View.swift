import Core
import Host
import Screen
import ServingEngine

extension CommandCatalogue {
  static let view: [ConsoleCommand] = [
    ConsoleCommand(
      "page", .view, "to another page",
      keys: PageCatalogue.members.indices.prefix(9).map { .init(String($0 + 1), argument: name(ofPage: $0)) },
      argument: .init(placeholder: "NAME", isClosed: true),
      choices: { _ in
        PageCatalogue.members.indices.map {
          .init(argument: name(ofPage: $0), summary: PageCatalogue.members[$0].descriptor.summary)
        }
      },
      perform: { state, call in
        if let page = PageCatalogue.members.indices.first(where: { name(ofPage: $0) == call.argument }) { state.view.page = page }
        return []
      }),
    ConsoleCommand(
      "panel", .view, "to the next panel; S-Tab to the one before",
      keys: [.init("tab", argument: "next"), .init("S-tab", argument: "previous")],
      argument: .init(placeholder: "next|previous", isRequired: false),
      wrong: { _, text in text == "next" || text == "previous" ? nil : "panel \(text): next or previous is wanted" },
      obstacle: { state in
        let page = PageCatalogue.members[state.view.page]
        return page.panels.count < 2 ? "\(page.descriptor.name) is one panel" : nil
      },
      perform: { state, call in
        let count = PageCatalogue.members[state.view.page].panels.count
        guard count > 0, state.view.focus.indices.contains(state.view.page) else { return [] }
        let now = min(max(state.view.focus[state.view.page], 0), count - 1)
        state.view.focus[state.view.page] = (now + (call.argument == "previous" ? count - 1 : 1)) % count
        return []
      }),
    ConsoleCommand(
      "instance", .view, "to the next of several instances; I one before",
      keys: [.init("i", argument: "next"), .init("I", argument: "previous")],
      argument: .init(placeholder: "NUMBER|next|previous"),
      wrong: { state, text in
        let count = state.snapshot.shown.fleet.instances.count
        if text == "next" || text == "previous" || Int(text).map({ (1...count).contains($0) }) == true { return nil }
        return "instance \(text): a number from 1 to \(count), next or previous is wanted"
      },
      obstacle: { $0.snapshot.shown.fleet.isSeveral ? nil : "one instance serves this run; workbench TRACE --replicas N begins one with several" },
      perform: { state, call in
        let count = state.snapshot.shown.fleet.instances.count
        let number = call.argument.flatMap { Int($0) }.map { $0 - 1 } ?? state.view.instance + (call.argument == "previous" ? count - 1 : 1)
        state.view.instance = number % count
        return []
      }),
    ConsoleCommand(
      "zoom", .view, "the panel with the focus fills the page", keys: [.init("z")],
      obstacle: { Frame.showsOnePanel($0.size) ? "this terminal shows one panel at a time; Tab shows the next" : nil },
      perform: { state, _ in
        state.view.isZoomed.toggle()
        return []
      }),
    ConsoleCommand(
      "filter", .view, "list only what fits: chat prompt>1000 !done", keys: [.init("/")],
      argument: .init(placeholder: "TEXT", isRequired: false),
      perform: { state, call in
        if let text = call.argument {
          state.view.filter = text
          if let fault = RequestFilter(text).fault { state.say(fault, isError: true) }
        } else {
          state.dialog = FilterDialog(state)
        }
        return []
      }),
    ConsoleCommand(
      "match", .view, "to the next request of the filter; N one before",
      keys: [.init("n", argument: "next"), .init("N", argument: "previous")],
      argument: .init(placeholder: "next|previous", isRequired: false),
      wrong: { _, text in text == "next" || text == "previous" ? nil : "match \(text): next or previous is wanted" },
      obstacle: { $0.view.filter.isEmpty ? "there is no filter; / sets one" : nil },
      perform: { state, call in
        state.selectMatch(isBackwards: call.argument == "previous")
        return []
      }),
    forwarded("sort", "sort by another column; O sorts once", ["o", "O"], "has nothing to sort"),
    forwarded("reverse", "the other way round", ["r"], "has nothing to sort"),
    forwarded("look", "another view of the same panel", ["v"], "has one view only"),
    ConsoleCommand(
      "theme", .view, "colours; they are shown while you choose", keys: [.init("T")],
      argument: .init(placeholder: "NAME", isClosed: true),
      choices: { state in
        state.themes.enumerated().map { number, theme in
          .init(argument: theme.name, summary: number == state.themeIndex ? "\(theme.variant) · now" : "\(theme.variant)")
        }
      },
      perform: { state, call in
        guard let theme = state.themes.firstIndex(where: { $0.name == call.argument }) else { return [] }
        state.themeIndex = theme
        return [.remember(theme: state.themes[theme].name)]
      }),
  ]

  static let move: [ConsoleCommand] = [
    ConsoleCommand(
      "move", .move, "move the selection; g G ends, ^U ^D half a page",
      keys: [
        "h", "j", "k", "l", "left", "down", "up", "right", "g", "G", "C-u", "C-d", "pageup", "pagedown", "home", "end",
      ].map { .init($0) },
      obstacle: { _ in nil },
      perform: { state, call in call.key.flatMap { key in state.react { $0.press(key, $1, in: $2) } } ?? [] }),
    ConsoleCommand(
      "open-selected", .move, "into what is selected", keys: [.init("ret")],
      perform: { state, call in state.react { $0.press(KeyPress(.enter), $1, in: $2) } ?? [] }),
    ConsoleCommand(
      "out", .move, "out: closes, ends a count, the filter, the zoom",
      perform: { state, _ in state.press(KeyPress(.escape)) }),
  ]

  static func name(ofPage page: Int) -> String { PageCatalogue.members[page].descriptor.name.lowercased() }

  /// A common key whose meaning is the page's.
  private static func forwarded(_ name: String, _ summary: String, _ keys: [String], _ refusal: String) -> ConsoleCommand {
    ConsoleCommand(
      name, .view, summary, keys: keys.map { .init($0) },
      perform: { state, call in
        let key = call.key ?? KeyPress.character(Character(keys[0]))
        if let effects = state.react({ $0.press(key, $1, in: $2) }) { return effects }
        state.say("\(PageCatalogue.members[state.view.page].descriptor.name) \(refusal)")
        return []
      })
  }
}
