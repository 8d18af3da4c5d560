import Core
import Host
import Screen
import ServingEngine

/// One screen of the program: a function from a scene to cells, and the keys that are its own.
public protocol Page: Sendable {
  /// Name as on the tab (`Overview`), the summary as in help.
  static var descriptor: Descriptor { get }
  /// A short name for narrow terminals (`Over`).
  static var shortName: String { get }
  /// Panels that can have the focus, in the order of Tab.
  static var panels: [String] { get }
  init()

  /// Draws into `area`: everything between the two rows at the top and the two at the bottom.
  /// It fits any area from 60 × 12 on.
  func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas)

  /// One sentence about the selection, for the row above the keys.
  func sentence(_ scene: Scene) -> StyledText

  /// The keys that matter on this page, most useful first; the common ones are added by the frame.
  func hints(_ scene: Scene) -> [Hint]

  /// The words and abbreviations of the page, for help: `TTFT`, `frag`, … One line of 46 cells each.
  static var words: [Word] { get }

  /// A key that the common keys have left over (movement, `v`, `o`, `r`, Enter, …).
  /// - Returns: Nil when the page has no use for it.
  func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction?

  /// A click in the page's area. Nil when it hit nothing.
  func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction?
}

/// What a label of a page means.
public struct Word: Equatable, Sendable {
  public let word: String
  public let meaning: String

  public init(_ word: String, _ meaning: String) {
    self.word = word
    self.meaning = meaning
  }
}

/// `p policy` in the row of keys.
public struct Hint: Equatable, Sendable {
  public let key: String
  public let action: String

  public init(_ key: String, _ action: String) {
    self.key = key
    self.action = action
  }
}

/// What a key or a click leads to: another view, and requests to the engine's thread.
public struct Reaction: Sendable {
  public var view: ViewState
  public var requests: [EngineThread.Request]
  /// A word to the viewer, for instance why the key does nothing here.
  public var notice: String?

  public init(_ view: ViewState, requests: [EngineThread.Request] = [], notice: String? = nil) {
    self.view = view
    self.requests = requests
    self.notice = notice
  }
}

extension Page {
  public static var words: [Word] { [] }
  public func hints(_ scene: Scene) -> [Hint] { [] }
  public func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? { nil }
  public func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction? { nil }
}

/// The pages, in the order of their number keys. Adding one is a file and a line here.
public enum PageCatalogue {
  public static let members: [any Page.Type] = [
    OverviewPage.self, BlocksPage.self, HardwarePage.self, RequestsPage.self, TracePage.self, SpeculationPage.self, CompressionPage.self,
  ]
}
