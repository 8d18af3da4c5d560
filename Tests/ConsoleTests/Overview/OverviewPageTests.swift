import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine
import Testing

@testable import Console

@Suite("OverviewPage")
struct OverviewPageTests {
  /// Two preemptions, a rejection, a full pool and a queue have happened.
  static let snapshot = SampleRun.snapshot(steps: 260)

  static func scene(_ snapshot: Snapshot = snapshot, _ change: (inout ViewState) -> Void = { _ in }) -> Scene {
    var view = ViewState()
    change(&view)
    return Scene(snapshot: snapshot, view: view)
  }

  static func draw(_ scene: Scene, _ width: Int, _ height: Int) -> Canvas {
    var canvas = Canvas(width, height)
    OverviewPage().draw(scene, in: canvas.area, on: &canvas)
    return canvas
  }

  static func focus(_ part: OverviewPart, _ view: inout ViewState) { view.focus[0] = part.rawValue }

  static func press(_ key: KeyPress, _ scene: Scene, _ width: Int = 120, _ height: Int = 36) -> Reaction? {
    OverviewPage().press(key, scene, in: Rect(0, 0, width, height))
  }

  // MARK: Pictures

  @Test("at 120 × 36 every panel has its place")
  func fullFrame() {
    #expect(Self.draw(Self.scene { $0.selected = RequestID(27) }, 120, 36).text == OverviewFrames.full)
  }

  @Test("at 80 × 20 the batch keeps what decides, and five lines hold the rest")
  func compactFrame() {
    #expect(Self.draw(Self.scene { $0.selected = RequestID(27) }, 80, 20).text == OverviewFrames.compact)
  }

  @Test("at 160 × 41 the selected request has a column of its own")
  func wideFrame() {
    let text = Self.draw(Self.scene { $0.selected = RequestID(27) }, 160, 41).text
    #expect(text.contains("logical → physical") && text.contains("queued for"))
  }

  @Test("any panel at any size stays inside its area and does not trap")
  func sizes() {
    let first = SampleRun.snapshot(steps: 0)
    var turn = 0
    for width in [0, 1, 2, 7, 30, 59, 60, 79, 80, 99, 100, 119, 120, 160, 200] {
      for height in [0, 1, 2, 3, 5, 12, 14, 20, 33, 34, 36, 41, 60] {
        turn += 1
        let scene = Self.scene(turn % 3 == 0 ? first : Self.snapshot) { view in
          Self.focus(OverviewPart.allCases[turn % OverviewPart.allCases.count], &view)
          view.isZoomed = turn % 4 == 0
          view.selected = RequestID(27)
          view.overview.columns = BatchColumns.allCases[turn % 3]
        }
        var canvas = Canvas(width + 2, height + 2)
        let area = Rect(1, 1, width, height)
        OverviewPage().draw(scene, in: area, on: &canvas)
        for row in 0..<height + 2 {
          #expect(canvas[0, row] == .blank && canvas[width + 1, row] == .blank, "\(width) × \(height)")
        }
        _ = OverviewPage().press(.character("j"), scene, in: area)
        _ = OverviewPage().press(KeyPress(.pageDown), scene, in: area)
        _ = OverviewPage().press(KeyPress(.left), scene, in: area)
        _ = OverviewPage().click(Point(width / 2, height / 2), scene, in: area)
        _ = OverviewPage().sentence(scene)
      }
    }
  }

  @Test("zoomed, every panel fills the page")
  func zoomed() {
    for part in OverviewPart.allCases {
      let scene = Self.scene { view in
        Self.focus(part, &view)
        view.isZoomed = true
        view.selected = RequestID(27)
      }
      let canvas = Self.draw(scene, 120, 36)
      #expect(canvas[0, 0].scalar == "┏" && canvas[119, 35].scalar == "┛", "\(part)")
    }
  }

  @Test("Tab reaches every panel at every size: the one with the focus is on the screen")
  func reach() {
    for (width, height) in [(60, 12), (80, 20), (80, 30), (100, 34), (120, 36), (160, 41)] {
      for part in OverviewPart.allCases {
        let layout = OverviewLayout(Rect(0, 0, width, height), focus: part, isZoomed: false)
        let isInDigest = [.latency, .steps, .hardware].contains(part) && layout.tiles.contains { $0.tile == .digest }
        #expect(layout.area(of: part) != nil || isInDigest, "\(part) at \(width) × \(height)")
      }
    }
  }

  @Test("what is computed and not measured says so")
  func modelled() {
    let canvas = Self.draw(Self.scene(), 120, 36)
    let column = (0..<120).first { canvas.text(ofRow: 14).unicodeScalars.map { $0 }.dropFirst($0).starts(with: "modelled".unicodeScalars) }
    #expect(column.map { canvas[$0, 14].foreground } == .modelled)
  }

  @Test("before the first step there are dashes, not zeros")
  func beforeTheFirstStep() {
    let text = Self.draw(Self.scene(SampleRun.snapshot(steps: 0)), 120, 36).text
    #expect(text.contains("TTFT s      –      –      –      –"))
    #expect(text.contains("no step yet") && text.contains("nothing runs"))
  }

  // MARK: The batch

  @Test("slack is what the next promise leaves: first of TTFT, then of TPOT")
  func slack() {
    let slo = SLO(ttft: .milliseconds(500), tpot: .milliseconds(40))
    var record = RequestRecord(arrival: .milliseconds(1_000), input: 100)
    #expect(Slack(record, slo, now: .milliseconds(1_400))?.reserve == .milliseconds(100))
    #expect(Slack(record, slo, now: .milliseconds(1_600))?.isMissed == true)
    #expect(Slack(record, slo, now: .milliseconds(1_480))?.isAtRisk == true)
    record.firstToken = .milliseconds(1_500)
    record.lastToken = .milliseconds(1_590)
    record.output = 4
    #expect(Slack(record, slo, now: .milliseconds(1_590))?.reserve == .milliseconds(10))
    // A token that is overdue counts as if it came now.
    #expect(Slack(record, slo, now: .milliseconds(1_700))?.reserve == .milliseconds(-10))
    #expect(Slack(record, SLO(ttft: .milliseconds(500)), now: .milliseconds(1_700)) == nil)
  }

  @Test("a missed promise is said by a sign and a mark, not by colour alone")
  func missedSlack() {
    let slo = SLO(ttft: .milliseconds(500))
    let record = RequestRecord(arrival: .zero, input: 1)
    #expect(OverviewPage.text(Slack(record, slo, now: .milliseconds(700))).text == "−0.20 s!")
    #expect(OverviewPage.text(Slack(record, slo, now: .milliseconds(100))).text == "+0.40 s ")
    #expect(OverviewPage.text(nil).text == "      – ")
  }

  @Test("sorting moves rows, never the selection")
  func selectionIsIdentity() {
    var scene = Self.scene { $0.selected = RequestID(27) }
    for _ in 0..<12 {
      #expect(Self.draw(scene, 120, 36).text.contains("▶S r27"))
      #expect(scene.view.selected == RequestID(27))
      for key in ["o", "r"] as [Character] {
        scene = Scene(snapshot: scene.snapshot, view: Self.press(.character(key), scene)?.view ?? ViewState())
      }
    }
  }

  @Test("rows without a value come last in both directions, equals by number")
  func sorting() {
    let rows = BatchRow.rows(of: Self.scene())
    for isDescending in [false, true] {
      let sorted = BatchRow.sorted(rows, by: .acceptance, descending: isDescending)
      #expect(sorted.map(\.request) == rows.map(\.request).sorted())
    }
    let blocks = BatchRow.sorted(rows, by: .blocks, descending: true).map(\.blocks)
    #expect(blocks == blocks.sorted(by: >))
  }

  @Test("the filter keeps requests whose id, phase or label matches")
  func filter() {
    #expect(BatchRow.rows(of: Self.scene { $0.filter = "r27" }).map(\.request) == [RequestID(27)])
    #expect(BatchRow.rows(of: Self.scene { $0.filter = "DEC" }).allSatisfy { !$0.isReading })
    #expect(Self.draw(Self.scene { $0.filter = "nobody" }, 120, 36).text.contains("no running request matches nobody"))
  }

  @Test("j, k, G and g walk the list and select by identity")
  func walking() {
    let order = BatchRow.rows(of: Self.scene()).map(\.request)
    var view = ViewState()
    for (key, expected) in [("j", order[0]), ("j", order[1]), ("k", order[0]), ("G", order[order.count - 1]), ("g", order[0])] {
      view = Self.press(.character(Character(key)), Scene(snapshot: Self.snapshot, view: view))?.view ?? view
      #expect(view.selected == expected, "after \(key)")
    }
  }

  @Test("Enter opens the selected request; without one it says what to do")
  func opening() {
    let opened = Self.press(KeyPress(.enter), Self.scene { $0.selected = RequestID(27) })
    #expect(opened.map { PageCatalogue.members[$0.view.page].descriptor.name } == "Requests")
    let refused = Self.press(KeyPress(.enter), Self.scene())
    #expect(refused?.view.page == 0 && refused?.notice != nil)
  }

  @Test("a click on a row selects it, on a header sorts by it")
  func clicking() {
    let order = BatchRow.rows(of: Self.scene()).map(\.request)
    let area = Rect(0, 0, 120, 36)
    #expect(OverviewPage().click(Point(10, 4), Self.scene(), in: area)?.view.selected == order[2])
    let sorted = OverviewPage().click(Point(5, 1), Self.scene(), in: area)
    #expect(sorted?.view.overview.sort == .id && sorted?.view.overview.isDescending == false)
  }

  // MARK: The queue

  @Test("the head of the queue says why it was not admitted, the others whom they are behind")
  func whyNot() {
    let rows = Self.draw(Self.scene(), 120, 36).text.split(separator: "\n")
    #expect(rows[24].contains("r39") && rows[24].contains("memory: short 127 blocks"))
    #expect(rows[25].contains("r40") && rows[25].contains("behind r39"))
  }

  @Test("each end of admission has words with its numbers")
  func admissionEnds() {
    var limits = Limits()
    limits.maxBatchedTokens = 2_048
    func sentence(_ end: StepPlan.AdmissionEnd) -> String { WhyNotNow.sentence(end, tokens: 1_740, running: 32, limits) }
    #expect(sentence(.tokenBudget) == "token budget: 308 left")
    #expect(sentence(.sequences) == "batch full: 32 requests")
    #expect(sentence(.memory(needed: 1_938, free: 532)) == "memory: short 1,406 blocks")
    #expect(sentence(.wholePrompt(tokens: 9_120, left: 308)) == "whole prompt: 9,120 > 308")
    #expect(sentence(.preemption) == "preemption this step")
    #expect(sentence(.batchClosed) == "static batch is closed")
    #expect(sentence(.decodesAlone) == "decodes alone this step")
  }

  // MARK: Memory

  @Test("live, cached and free blocks are the pool")
  func census() {
    let scheduler = Self.snapshot.shown.engine.state.scheduler
    let census = PoolCensus(scheduler)
    #expect(census.live + census.cached + census.free == census.usable)
    let shared = (1...census.usable).reduce(0) { $0 + max(0, scheduler.memory.pool.ownerCount(of: Int32($1)) - 1) }
    #expect(census.savedBySharing == shared)
  }

  // MARK: Time

  @Test("Enter on an event shows the moment after its step")
  func seekingAnEvent() {
    let scene = Self.scene { view in
      Self.focus(.events, &view)
      view.overview.selectedMark = 0
    }
    let step = Self.snapshot.head.observatory.marks.marks[0].step
    guard case .seek(let target)? = Self.press(KeyPress(.enter), scene)?.requests.first else {
      Issue.record("no seek")
      return
    }
    #expect(target == step + 1)
  }

  @Test("a click on the timeline goes to the step at that place, further right is later")
  func clickingTheTimeline() {
    var last = -1
    for column in 8..<118 {
      let reaction = OverviewPage().click(Point(column, 30), Self.scene(), in: Rect(0, 0, 120, 36))
      guard case .seek(let step)? = reaction?.requests.first else { continue }
      #expect(step >= last)
      last = step
    }
    #expect(last == 260)
  }

  @Test("w looks closer, s back to the whole run, a into the past")
  func zooming() {
    var view = ViewState()
    Self.focus(.timeline, &view)
    func press(_ key: Character) { view = Self.press(.character(key), Scene(snapshot: Self.snapshot, view: view))?.view ?? view }
    press("w")
    press("w")
    let now = Self.snapshot.head.now
    #expect(view.overview.timeline.span == EngineTime(nanoseconds: now.nanoseconds / 4))
    press("a")
    #expect(view.overview.timeline.end.map { $0 < now } == true)
    press("s")
    press("s")
    #expect(view.overview.timeline == TimelineWindow())
  }

  @Test("the playhead stands at the moment that is shown, marks and a switch's name below")
  func playhead() throws {
    var timeline = SampleRun.timeline(steps: 120)
    try timeline.apply(Command(axis: "policy", choice: "shortest-prompt"))
    for _ in 0..<120 { _ = try timeline.advance() }
    let snapshot = Snapshot(shown: timeline.moment(at: 120), head: timeline.head, transport: .past(behind: 120))
    let canvas = Self.draw(Self.scene(snapshot), 120, 36)
    #expect(canvas.text(ofRow: 34).contains("▲shortest-prompt"))
    let playhead = (8..<118).filter { canvas[$0, 29].scalar == "┃" }
    #expect(playhead.count == 1 && (30..<90).contains(playhead[0]))
  }

  @Test("the sentence tells what is selected, or what the step did")
  func sentences() {
    #expect(OverviewPage().sentence(Self.scene()).text.hasPrefix("step 259 computed 20 tokens of 20 requests in 5.4 ms"))
    #expect(OverviewPage().sentence(Self.scene { $0.selected = RequestID(27) }).text.hasPrefix("r27  decode 452/541 · 29 blocks · TPOT"))
    #expect(OverviewPage().sentence(Self.scene { $0.selected = RequestID(30) }).text.contains("rejected: needs"))
  }

  #if !DEBUG
    /// 120 × 36, measured in release.
    @Test("a frame costs well under a millisecond")
    func cost() {
      let scene = Self.scene(SampleRun.snapshot(steps: 20_000, requests: 4_000))
      var canvas = Canvas(120, 36)
      let page = OverviewPage()
      var best = Duration.seconds(1)
      for _ in 0..<200 {
        let time = ContinuousClock().measure { page.draw(scene, in: canvas.area, on: &canvas) }
        best = min(best, time)
      }
      print("frame: \(best), \(scene.snapshot.head.step) steps")
      #expect(best < .milliseconds(1))
    }
  #endif
}
