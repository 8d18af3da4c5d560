import Analysis
import Console
import Core
import Host
import Screen
import ServingEngine
import TestSupport
import Testing
import Transformer

@Suite("Compression page")
struct CompressionPageTests {
  /// On the built-in model, or on a modelled GPU where none is named.
  static func state(_ size: Size = Size(120, 40), model: BuiltInModel? = nil, steps: Int, _ change: (inout Configuration) -> Void) throws -> ConsoleState {
    var configuration = model == nil ? Configuration() : Configuration.cpu
    if let model {
      configuration.model = model.rawValue
      configuration.tokens = RealModel(name: model.rawValue, source: .builtIn(model))
      configuration.kvBlocks = 128
    }
    configuration.shadow = 1
    change(&configuration)
    let arrivals = (0..<2).map { Arrival(time: .milliseconds($0), prompt: Prompt(TokenRun(.own($0), count: 120)), outputLimit: 200) }
    var timeline = Timeline(try Run(configuration, trace: Trace(name: "pressed", arrivals: arrivals)), configuration: configuration)
    try timeline.follow([], to: steps)
    let snapshot = Snapshot(shown: timeline.head.remembered, head: timeline.head.remembered, transport: .paused, configuration: configuration, kept: timeline.head.kept(of: nil))
    var state = ConsoleState(snapshot: snapshot, label: ConsoleSample.label, size: size, themes: BuiltInTheme.all.map(\.theme))
    state.type("7")
    return state
  }

  static func text(_ state: ConsoleState) -> String { Frame.compose(state).trimmedText }

  @Test("on the cpu memory and error are measured, and the map shows what a window leaves")
  func measured() throws {
    let text = Self.text(try Self.state(model: .small, steps: 60) { ($0.kvFormat, $0.retain) = ("int4", "sink-window:16:48") })
    for word in ["int4  4.", "sink-window:16:48", "measured", "KL ", "1 request in 1", "r0 ", "r1 ", "of exact", "layer"] { #expect(text.contains(word), "\(word)\n\(text)") }
    let row = try #require(text.split(separator: "\n").first { $0.contains("   all ") })
    #expect(row.contains("█") && row.contains("·"), "kept at both ends, nothing between:\n\(row)")
    #expect(!text.contains("100% of exact"))
  }

  @Test("where attention chose, each layer has a row")
  func scattered() throws {
    let text = Self.text(try Self.state(model: .small, steps: 80) { $0.retain = "heavy-hitters:64" })
    #expect(text.contains("     0 ") && text.contains("     1 ") && text.contains("% of "), "\n\(text)")
  }

  @Test("where elements are given up a token takes less, and none is shown as dropped")
  func pruned() throws {
    let text = Self.text(try Self.state(model: .small, steps: 80) { $0.retain = "magnitude-sparse:25%" })
    for word in ["f16  5.00 bits", "magnitude-sparse:25%", "25% of each token", "KL ", "kept       100%"] { #expect(text.contains(word), "\(word)\n\(text)") }
    let row = try #require(text.split(separator: "\n").first { $0.contains("   all ") })
    #expect(row.contains("█") && !row.contains("·"), "\(row)")
  }

  @Test("an exact cache has no error, a modelled GPU does not know it")
  func unknown() throws {
    #expect(Self.text(try Self.state(model: .small, steps: 40) { _ in }).contains("the cache is exact"))
    let text = Self.text(try Self.state(steps: 40) { ($0.kvFormat, $0.retain) = ("int8", "sink-window:16:48") })
    #expect(text.contains("error is null") && text.contains("int8  8.") && text.contains("modelled"), "\n\(text)")
  }

  @Test("where the screen is narrow, numbers that do not fit are left out whole, and frames stay closed")
  func narrow() throws {
    let text = Self.text(try Self.state(Size(80, 24), model: .small, steps: 60) { $0.kvFormat = "int4" })
    let row = try #require(text.split(separator: "\n").first { $0.contains("│ KL ") })
    #expect(row.hasSuffix("│") && row.contains("worst"), "\(row)")
  }

  @Test("it fits every screen, and each panel can fill it", arguments: [Size(120, 40), Size(80, 24), Size(60, 16), Size(200, 60)])
  func sizes(size: Size) throws {
    var state = try Self.state(size, steps: 30) { $0.retain = "sink-window:16:48" }
    for _ in CompressionPage.panels {
      for key in ["z", "j", "k", "z"] {
        state.type(key)
        #expect(Frame.compose(state).size == size)
      }
      state.type("<Tab>")
    }
  }
}

extension ConsoleState {
  fileprivate mutating func type(_ macro: String) {
    guard let steps = try? KeyMacro(macro).steps else { fatalError("\(macro) is no macro") }
    for case .event(let event) in steps { _ = update(.input(event)) }
  }
}
