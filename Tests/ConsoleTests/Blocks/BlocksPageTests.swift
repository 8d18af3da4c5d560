import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine
import Testing

@testable import Console

@Suite("BlocksPage")
struct BlocksPageTests {
  static let snapshot = SampleRun.snapshot()
  static let area = Rect(0, 0, 120, 36)

  func scene(_ snapshot: Snapshot = Self.snapshot, _ change: (inout ViewState) -> Void = { _ in }) -> Scene {
    var view = ViewState()
    view.page = BlocksPage.number
    change(&view)
    return Scene(snapshot: snapshot, view: view)
  }

  func frame(_ width: Int, _ height: Int, _ scene: Scene) -> Canvas {
    var canvas = Canvas(width, height)
    BlocksPage().draw(scene, in: canvas.area, on: &canvas)
    return canvas
  }

  func press(_ keys: String, _ start: Scene, in area: Rect = Self.area) -> ViewState {
    keys.reduce(into: start.view) { view, key in
      view = BlocksPage().press(.character(key), Scene(snapshot: start.snapshot, view: view), in: area)?.view ?? view
    }
  }

  // MARK: Pictures

  @Test("the page at 120 × 36")
  func large() {
    #expect(
      frame(120, 36, scene()).text == """
        ┏━ block map ━━━━━━━━━━━━━━━━━━━━ 1,024 blk · 64 × 16 · 1 cell = 16 tok ━┓╭─ P r15 ───────────────── 42 blk · 660 tok ─╮
        ┃       0▼      8       16      24      32      40      48      56       ┃│ logical      phys ref    tok state         │
        ┃    0 ▶■##########XXXVTCXWRNFHQUIPWWWWWW##########◌◌◌◌◌◌IPKKKKKKKKKKKKK ┃│ 0-9          1-10   3    160  # full 6fda  │
        ┃   64  KKKKKKKKKKKKKKKKKKKW##########CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC ┃│ 10-33     690-713   1    384  full 0828    │
        ┃  128  CCCCCCCCCCKCWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW ┃│ 34            750   1     16  full 6338    │
        ┃  192  WWWWWWWWWWWFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF ┃│ 35            808   1     16  full 8b3c    │
        ┃  256  FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF ┃│ 36            896   1     16  full 7237    │
        ┃  320  FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF ┃│ 37            916   1     16  full 9c61    │
        ┃  384  FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF ┃│ 38            934   1     16  full 7231    │
        ┃  448  FFFFFWWWWWWFWWWWWWWWWWWWWWWWWWWWWWWWHHHHHHHHHHHHHHHHHHHHHHHHHHHH ┃│ 39            949   1     16  full 7d2e    │
        ┃  512  HHHHHHHHKWIIIIIIIIIIIIIIIIIIIIIIIIIICWIEEEEEEEEEEEEEEELLLLLLLLLL ┃│ slack 12 of 672 tok (1.8%)                 │
        ┃  576  LLLLLLXXXXWWWWWWHWFEWWWWWWXCWWIXXXXXXXXXXXXWHWCFEWXNNNNNNNNNNNNN ┃│ 10 runs · longest stretch 24 blk           │
        ┃  640  NNNNNNNNNNNNNNNNWXWWWWWWWWWWWWWWWWWWWWWWWIWHWWFNEWPPPPPPPPPPPPPP ┃│ preempt would recompute 660 tok            │
        ┃  704  PPPPPPPPPPXQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQCWXWPRRRRRRRRRRRRRRRRR ┃│ less what is still cached (656)            │
        ┃  768  RRRRRRIWQHWWFNREWXWWWWWWWWWWWWWWWWWWCWXWPTTTTTTTTTTTTTTTTTTTTTTI ┃╰──────────────────────────────── 1-8 of 10 ─╯
        ┃  832  WQHWUUUUUUUUUUUUUUUUUUWFNREWXWCTVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV ┃╭─ prefix tree ────────────────── hit 17.1% ─╮
        ┃  896  PXFIUWQHWWNREWXWCTVXPIUWQHWEFNRWXICTVXPUWQHFNREFXCTVXPIUCQHNREXT ┃│ running                            blk  ref│
        ┃  960  VWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW ┃│ ├─ aff4                             10    7│
        ┃                                                                        ┃│ │  ├─ C r2                         +56     │
        ┃                                                                        ┃│ │  ├─ F r5                        +261     │
        ┃                                                                        ┃│ │  ├─ I r8                         +37     │
        ┃                                                                        ┃│ │  ├─ R r17                        +30     │
        ┃                                                                        ┃│ │  ├─ U r20                        +23     │
        ┗━ A-X owner  # shared  ░ cached  ◌ evict next  · free ━━━━━━━ v: owner ━┛│ │  ├─ X r23                        +36     │
        ╭─ pool over time ────────────────────────────── █ live ▒ cached ░ free ─╮│ │  └─ K r26                        +34     │
        │░░░░░░░▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▒███████████████▒▒█████││ ├─ 61ae                             10    6│
        │▒▒▒▒▒▒▒██████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒███████████████████████││ ░ 6 blk only cached, ref 0                 │
        │████████████████████████████████████████████████▒███████████████████████│╰──────────────────────────────── 1-9 of 19 ─╯
        │████████████████████████████████████████████████████████████████████████│╭─ evict queue ───────── 6 cached of 6 free ─╮
        │████████████████████████████████████████████████████████████████████████││    handed out    blk content               │
        │████████████████████████████████████████████████████████████████████████││             1     48  ◌ 94fd               │
        │████████████████████████████████████████████████████████████████████████││             2     47  ◌ bd43               │
        │████████████████████████████████████████████████████████████████████████││             3     46  ◌ e826               │
        │████████████████████████████████████████████████████████████████████████││             4     45  ◌ 4737               │
        │████████████████████████████████████████████████████████████████████████││             5     44  ◌ b152               │
        ╰─ 1 col = 1 step ──────────────────────────────────── 200 of 200 steps ─╯╰────────────────────────────────────────────╯
        """)
  }

  @Test("the page at 80 × 20")
  func small() {
    #expect(
      frame(80, 20, scene { $0.blocks.cursor = 300 }).text == """
        ┏━ block map ━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 1,024 blk · 64 × 8 · 1 cell = 2 blk ━┓
        ┃       0       16      32    ▼ 48      64      80      96      112            ┃
        ┃    0  ######XVCWNHUPWWW#####◌◌IPKKKKKKKKKKKKKKKK#####CCCCCCCCCCCCCCCCC       ┃
        ┃  128  CCCCCKWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWFFFFFFFFFFFFFFFFFFFFFFFFFF       ┃
        ┃  256 ▶FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF       ┃
        ┃  384  FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFWWWWWWWWWWWWWWWHHHHHHHHHHHHHH       ┃
        ┃  512  HHHHKIIIIIIIIIIIIICIEEEEEEELLLLLLLLXXWWWHFWWWXWIXXXXXXHCEXNNNNNN       ┃
        ┃  640  NNNNNNNNWWWWWWWWWWWWWWWFEPPPPPPPPPPPPXQQQQQQQQQQQQQQQCXPRRRRRRRR       ┃
        ┃  768  RRRIQWFRWWWWWWWWWWCXPTTTTTTTTTTTWHUUUUUUUUUWNEXCVVVVVVVVVVVVVVVV       ┃
        ┃  896  PFUQWNEXCVPUQWFRXCVPWHNEXTXICHRXVWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW       ┃
        ┃                                                                              ┃
        ┗━ A-X owner  # shared  ░ cached  ◌ evict next  · free ━━━━━━━━━━━━━ v: owner ━┛
        ╭─ F r5 ───────── 271 blk · 4,331 tok ─╮╭─ prefix tree ──────────── hit 17.1% ─╮
        │ logical      phys    tok state       ││ running                      blk  ref│
        │ 0-9         84-93    160  # full aff4││ ├─ aff4                       10    7│
        │ 10-259    203-452  4,000  full 41f7  ││ │  ├─ C r2                   +56     │
        │ 260           459     16  full 664f  ││ │  ├─ F r5                  +261     │
        │ 261           594     16  full bc6b  ││ │  ├─ I r8                   +37     │
        │ slack 5 of 4,336 tok (0.1%)          ││ ░ 6 blk only cached, ref 0           │
        ╰────────────────────────── 1-4 of 13 ─╯╰────────────────────────── 1-4 of 19 ─╯
        """)
  }

  @Test("too many blocks: one cell stands for several, in small letters where no holder has half")
  func aggregated() {
    #expect(
      frame(60, 12, scene()).text == """
        ┏━ block map ━━━━━━━━ 1,024 blk · 48 × 6 · 1 cell = 4 blk ━┓
        ┃       ▼       32      64      96      128     160        ┃
        ┃    0 ▶###XcnuW###◌iKKKKKKKK###CCCCCCCCCCCWWWWWWWWWWWWW   ┃
        ┃  192  WWWFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF   ┃
        ┃  384  FFFFFFFFFFFFFFFFFWWWWWWWWHHHHHHHHHIIIIIIIcEEEELL   ┃
        ┃  576  LLXWhWWWXXXheNNNNNNNWWWWWWWWPPPPPPPQQQQQQQQxRRRR   ┃
        ┃  768  RRWfWWWWWWTTTTTTWUUUUUnxVVVVVVVVpuWWcpqfxvwnxxcr   ┃
        ┃  960  WWWWWWWWWWWWWWWW                                   ┃
        ┃                                                          ┃
        ┃                                                          ┃
        ┃                                                          ┃
        ┗━ A-X # shared ░ cached ◌ next · free ━━━━━━━━━ v: owner ━┛
        """)
  }

  @Test("any size from 60 × 12 on, any panel, any view: nothing is drawn outside, every border is closed")
  func sizes() {
    let beginning = SampleRun.snapshot(steps: 0)
    let end = SampleRun.snapshot(steps: 900)
    for snapshot in [Self.snapshot, beginning, end] {
      for (width, height) in [(60, 12), (61, 13), (75, 17), (76, 18), (79, 40), (80, 20), (99, 21), (100, 22), (119, 36), (120, 24), (120, 36), (133, 50), (200, 60), (300, 100)] {
        for focus in BlocksPage.panels.indices {
          for layer in BlockLayer.allCases {
            let scene = scene(snapshot) {
              $0.focus[BlocksPage.number] = focus
              $0.blocks.layer = layer
              $0.blocks.cursor = 5_000
              $0.blocks.rows = [9, 900, 900, 900, 9]
              $0.isZoomed = (width + focus) % 3 == 0
            }
            let area = Rect(2, 1, width, height)
            var canvas = Canvas(width + 4, height + 2, filledWith: Cell("~"))
            BlocksPage().draw(scene, in: area, on: &canvas)
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
    for width in 0..<30 { for height in 0..<8 { _ = frame(width, height, scene()) } }
  }

  @Test("in the past the pool's history goes on behind the playhead, dimmed")
  func playhead() throws {
    let timeline = SampleRun.timeline(steps: 60)
    let past = Snapshot(shown: timeline.moment(at: 50), head: timeline.head, transport: .past(behind: 10))
    let canvas = frame(80, 8, scene(past) { $0.focus[BlocksPage.number] = BlocksLayout.Panel.history.rawValue; $0.isZoomed = true })
    #expect(canvas.text(ofRow: 6).hasSuffix("┃██████████┃"))
    #expect(canvas[72, 6].attributes.contains(.dim) && !canvas[60, 6].attributes.contains(.dim))
    #expect(canvas.text(ofRow: 7).contains(" 50 of 60 steps "))
  }

  @Test("the evict queue says who waits for what is about to be forgotten")
  func wishes() {
    let scene = scene(SampleRun.snapshot(steps: 360)) {
      $0.focus[BlocksPage.number] = BlocksLayout.Panel.queue.rawValue
      $0.isZoomed = true
    }
    #expect(frame(60, 12, scene).text(ofRow: 2) == "┃▶            1    132  ◌ 7542  r52 wants it               ┃")
  }

  // MARK: The cursor

  @Test("a block with several owners is # and the sentence names them")
  func sharing() {
    let scene = scene { $0.blocks.cursor = 3 }
    let picture = MemoryPicture(scene, layer: .owner)
    #expect(picture.mark(of: 3..<4).glyph == "#")
    #expect(
      BlocksPage().sentence(scene).text
        == "block 3 · shared by P r15, V r21, L r24 · logical 2 · tok 32-47 · ref 3 · content a904")
  }

  @Test("sentences about blocks that nobody owns, that one request writes, and block 0")
  func sentences() {
    #expect(BlocksPage().sentence(scene { $0.blocks.cursor = 0 }).text == "block 0 · reserved: it is never handed out")
    #expect(
      BlocksPage().sentence(scene { $0.blocks.cursor = 47 }).text
        == "block 47 · cached bd43 · ref 0 · place 2 of 6 in the free list · forgotten when it is handed out")
    #expect(
      BlocksPage().sentence(scene { $0.blocks.cursor = 949 }).text
        == "block 949 · owner P r15 · logical 39 · tok 624-639 · ref 1 · content 7d2e")
  }

  @Test("hjkl moves by a cell and by a row, and stays where there is no block")
  func moving() {
    #expect(press("l", scene()).blocks.cursor == 2)
    #expect(press("j", scene()).blocks.cursor == 65)
    #expect(press("jk", scene()).blocks.cursor == 1)
    #expect(press("hh", scene()).blocks.cursor == 0)
    #expect(press("k", scene()).blocks.cursor == 1)
    #expect(press("G", scene()).blocks.cursor == 1_023)
    #expect(press("Gj", scene()).blocks.cursor == 1_023)
    #expect(press("Gg", scene()).blocks.cursor == 0)
  }

  @Test("a cell of several blocks is left in one step")
  func movingByCells() {
    let narrow = Rect(0, 0, 60, 12)
    #expect(press("l", scene(), in: narrow).blocks.cursor == 4)
    #expect(press("j", scene(), in: narrow).blocks.cursor == 192)
  }

  @Test("v shows other things in the same places and comes back")
  func layers() {
    #expect(press("v", scene()).blocks.layer == .references)
    #expect(press("vvvv", scene()).blocks.layer == .owner)
    let references = MemoryPicture(scene(), layer: .references)
    #expect(references.mark(of: 3..<4).glyph == "3")
    #expect(references.mark(of: 47..<48).glyph == "░")
    let order = MemoryPicture(scene(), layer: .order)
    #expect(order.mark(of: 48..<49).glyph == "0")
    #expect(order.mark(of: 3..<4).glyph == "▒")
    let content = MemoryPicture(scene(), layer: .content)
    #expect(content.mark(of: 3..<4).glyph == "█")
    #expect(content.mark(of: 47..<48).glyph == "░")
  }

  @Test("Enter selects the owner, and of a shared block the next one each time")
  func selecting() throws {
    var scene = scene { $0.blocks.cursor = 3 }
    var seen: [RequestID] = []
    for _ in 0..<4 {
      let view = try #require(BlocksPage().press(KeyPress(.enter), scene, in: Self.area)).view
      seen.append(try #require(view.selected))
      scene = Scene(snapshot: Self.snapshot, view: view)
    }
    #expect(seen == [RequestID(15), RequestID(21), RequestID(24), RequestID(15)])
    let nobody = BlocksPage().press(KeyPress(.enter), self.scene { $0.blocks.cursor = 47 }, in: Self.area)
    #expect(nobody?.notice == "nobody holds block 47")
  }

  @Test("a click on the map moves the cursor there, a click on a panel gives it the focus")
  func clicking() throws {
    let map = BlocksPage.map(scene(), in: try #require(BlocksPage.layout(scene(), in: Self.area)[.map]))
    let place = try #require(map.place(of: 700))
    #expect(BlocksPage().click(place, scene(), in: Self.area)?.view.blocks.cursor == 700)
    #expect(map.block(at: place) == 700)
    let queue = try #require(BlocksPage.layout(scene(), in: Self.area)[.queue])
    let view = try #require(BlocksPage().click(Point(queue.left + 3, queue.top + 3), scene(), in: Self.area)).view
    #expect(view.focus[BlocksPage.number] == BlocksLayout.Panel.queue.rawValue)
    #expect(view.blocks.rows[BlocksLayout.Panel.queue.rawValue] == 1)
  }

  @Test("Enter in a list leads to the block in the map")
  func jumping() throws {
    let table = scene {
      $0.focus[BlocksPage.number] = BlocksLayout.Panel.table.rawValue
      $0.blocks.rows[BlocksLayout.Panel.table.rawValue] = 1
    }
    let runs = try #require(BlocksPage.runs(table))
    #expect(BlocksPage().press(KeyPress(.enter), table, in: Self.area)?.view.blocks.cursor == runs.runs[1].first)
    let queue = scene { $0.focus[BlocksPage.number] = BlocksLayout.Panel.queue.rawValue }
    #expect(BlocksPage().press(KeyPress(.enter), queue, in: Self.area)?.view.blocks.cursor == 48)
  }
}
