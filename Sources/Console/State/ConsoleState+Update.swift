import Core
import Host
import Screen

/// Everything that can happen to the screen.
public enum ConsoleEvent: Sendable {
  case input(InputEvent)
  case snapshot(Snapshot)
  /// The answer to `Effect.listFiles`.
  case files([String])
  /// What came of an effect.
  case told(String, isError: Bool)
  /// Another run is in the engine.
  case opened(RunLabel, path: String)
  /// Milliseconds that the last frame took.
  case frameTook(Double)
  /// So long nothing was typed. The state has no other clock.
  case waited(Duration)
}

extension ConsoleState {
  public mutating func update(_ event: ConsoleEvent) -> [Effect] {
    defer {
      snapshot.shown.focus = view.instance
      snapshot.head.focus = view.instance
    }
    switch event {
    case .input(let input): return receive(input)
    case .snapshot(let snapshot): show(snapshot)
    case .files(let files): self.files = files
    case .told(let sentence, let isError): say(sentence, isError: isError)
    case .opened(let label, let path):
      let page = view.page
      view = ViewState()
      view.page = page
      marks = [:]
      self.label = label
      recentFiles.removeAll { $0 == path }
      recentFiles.insert(path, at: 0)
      say("opened \(path)")
    case .frameTook(let milliseconds): frameMilliseconds = milliseconds
    case .waited(let time):
      maybeCount?.age += time
      if let age = maybeCount?.age, age >= MaybeCount.moment { maybeCount = nil }
    }
    return []
  }

  private mutating func receive(_ input: InputEvent) -> [Effect] {
    switch input {
    case .key(let key): return press(key)
    case .mouse(let mouse): return point(mouse)
    case .paste(let text):
      guard var dialog, !Frame.isTooSmall(size) else { return [] }
      let answer = dialog.paste(text.filter { !$0.isNewline }, self)
      return take(answer, from: dialog)
    case .resize(let size): self.size = size
    case .focus(let isWatched): self.isWatched = isWatched
    case .cursorReport, .modeReport: break
    }
    return []
  }

  // MARK: Keys

  mutating func press(_ key: KeyPress) -> [Effect] {
    toast = nil
    if key == .control("c") { return [.quit] }
    let maybeCount = maybeCount
    self.maybeCount = nil
    if Frame.isTooSmall(size) { return pressBlind(key) }
    if let awaited { return answer(awaited, key) }
    if var dialog {
      let answer = dialog.press(key, self)
      return take(answer, from: dialog)
    }
    if key == KeyPress(.escape) { return escape() }
    if let digit = key.typed?.wholeNumberValue, digit <= 9, extendCount(digit, maybeCount) { return [] }
    if let maybeCount, let character = key.typed, ".,[]".contains(character) {
      count = maybeCount.count
      view.page = maybeCount.page
    }
    if let (command, binding) = CommandCatalogue.binding(of: key) {
      if binding.yieldsToPage, count == nil, let reaction = react({ $0.press(key, $1, in: $2) }) { return reaction }
      return carryOut(command, Call(argument: binding.argument, count: takeCount(), key: key))
    }
    count = nil
    if let effects = react({ $0.press(key, $1, in: $2) }) { return effects }
    say("\(key.label) does nothing here; ? lists the keys")
    return []
  }

  /// The card takes the keys that need no picture.
  private mutating func pressBlind(_ key: KeyPress) -> [Effect] {
    guard let (command, binding) = CommandCatalogue.binding(of: key), command.worksBlind else { return [] }
    return carryOut(command, Call(argument: binding.argument, count: takeCount(), key: key))
  }

  private mutating func takeCount() -> Int? {
    defer { count = nil }
    return count
  }

  /// Digits that name a page go there, unless a count has begun. What begins one is a digit that is
  /// no page: in `70.` the `7`, in `10.` the `0`, which makes a count of the `1` before it.
  private mutating func extendCount(_ digit: Int, _ before: MaybeCount?) -> Bool {
    let number = min((count ?? before?.count ?? 0) * 10 + digit, 9_999_999)
    if count == nil, PageCatalogue.members.indices.contains(digit - 1) {
      maybeCount = MaybeCount(count: number, page: before?.page ?? view.page)
      return false
    }
    count = number
    if let before { view.page = before.page }
    return true
  }

  /// Out of the innermost thing.
  private mutating func escape() -> [Effect] {
    if count != nil {
      count = nil
      return []
    }
    if let effects = react({ $0.press(KeyPress(.escape), $1, in: $2) }) { return effects }
    if !view.filter.isEmpty {
      view.filter = ""
      say("every request is listed again")
    } else if view.isZoomed {
      view.isZoomed = false
    }
    return []
  }

  private mutating func answer(_ awaited: Awaited, _ key: KeyPress) -> [Effect] {
    self.awaited = nil
    guard key != KeyPress(.escape) else { return [] }
    guard let letter = key.typed, letter.isLetter || letter.isNumber else {
      say("a mark is a letter or a digit")
      return []
    }
    return run(line: (awaited == .mark ? "mark " : "jump ") + String(letter))
  }

  // MARK: Commands

  /// Carries out what a line of the command line, a menu or a script says.
  public mutating func run(line: String) -> [Effect] {
    let line = TypedLine(line)
    guard let command = CommandCatalogue.named(line.name) else {
      say("there is no command \(line.name); : lists them", isError: true)
      return []
    }
    return carryOut(command, Call(argument: line.argument, count: nil, key: nil))
  }

  mutating func carryOut(_ command: ConsoleCommand, _ call: Call) -> [Effect] {
    if let obstacle = command.obstacle(self) {
      say(obstacle)
      return []
    }
    if let argument = call.argument, let fault = command.fault(self, argument) {
      say(fault, isError: true)
      return []
    }
    if command.argument?.isRequired == true && call.argument == nil { return ask("\(command.name) ") }
    return command.perform(&self, call)
  }

  /// Opens the command line with something already typed.
  mutating func ask(_ text: String) -> [Effect] {
    var palette = PaletteDialog(text)
    let effects = palette.needs
    palette.follow(self)
    dialog = palette
    return effects
  }

  private mutating func take(_ answer: DialogAnswer, from dialog: any Dialog) -> [Effect] {
    self.dialog = dialog
    switch answer {
    case .stay: return []
    case .close:
      self.dialog = nil
      return []
    case .run(let line):
      self.dialog = nil
      if dialog is PaletteDialog {
        typedLines.removeAll { $0 == line }
        typedLines.append(line)
        if typedLines.count > 100 { typedLines.removeFirst() }
      }
      return run(line: line)
    case .press(let key):
      self.dialog = nil
      return press(key)
    case .filter(let text, let closes):
      view.filter = text
      if closes { self.dialog = nil }
      return []
    case .say(let sentence):
      say(sentence)
      return []
    case .effects(let effects): return effects
    }
  }

  // MARK: Pages

  /// What the page makes of a key or a click; nil when it has no use for it.
  mutating func react(_ ask: (any Page, Scene, Rect) -> Reaction?) -> [Effect]? {
    guard let reaction = ask(page, scene, Frame.pageArea(size)) else { return nil }
    let isZoomed = view.isZoomed
    view = reaction.view
    // A small screen zooms by itself; that is not the viewer's choice.
    if Frame.showsOnePanel(size) && reaction.view.isZoomed { view.isZoomed = isZoomed }
    if !PageCatalogue.members.indices.contains(view.page) { view.page = 0 }
    if let notice = reaction.notice { say(notice) }
    return reaction.requests.map { .engine($0) }
  }

  // MARK: The mouse

  private mutating func point(_ mouse: MouseEvent) -> [Effect] {
    guard !Frame.isTooSmall(size) else { return [] }
    switch mouse.action {
    case .wheelUp: return press(KeyPress(.up))
    case .wheelDown: return press(KeyPress(.down))
    case .press(.left): break
    default: return []
    }
    toast = nil
    awaited = nil
    maybeCount = nil
    if var dialog {
      let area = dialog.area(self)
      guard area.contains(mouse.at) else { return take(dialog.press(KeyPress(.escape), self), from: dialog) }
      let answer = dialog.click(mouse.at, self)
      return take(answer, from: dialog)
    }
    if mouse.at.row == Frame.tabRow {
      guard let page = Tabs(self).page(at: mouse.at.column) else { return [] }
      view.page = page
      return []
    }
    if mouse.at.row == size.height - 1 {
      guard let key = HintRow(self).key(at: mouse.at.column) else { return [] }
      return press(key)
    }
    return react { $0.click(mouse.at, $1, in: $2) } ?? []
  }
}
