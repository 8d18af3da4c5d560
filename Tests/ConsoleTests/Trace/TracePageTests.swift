import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine
import Testing

@testable import Console

@Suite("TracePage: arrivals and the viewer")
struct TracePageTests {
  private func snapshot(_ trace: Trace) -> Snapshot {
    let engine = Engine(
      trace: trace, planner: Planner(limits: Limits(), policy: FirstComeFirstServed()),
      memory: KVCache(blockCount: 64, tokensPerBlock: 16, reusesPrefixes: true), device: SteadyDevice())
    let run = Run(engine: engine, observatory: .init())
    return Snapshot(shown: run, head: run, transport: .paused)
  }

  @Test("the graph's rates times its intervals are the arrivals and their tokens, at any zoom over the whole trace")
  func conservation() {
    for trace in [SampleRun.engine().trace, TraceSample.small] {
      let moment = TraceMoment(trace, view: TraceView(), now: .zero, arrived: 0)
      for width in [1, 7, 50, 111] {
        let axis = ArrivalsGraph(moment: moment).axis(width: width)
        let samples = ArrivalsGraph(moment: moment).samples(axis)
        #expect(samples.requests.count == 2 * width)
        let dot = axis.span.seconds / Double(2 * width)
        #expect(abs(samples.requests.reduce(0, +) * dot - Double(trace.arrivals.count)) < 0.01)
        let tokens = Double(moment.survey.promptTokens + moment.survey.outputTokens)
        #expect(abs(samples.tokens.reduce(0, +) * dot / tokens - 1) < 1e-4)
      }
    }
  }

  @Test("a trace without prefix information says so instead of 0 %")
  func nothingKnown() {
    let arrivals = (0..<4).map {
      Arrival(time: .milliseconds(100 * $0), prompt: Prompt(TokenRun(.own($0), count: 50)), outputLimit: 3)
    }
    let picture = TraceSample.picture(TraceSample.scene(snapshot(Trace(name: "plain", arrivals: arrivals))), 120, 36)
    #expect(picture.contains("no prefix information in this trace"))
    #expect(!picture.contains("begin like"))
  }

  @Test("the list follows the next arrival until another is chosen, and follows again when it is reached")
  func following() throws {
    let shown = SampleRun.snapshot(steps: 60)
    var view = TraceSample.scene(shown, focus: .next).view
    func press(_ key: KeyPress) throws -> Reaction {
      let reaction = try #require(TracePage().press(key, Scene(snapshot: shown, view: view), in: Rect(0, 0, 120, 36)))
      view = reaction.view
      return reaction
    }
    #expect(TraceMoment(Scene(snapshot: shown, view: view)).cursor == 13)
    _ = try press(.character("j"))
    #expect(view.trace.cursor == 14)
    #expect(try press(KeyPress(.enter)).notice == "r14 is selected on every page")
    #expect(view.selected == RequestID(14))
    _ = try press(.character("k"))
    #expect(view.trace.cursor == nil)
    _ = try press(.character("G"))
    _ = try press(.character("j"))
    #expect(view.trace.cursor == 59)
    _ = try press(.control("u"))
    #expect(view.trace.cursor == 55)
    _ = try press(.character("="))
    #expect(view.trace == TraceView())
  }

  @Test("w a s d belong to the arrivals panel only, so that s steps elsewhere")
  func zooming() throws {
    let shown = SampleRun.snapshot(steps: 60)
    var view = TraceSample.scene(shown, focus: .arrivals).view
    for (key, zoom) in [("w", 1), ("w", 2), ("d", 2), ("a", 2), ("s", 1), ("s", 0), ("s", 0)] {
      let scene = Scene(snapshot: shown, view: view)
      view = try #require(TracePage().press(.character(Character(key)), scene, in: Rect(0, 0, 120, 36))).view
      #expect(view.trace.window.zoom == zoom)
    }
    for panel in TracePanel.allCases where panel != .arrivals {
      for key in "wasd" {
        #expect(TracePage().press(.character(key), TraceSample.scene(shown, focus: panel), in: Rect(0, 0, 120, 36)) == nil)
      }
    }
  }

  @Test("a click on a row selects its request; a click on the graph goes to what arrives there")
  func click() throws {
    let scene = TraceSample.scene(SampleRun.snapshot(steps: 60))
    let area = Rect(0, 2, 120, 36)
    let places = TracePage.places(in: area, focus: .arrivals, isZoomed: false)
    let list = try #require(places.first { $0.panel == .next }).area
    let row = try #require(TracePage().click(Point(list.left + 5, list.top + 2 + 4), scene, in: area)).view
    #expect(row.selected == RequestID(15))
    #expect(TracePanel(row) == .next)
    let plot = ArrivalsGraph.plot(in: try #require(places.first { $0.panel == .arrivals }).area)
    let graph = try #require(TracePage().click(Point(plot.right - 1, plot.top), scene, in: area)).view
    #expect(graph.trace.cursor == 59)
  }

  @Test("windows stay within the span, keep their anchor, and show what is asked")
  func windows() {
    let total = EngineTime.milliseconds(1_000)
    var random = SplitMix(seed: 3, purpose: "windows")
    var window = TimeWindow()
    for _ in 0..<500 {
      let time = EngineTime.microseconds(random.below(1_000_001))
      switch random.below(3) {
      case 0:
        let before = window.axis(of: total, columns: 100)
        let inside = before.time(at: Double(random.below(100)) + 0.5)
        window.zoom(by: random.below(5) - 2, around: inside, of: total)
        #expect(window.axis(of: total, columns: 100).column(of: inside) != nil)
      case 1: window.pan(by: random.below(9) - 4, of: total)
      default:
        window.show(time, of: total)
        #expect(window.axis(of: total, columns: 100).column(of: time) != nil)
      }
      let axis = window.axis(of: total, columns: 100)
      #expect(axis.start >= .zero && axis.end <= total && axis.span > .zero)
    }
  }

  @Test("any size and focus draws inside its area: full, empty, and all at once")
  func sizes() {
    let together = Trace(
      name: "together", arrivals: (0..<3).map { Arrival(time: .zero, prompt: Prompt([TokenID](repeating: 1, count: 9 * $0)), outputLimit: 1) })
    for shown in [SampleRun.snapshot(steps: 60), snapshot(Trace(name: "none", arrivals: [])), snapshot(together)] {
      for panel in TracePanel.allCases {
        for width in [0, 1, 2, 13, 40, 60, 80, 100, 120, 161] {
          for height in [0, 1, 2, 3, 8, 12, 18, 30, 36, 51] {
            let scene = TraceSample.scene(shown, focus: panel) { $0.isZoomed = (width + height) % 2 == 0 }
            var canvas = Canvas(width + 4, height + 4, filledWith: Cell("?"))
            TracePage().draw(scene, in: Rect(2, 2, width, height), on: &canvas)
            #expect(canvas.isUntouched(outside: Rect(2, 2, width, height)), "\(panel) \(width) × \(height)")
          }
        }
      }
      _ = TracePage().sentence(TraceSample.scene(shown))
    }
  }

  @Test("every glyph has a likeness in ASCII, and a long name leaves room for the numbers")
  func ascii() {
    let scene = TraceSample.scene(SampleRun.snapshot(steps: 60)) { $0.trace.cursor = 30 }
    var canvas = Canvas(120, 36)
    TracePage().draw(scene, in: canvas.area, on: &canvas)
    #expect(!canvas.inASCII().text.contains("?"))
    let long = Trace(name: String(repeating: "poisson rate=4 ", count: 9), arrivals: TraceSample.small.arrivals)
    #expect(TraceSample.picture(TraceSample.scene(snapshot(long)), 80, 20).contains("4 requests · 00:04.000 · 0.75 req/s"))
  }

  @Test("the sentence states the arrival that is looked at")
  func sentence() {
    let scene = TraceSample.scene(snapshot(TraceSample.small)) { $0.trace.cursor = 2 }
    #expect(TracePage().sentence(scene).text == "r2 · arrives in 1.50 s · prompt 100 (40 begin an earlier one) · output 30 · chat")
  }
}
