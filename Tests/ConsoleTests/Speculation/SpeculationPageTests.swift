import Analysis
import Console
import Core
import Host
import Screen
import ServingEngine
import Testing
import Transformer

@Suite("Speculation page")
struct SpeculationPageTests {
  /// Drafts on a modelled GPU, by rates that are typed: the same at every call.
  static func state(_ size: Size = Size(120, 40), speculate: String = "draft-model", steps: Int = 120) throws -> ConsoleState {
    var configuration = Configuration()
    configuration.asyncScheduling = "off"
    configuration.speculate = speculate
    configuration.draftModel = "llama-3.2-1b"
    configuration.acceptance = "0.9,0.8,0.6,0.5,0.2,0.1"
    let arrivals = (0..<6).map { Arrival(time: .milliseconds($0), prompt: Prompt(TokenRun(.own($0), count: 300)), outputLimit: 900) }
    var timeline = Timeline(try Run(configuration, trace: Trace(name: "spec", arrivals: arrivals)))
    try timeline.follow([], to: steps)
    let snapshot = Snapshot(shown: timeline.head, head: timeline.head, transport: .paused)
    var state = ConsoleState(snapshot: snapshot, label: ConsoleSample.label, size: size, themes: BuiltInTheme.all.map(\.theme))
    state.type("6")
    return state
  }

  static func text(_ state: ConsoleState) -> String { Frame.compose(state).trimmedText }

  @Test("every level is there: requests, verifications, the batch; the best number of drafts is the one with the least time per token")
  func levels() throws {
    let text = Self.text(try Self.state())
    for panel in ["requests", "verifications", "acceptance", "accepted drafts per verification", "cost of k", "drafts"] { #expect(text.contains("─ \(panel) ") || text.contains("━ \(panel) "), "\(panel)") }
    #expect(text.contains("6 drafting") && text.contains("typed rates 0.9, 0.8") && text.contains("tokens are not real"))
    // k, draft, verify, E[n], ms/tok of each row, as they are printed.
    let rows = text.split(separator: "\n").compactMap { line -> [Double]? in
      guard let cost = line.split(separator: "│").last(where: { $0.contains("×") && !$0.contains("vs") }) else { return nil }
      let numbers = cost.split(separator: " ").prefix(5).compactMap { Double($0) }
      return numbers.count == 5 ? numbers : nil
    }
    #expect(rows.map { $0[0] } == [0, 1, 2, 3, 4, 5, 6], "\n\(text)")
    #expect(rows.map { $0[3] } == [1, 1.9, 2.7, 3.3, 3.8, 4, 4.1])
    for row in rows { #expect(abs((row[1] + row[2]) / row[3] - row[4]) < 0.02, "\(row)") }
    let best = try #require(rows.min { $0[4] < $1[4] })
    #expect(text.contains("best k \(Int(best[0]))"))
  }

  @Test("it fits every screen, with and without drafts, and each panel can fill it", arguments: [Size(120, 40), Size(80, 24), Size(60, 16), Size(200, 60)])
  func sizes(size: Size) throws {
    for speculate in ["none", "suffix"] {
      var state = try Self.state(size, speculate: speculate, steps: 30)
      for _ in SpeculationPage.panels {
        for key in ["z", "j", "o", "r", "<Enter>", "z"] {
          state.type(key)
          #expect(Frame.compose(state).size == size)
        }
        state.type("<Tab>")
      }
    }
  }

  @Test("without a drafter it says so, and how to get one")
  func none() throws {
    let text = Self.text(try Self.state(speculate: "none"))
    #expect(text.contains("nobody drafts: --speculate none") && text.contains("p chooses a drafter"))
  }

  @Test("Enter shows the last verification of the selected request token by token; what is not known is a dash with its reason")
  func detail() throws {
    var state = try Self.state()
    state.type("j<Enter>")
    let text = Self.text(state)
    let request = try #require(state.view.selected)
    #expect(text.contains("verification ") && text.contains("\(request) · step 119") && text.contains("p(draft)"))
    #expect(text.contains("tokens are not real, so neither are likelihoods"))
    state.type("<Esc>")
    #expect(Self.text(state).contains("verifications") && state.view.selected == request)
  }

  @Test("of a real model it shows each guess, the model's own token, and what it held likely; of a tree the guesses for one place together", arguments: ["draft-model", "tree"])
  func realDetail(drafter: String) throws {
    var configuration = Configuration.cpu
    configuration.tokens = RealModel(name: BuiltInModel.large.rawValue, source: .builtIn(.large))
    configuration.speculate = drafter
    let arrivals = [Arrival(time: .zero, prompt: Prompt("the old house by the sea was built by a man who had never".utf8.map { TokenID($0) }), outputLimit: 60)]
    var timeline = Timeline(try Run(configuration, trace: Trace(name: "spec", arrivals: arrivals)))
    try timeline.follow([], to: 8)
    var state = ConsoleState(
      snapshot: Snapshot(shown: timeline.head, head: timeline.head, transport: .paused), label: ConsoleSample.label, size: Size(120, 40),
      themes: BuiltInTheme.all.map(\.theme))
    state.type("6<Enter>")
    let text = Self.text(state)
    let verification = try #require(timeline.head.speculation.verifications.last)
    let judgement = try #require(verification.judgement)
    #expect(judgement.leading.count == verification.accepted + 1)
    for (position, leading) in judgement.leading.enumerated() {
      #expect(leading.count == Judgement.kept && zip(leading, leading.dropFirst()).allSatisfy { $0.share >= $1.share })
      // Greedy: the model's token is its likeliest.
      let token = position < verification.accepted ? verification.draft.tokens[verification.standing![position]] : verification.target
      #expect(leading[0].token == token)
    }
    #expect(text.contains("likeliest of the target") && text.contains("temperature 1"), "\n\(text)")
  }

  @Test("j and k walk through those who draft; the sentence tells how sure the rate is")
  func selection() throws {
    var state = try Self.state()
    state.type("j")
    let first = state.view.selected
    #expect(first != nil)
    #expect(Self.text(state).contains("95% CI"))
    state.type("jjjjjjjjj")
    #expect(state.view.selected != first)
    state.type("g")
    #expect(state.view.selected == first)
  }
}

extension ConsoleState {
  fileprivate mutating func type(_ macro: String) {
    guard let macro = try? KeyMacro(macro) else { return }
    for case .event(let event) in macro.steps { _ = update(.input(event)) }
  }
}
