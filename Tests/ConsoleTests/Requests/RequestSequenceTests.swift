import Analysis
import Core
import Hardware
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine
import Testing

@testable import Console

@Suite("RequestsPage: long lists")
struct RequestSequenceTests {
  /// 6,000 requests that are turned away as they arrive, every hundredth with a longer prompt.
  static let run: Run = {
    let arrivals = (0..<6_000).map {
      Arrival(time: .zero, prompt: Prompt(TokenRun(.own($0), count: $0 % 100 == 0 ? 900 : 600)), outputLimit: 1)
    }
    let engine = Engine(
      trace: Trace(name: "long", arrivals: arrivals), planner: Planner(limits: Limits(), policy: FirstComeFirstServed()),
      memory: KVCache(blockCount: 8, tokensPerBlock: 16, reusesPrefixes: true), device: SteadyDevice())
    var run = Run(engine: engine, observatory: Observatory())
    _ = try? run.advance()
    return run
  }()

  func rows(_ filter: String = "", isReversed: Bool = false, first: Int? = nil, followsEnd: Bool = true, selected: Int? = nil) -> [Int] {
    let sequence = RequestSequence(Self.run, filter: RequestFilter(filter), order: .prompt, isReversed: isReversed)
    #expect(!sequence.isSorted)
    return sequence.window(
      first: first, followsEnd: followsEnd, selected: selected.flatMap { sequence.place(of: RequestID($0)) }, height: 3
    ).map { sequence.request(at: $0).index }
  }

  @Test("more than can be sorted stand in order of arrival")
  func order() {
    #expect(rows() == [5_997, 5_998, 5_999])
    #expect(rows(followsEnd: false) == [0, 1, 2])
    #expect(rows(isReversed: true, followsEnd: false) == [5_999, 5_998, 5_997])
    #expect(rows(first: 40) == [40, 41, 42])
    #expect(rows(first: 5_999) == [5_997, 5_998, 5_999])
    #expect(rows(selected: 17) == [17, 18, 19])
    #expect(rows(first: 3, selected: 17) == [15, 16, 17])
  }

  @Test("the filter is asked as rows come into view")
  func filtered() {
    #expect(rows("prompt>700") == [5_700, 5_800, 5_900])
    #expect(rows("prompt>700", first: 150) == [200, 300, 400])
    #expect(rows("prompt>700", first: 5_850) == [5_700, 5_800, 5_900])
    #expect(rows("prompt>700", first: 150, selected: 1_000) == [800, 900, 1_000])
    #expect(rows("prompt>9000") == [])
  }

  @Test("the badge says that the order is that of arrival")
  func badge() {
    var view = ViewState()
    view.requests.order = .prompt
    var canvas = Canvas(120, 12)
    let snapshot = Snapshot(shown: Self.run, head: Self.run, transport: .done)
    RequestsPage().draw(Scene(snapshot: snapshot, view: view), in: canvas.area, on: &canvas)
    #expect(canvas.text(ofRow: 0).contains(" over 5,000: by arrival only · 1 col = "))
    #expect(canvas.text(ofRow: 11).contains(" sort arrival ↑ "))
    #expect(canvas.text(ofRow: 11).contains(" 5,992-6,000 of 6,000 "))
  }
}
