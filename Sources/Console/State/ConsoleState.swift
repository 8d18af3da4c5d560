import Core
import Host
import Screen
import ServingEngine

/// All that the screen shows and nothing of how: the engine's last moment and the viewer's choices.
///
/// `update` is pure, and so is `Frame.compose`: a test is keys in and frames out.
///
///     var state = ConsoleState(snapshot: snapshot, size: Size(120, 40))
///     let effects = state.update(.input(.key(.character(" "))))   // [pause]
///     let frame = Frame.compose(state)
public struct ConsoleState: Sendable {
  public internal(set) var snapshot: Snapshot
  public internal(set) var label: RunLabel
  public internal(set) var size: Size
  public internal(set) var view = ViewState()
  /// What lies over the page and has the keys.
  public internal(set) var dialog: (any Dialog)?
  /// Digits typed before a key: `10.` steps ten times.
  public internal(set) var count: Int?
  /// A word to the viewer, until the next key.
  public internal(set) var toast: Toast?
  public internal(set) var themes: [Theme]
  public internal(set) var themeIndex: Int
  public internal(set) var frameMilliseconds: Double?
  public internal(set) var capturesMouse: Bool
  /// The terminal window has the focus.
  public internal(set) var isWatched = true

  /// What can be done here: the terminal may not have a clipboard.
  public var canCopy: Bool
  /// Traces that were open before, latest first.
  public var recentFiles: [String]
  /// The answer to the last `Effect.listFiles`.
  var files: [String] = []
  var marks: [Character: StepIndex] = [:]
  /// Lines that were run from the command line, the latest last.
  var typedLines: [String] = []
  /// The next key is a letter for this.
  var awaited: Awaited?
  /// Digits that were taken for pages and may yet turn out to be a count.
  var maybeCount: MaybeCount?
  private var noticeNumber: Int

  public enum Awaited: Sendable { case mark, jump }

  /// In `5,` and `12.` the digits are a count, though they named pages when they came; after a moment
  /// they are pages for good.
  struct MaybeCount: Sendable {
    static let moment = Duration.milliseconds(600)

    var count: Int
    /// That was left for the first digit.
    var page: Int
    var age = Duration.zero
  }

  public struct Toast: Equatable, Sendable {
    public var sentence: String
    public var isError = false
  }

  public init(
    snapshot: Snapshot, label: RunLabel = .unknown, size: Size, themes: [Theme] = [.standard], theme: String? = nil,
    page: Int = 0, capturesMouse: Bool = true, canCopy: Bool = false, recentFiles: [String] = []
  ) {
    self.snapshot = snapshot
    self.label = label
    self.size = size
    self.themes = themes.isEmpty ? [.standard] : themes
    themeIndex = self.themes.firstIndex { $0.name == theme } ?? 0
    view.page = PageCatalogue.members.indices.contains(page) ? page : 0
    self.capturesMouse = capturesMouse
    self.canCopy = canCopy
    self.recentFiles = recentFiles
    noticeNumber = snapshot.notice?.number ?? 0
  }

  /// What pages see.
  public var scene: Scene {
    var view = view
    if Frame.showsOnePanel(size) { view.isZoomed = true }
    return Scene(snapshot: snapshot, view: view, frameMilliseconds: frameMilliseconds, label: label)
  }

  public var page: any Page { PageCatalogue.members[view.page].init() }
  /// The chosen one, or the one that is being tried.
  public var theme: Theme { themes[dialog?.previewedTheme(self) ?? themeIndex] }

  mutating func say(_ sentence: String, isError: Bool = false) { toast = Toast(sentence: sentence, isError: isError) }

  mutating func show(_ snapshot: Snapshot) {
    if let configuration = snapshot.configuration, configuration != self.snapshot.configuration {
      label = RunLabel(configuration, trace: snapshot.head.fleet.trace, isRecording: label.isRecording)
    }
    self.snapshot = snapshot
    guard let notice = snapshot.notice, notice.number != noticeNumber else { return }
    noticeNumber = notice.number
    say(notice.sentence, isError: notice.isError)
  }
}
