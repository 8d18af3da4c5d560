import Analysis
import Core
import Host
import Screen
import Testing

@testable import Console

@Suite("RequestsPage")
struct RequestsPageTests {
  static let snapshot = SampleRun.snapshot()
  static let finished = SampleRun.snapshot(steps: 900)
  static let area = Rect(0, 0, 120, 36)

  func scene(_ snapshot: Snapshot = Self.snapshot, _ change: (inout ViewState) -> Void = { _ in }) -> Scene {
    var view = ViewState()
    change(&view)
    return Scene(snapshot: snapshot, view: view)
  }

  func frame(_ width: Int, _ height: Int, _ scene: Scene) -> Canvas {
    var canvas = Canvas(width, height)
    RequestsPage().draw(scene, in: canvas.area, on: &canvas)
    return canvas
  }

  func press(_ keys: [KeyPress], _ start: Scene) -> ViewState {
    keys.reduce(into: start.view) { view, key in
      view = RequestsPage().press(key, Scene(snapshot: start.snapshot, view: view), in: Self.area)?.view ?? view
    }
  }

  func press(_ keys: String, _ start: Scene) -> ViewState { press(keys.map(KeyPress.character), start) }

  // MARK: Pictures

  @Test("the list at 120 × 36: the newest arrivals in view, the axis up to now")
  func large() {
    #expect(
      frame(120, 36, scene()).text == """
        ┏━ requests 36 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 1 col = 33.7 ms ━┓
        ┃   id      arrival s  prompt output TTFT s  TPOT ms    e2e s pre state     │0:00.0       │0:00.5        │0:01.0       ┃
        ┃   r3          0.147     679    125   0.02      6.9     0.88   0 finished      █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒            ┃
        ┃   r4          0.162     593     98   0.02      7.3     0.72   0 finished      ·▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒                ┃
        ┃ F r5          0.219   4,160    172   0.09      6.6        –   0 decode          ███▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r6          0.260     640    144   0.08      6.0     0.93   0 finished         ·██▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒       ┃
        ┃ H r7          0.292     724    171   0.04      6.5        –   0 decode            ·█▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ I r8          0.339     569    169   0.02      6.5        –   0 decode              ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r9          0.388     713    155   0.02      6.3     0.99   0 finished             █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ ┃
        ┃   r10         0.413     231     83   0.01      6.2     0.52   0 finished              ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒               ┃
        ┃   r11         0.440     228     18   0.01      6.0     0.11   0 finished               ▒▒▒▒                          ┃
        ┃   r12         0.488     342    124   0.01      6.5     0.81   0 finished                █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒    ┃
        ┃ N r13         0.533     611    137   0.02      6.6        –   0 decode                   █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r14         0.566     507     88   0.02      6.0     0.53   0 finished                  ·▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒          ┃
        ┃ P r15         0.625     539    122   0.02      6.7        –   0 decode                      █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ Q r16         0.641     647    121   0.02      6.6        –   0 decode                       ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ R r17         0.683     521    115   0.01      6.6        –   0 decode                        █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r18         0.745     434     55   0.02      5.8     0.33   0 finished                        ▒▒▒▒▒▒▒▒▒▒           ┃
        ┃ T r19         0.779     501     99   0.02      6.7        –   0 decode                           ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ U r20         0.814     435     94   0.01      6.7        –   0 decode                            ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ V r21         0.859     657     87   0.02      6.7        –   0 decode                             █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ W r22         0.883   4,160     22   0.42      6.9        –   0 decode                              ··········███▒▒▒▒┃
        ┃ X r23         0.930     731      6   0.47      8.9        –   0 decode                               ··············█▒┃
        ┃ L r24         0.964     410      6   0.44      8.9        –   0 decode                                ·············█▒┃
        ┃ E r25         1.019     537      5   0.41      5.3        –   0 decode                                  ············▒┃
        ┃ K r26         1.058     689      5   0.37      5.3        –   0 decode                                   ···········▒┃
        ┃   r27         1.080     402      0      –        –        –   0 queued                                    ···········┃
        ┃   r28         1.127     706      0      –        –        –   0 queued                                     ··········┃
        ┃   r29         1.182     548      0      –        –        –   0 queued                                       ········┃
        ┃   r30         1.209     616      0      –        –        –   0 rejected  needs 1289 KV blocks, the pool ha… ✗       ┃
        ┃   r31         1.259     232      0      –        –        –   0 queued                                         ······┃
        ┃   r32         1.298     561      0      –        –        –   0 queued                                          ·····┃
        ┃   r33         1.337     836      0      –        –        –   0 queued                                           ····┃
        ┃   r34         1.376     725      0      –        –        –   0 queued                                            ···┃
        ┃   r35         1.404     204      0      –        –        –   0 queued                                             ··┃
        ┗━ sort arrival ↑  · queued █ prefill ▒ decode ╳ preempted ░ stalled ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 4-36 of 36 ━┛
        """)
  }

  @Test("the list at 80 × 20 keeps the selected request in view")
  func small() {
    #expect(
      frame(80, 20, scene { $0.selected = RequestID(3) }).text == """
        ┏━ requests 36 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 1 col = 69.0 ms ━┓
        ┃   id       prompt output TTFT s  TPOT ms  pre state     │0:00         │0:01  ┃
        ┃▶  r3          679    125   0.02      6.9    0 finished    ▒▒▒▒▒▒▒▒▒▒▒▒▒      ┃
        ┃   r4          593     98   0.02      7.3    0 finished    ▒▒▒▒▒▒▒▒▒▒▒        ┃
        ┃ F r5        4,160    172   0.09      6.6    0 decode       ██▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r6          640    144   0.08      6.0    0 finished     ██▒▒▒▒▒▒▒▒▒▒▒▒▒   ┃
        ┃ H r7          724    171   0.04      6.5    0 decode        █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ I r8          569    169   0.02      6.5    0 decode        ·▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r9          713    155   0.02      6.3    0 finished       █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r10         231     83   0.01      6.2    0 finished       █▒▒▒▒▒▒▒▒       ┃
        ┃   r11         228     18   0.01      6.0    0 finished        ▒▒             ┃
        ┃   r12         342    124   0.01      6.5    0 finished         ▒▒▒▒▒▒▒▒▒▒▒▒  ┃
        ┃ N r13         611    137   0.02      6.6    0 decode           █▒▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r14         507     88   0.02      6.0    0 finished          ▒▒▒▒▒▒▒▒     ┃
        ┃ P r15         539    122   0.02      6.7    0 decode             ▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ Q r16         647    121   0.02      6.6    0 decode             ▒▒▒▒▒▒▒▒▒▒▒▒┃
        ┃ R r17         521    115   0.01      6.6    0 decode             █▒▒▒▒▒▒▒▒▒▒▒┃
        ┃   r18         434     55   0.02      5.8    0 finished            █▒▒▒▒▒     ┃
        ┃ T r19         501     99   0.02      6.7    0 decode               ▒▒▒▒▒▒▒▒▒▒┃
        ┗━ sort arrival ↑  · queued █ prefill ▒ decode ━━━━━━━━━━━━━━━━━━━ 4-20 of 36 ━┛
        """)
  }

  @Test("one request at 120 × 36")
  func detail() {
    #expect(
      frame(120, 36, scene(Self.finished) { $0.selected = RequestID(52); $0.requests.isOpen = true }).text == """
        ╭─ r52 · finished ─────────────────────────────────────────╮╭─ tokens and blocks ──────────────────────────────────────╮
        │ arrival   00:02.083                                      ││ output    ████████████████████████████ 232/232           │
        │ prompt          732 tok, 160 cached                      ││ blocks    none                                           │
        │ output          232 of at most 232                       ││ step ms   ████████████████████████████ 5.1               │
        │ queue        0.44 s                                      ││                                                          │
        │ TTFT         0.45 s  SLO 0.50 s                          ││                                                          │
        │ TPOT         6.9 ms  SLO 40.0 ms                         ││                                                          │
        │ last token   2.04 s  after arrival                       ││                                                          │
        │ preempted         2 ×                                    ││                                                          │
        │ priority          0                                      ││                                                          │
        │                                                          ││                                                          │
        ╰──────────────────────────────────────────────────────────╯╰──────────────────────────────────────────────────────────╯
        ╭─ life ───────────────────────────────────────────────────────────────────────────────────────────── 1 col = 17.6 ms ─╮
        │                        │0:02.5                      │0:03.0                     │0:03.5                      │0:04.0 │
        │ ·························█╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ │
        │ ·························█╳╳╳╳╳╳╳╳╳╳╳╳╳╳╳▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ │
        ╰─ · queued █ prefill ▒ decode ╳ preempted ░ stalled ──────────────────────────────────────────────────────────────────╯
        ╭─ story ──────────────────────────────────────────────────╮┏━ decisions ━━━━━━━━━━━━━━━━━━ computed from step 394 on ━┓
        │ 00:02.083  queued 0.44 s                                 │┃         285  arrives                                     ┃
        │ 00:02.519  prefill 16.7 ms, 1 step · step 348            │┃         348  admitted, 160 cached                        ┃
        │ 00:02.536  decode 16.0 ms, 3 steps · step 348            │┃         352  preempted: loses its blocks                 ┃
        │ 00:02.552  preempted 0.13 s · step 352                   │┃         377  admitted again                              ┃
        │ 00:02.684  prefill 13.3 ms, 1 step · step 377            │┃         378  preempted: loses its blocks                 ┃
        │ 00:02.697  preempted 94.7 ms · step 378                  │┃         396  admitted again                              ┃
        │ 00:02.792  prefill 15.9 ms, 1 step · step 396            │┃         396  reads 209 tok → 1 out                       ┃
        │ 00:02.808  decode 1.31 s, 226 steps · step 396           │┃     397-622  decodes → 226 out                           ┃
        │ 00:04.122  finished · step 622                           │┃         622  leaves: 232 tok are out                     ┃
        │                                                          │┃                                                          ┃
        │                                                          │┃                                                          ┃
        │                                                          │┃                                                          ┃
        │                                                          │┃                                                          ┃
        │                                                          │┃                                                          ┃
        │                                                          │┃                                                          ┃
        │                                                          │┃                                                          ┃
        │                                                          │┃                                                          ┃
        ╰──────────────────────────────────────────────────────────╯┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
        """)
  }

  @Test("one request at 80 × 20")
  func detailSmall() {
    #expect(
      frame(80, 20, scene { $0.selected = RequestID(22); $0.requests.isOpen = true }).text == """
        ╭─ life ────────────────────────────────────────────────────── 1 col = 7.4 ms ─╮
        │   │0:00.9      │0:01.0       │0:01.1      │0:01.2       │0:01.3      │0:01.4 │
        │ ············································████████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ │
        ╰─ · queued █ prefill ▒ decode ╳ preempted ░ stalled ──────────────────────────╯
        ╭─ W r22 · decode ─────────────────────╮╭─ story ──────────────────────────────╮
        │ arrival   00:00.883                  ││ 00:00.883  queued 0.33 s             │
        │ prompt        4,160 tok, 160 cached  ││ 00:01.212  prefill 90.6 ms, 2 steps  │
        │ output           22 of at most 246   ││ 00:01.302  decode 0.15 s, 21 steps   │
        │ queue        0.33 s                  ││                                      │
        │ TTFT         0.42 s  SLO 0.50 s      ││                                      │
        │ TPOT         6.9 ms  SLO 40.0 ms     ││                                      │
        │ last token   0.57 s  after arrival   │╰──────────────────────────────────────╯
        │ preempted         0 ×                │┏━ decisions ━━━━━━━━━━━━━━ all steps ━┓
        │ priority          2                  │┃         116  arrives                 ┃
        │ computed  ███████▉ 4,181/4,182       │┃         177  admitted, 160 cached    ┃
        │ output    ▊░░░░░░░ 22/246            │┃         177  reads 2,034 tok         ┃
        │ blocks    262 in 55 runs, 10 shared  │┃         178  reads 1,966 tok → 1 out ┃
        │ slack     11 tok                     │┃     179-199  decodes → 21 out        ┃
        │ if lost   4,181 tok, 4,176 cached    │┃                                      ┃
        ╰───────────────────────── 1-14 of 15 ─╯┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
        """)
  }

  @Test("any size from 60 × 12 on, any request, list and detail: nothing is drawn outside, every border is closed")
  func sizes() {
    for snapshot in [SampleRun.snapshot(steps: 0), Self.snapshot, Self.finished] {
      for (width, height) in [(60, 12), (61, 15), (75, 16), (76, 16), (80, 20), (99, 30), (100, 24), (119, 36), (120, 24), (120, 36), (133, 50), (300, 100)] {
        for request in [nil, 0, 22, 30, 35, 52, 5_000] {
          for isOpen in [false, true] {
            let scene = scene(snapshot) {
              $0.selected = request.map { RequestID($0) }
              $0.requests.isOpen = isOpen
              $0.requests.scroll = height % 3 * 40
              $0.requests.firstRow = height % 2 == 0 ? nil : 4_000
              $0.requests.order = RequestOrder.allCases[height % 7]
            }
            let area = Rect(2, 1, width, height)
            var canvas = Canvas(width + 4, height + 2, filledWith: Cell("~"))
            RequestsPage().draw(scene, in: area, on: &canvas)
            _ = RequestsPage().sentence(scene)
            #expect(Self.isFramed(canvas, area), "\(width) × \(height)")
          }
        }
      }
    }
  }

  /// Nothing but `~` around `area`, and a border at both ends of each of its rows.
  static func isFramed(_ canvas: Canvas, _ area: Rect) -> Bool {
    let rows = area.top..<area.bottom
    let columns = area.left..<area.right
    let above = columns.allSatisfy { canvas[$0, area.top - 1].scalar == "~" && canvas[$0, area.bottom].scalar == "~" }
    let beside = rows.allSatisfy { canvas[area.left - 1, $0].scalar == "~" && canvas[area.right, $0].scalar == "~" }
    let lefts: [Unicode.Scalar] = ["╭", "╰", "│", "┏", "┗", "┃"]
    let rights: [Unicode.Scalar] = ["╮", "╯", "│", "┓", "┛", "┃"]
    let closed = rows.allSatisfy { lefts.contains(canvas[area.left, $0].scalar) && rights.contains(canvas[area.right - 1, $0].scalar) }
    return above && beside && closed
  }

  @Test("areas too small for anything do no harm")
  func tiny() {
    for width in 0..<30 {
      for height in 0..<8 {
        _ = frame(width, height, scene())
        _ = frame(width, height, scene { $0.selected = RequestID(22); $0.requests.isOpen = true })
      }
    }
  }

  // MARK: Keys

  @Test("the selection is a request, not a row: sorting does not change it")
  func identity() {
    let view = press("j", scene { $0.selected = RequestID(10) })
    #expect(view.selected == RequestID(11))
    let sorted = press("oo", Scene(snapshot: Self.snapshot, view: view))
    #expect(sorted.requests.order == .output)
    #expect(sorted.selected == RequestID(11))
    #expect(frame(120, 12, Scene(snapshot: Self.snapshot, view: sorted)).text.contains("▶  r11 "))
  }

  @Test("g and G reach the ends, and the newest stay in view at the end")
  func ends() {
    let top = press("g", scene())
    #expect(top.selected == RequestID(0))
    #expect(top.requests.firstRow == 0)
    let bottom = press("gG", scene())
    #expect(bottom.selected == RequestID(35))
    #expect(bottom.requests.firstRow == nil)
  }

  @Test("unknown values stand last, in either direction")
  func unknown() {
    for isReversed in [false, true] {
      let sequence = RequestSequence(Self.snapshot.shown, filter: RequestFilter(""), order: .ttft, isReversed: isReversed)
      #expect(sequence.count == 36)
      #expect(sequence.request(at: 35) == RequestID(35))
      #expect(sequence.request(at: 0) == RequestID(isReversed ? 23 : 10))
    }
  }

  @Test("Enter opens the selected request, Esc leads back")
  func opening() throws {
    let open = press([KeyPress(.enter)], scene { $0.selected = RequestID(7) })
    #expect(open.requests.isOpen)
    #expect(open.selected == RequestID(7))
    let back = press([KeyPress(.escape)], Scene(snapshot: Self.snapshot, view: open))
    #expect(!back.requests.isOpen)
    // Without a selection the newest one is opened; without requests the key says why not.
    #expect(press([KeyPress(.enter)], scene()).selected == RequestID(35))
    let nothing = SampleRun.snapshot(steps: 0)
    #expect(RequestsPage().press(KeyPress(.enter), scene(nothing), in: Self.area)?.notice == "no request is listed")
  }

  @Test("w and s zoom the axis, a and d move it, = shows all again")
  func axis() throws {
    let now = Self.snapshot.shown.now
    let near = press("w", scene())
    #expect(near.requests.span == .seconds(now.seconds / 2))
    #expect(near.requests.end == nil)
    let earlier = press("wa", scene())
    #expect(try #require(earlier.requests.end) < now)
    #expect(press("wad", scene()).requests.end == nil)
    #expect(press("waa=", scene()) == scene().view)
  }

  @Test("a click selects, a second one opens; a click on a header sorts, a second one turns the order")
  func clicking() throws {
    let first = try #require(RequestsPage().click(Point(20, 4), scene(), in: Self.area)).view
    #expect(first.selected == RequestID(5))
    #expect(!first.requests.isOpen)
    #expect(try #require(RequestsPage().click(Point(20, 4), Scene(snapshot: Self.snapshot, view: first), in: Self.area)).view.requests.isOpen)
    let prompt = try #require(RequestsPage().click(Point(28, 1), scene(), in: Self.area)).view
    #expect(prompt.requests.order == .prompt)
    #expect(try #require(RequestsPage().click(Point(28, 1), Scene(snapshot: Self.snapshot, view: prompt), in: Self.area)).view.requests.isReversed)
  }

  @Test("sentences: nobody selected, one that runs, one that was rejected")
  func sentences() {
    #expect(RequestsPage().sentence(scene()).text == "36 arrived · 16 running · 8 waiting · 11 finished · 0 aborted · 1 rejected")
    #expect(RequestsPage().sentence(scene { $0.selected = RequestID(30) }).text == "r30 rejected: needs 1289 KV blocks, the pool has 1023")
    #expect(
      RequestsPage().sentence(scene { $0.selected = RequestID(22) }).text
        == "W r22 decode · prompt 4,160 · output 22/246 · 160 tok reused · TTFT 0.42 s, SLO 0.50 s · TPOT 6.9 ms, SLO 40.0 ms · Enter for detail")
  }
}
