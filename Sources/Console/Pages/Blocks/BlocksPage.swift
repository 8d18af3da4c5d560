import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

/// The page KV: every block of KV memory and who holds it.
public struct BlocksPage: Page {
  public static let descriptor = Descriptor(name: "KV", summary: "every block of KV memory and who holds it", source: "")
  public static let shortName = "KV"
  public static let panels = ["block map", "block table", "prefix tree", "evict queue", "pool over time"]
  /// Position in the catalogue, by which the view knows the page's focus.
  static let number = PageCatalogue.members.firstIndex { ObjectIdentifier($0) == ObjectIdentifier(BlocksPage.self) } ?? 0

  public init() {}

  static func focus(_ view: ViewState) -> BlocksLayout.Panel {
    BlocksLayout.Panel(rawValue: view.focus.indices.contains(number) ? view.focus[number] : 0) ?? .map
  }

  static func layout(_ scene: Scene, in area: Rect) -> BlocksLayout {
    BlocksLayout(
      area, blockCount: scene.run.engine.state.scheduler.memory.pool.blockCount, focus: focus(scene.view),
      isZoomed: scene.view.isZoomed)
  }

  static func map(_ scene: Scene, in area: Rect) -> BlockMap {
    let memory = scene.run.engine.state.scheduler.memory
    return BlockMap(
      in: Panel.inside(area), blockCount: memory.pool.blockCount, isWindow: scene.view.isZoomed,
      cursor: cursor(scene), firstRow: scene.view.blocks.firstRow)
  }

  /// The selected block, inside the pool whatever the view says.
  static func cursor(_ scene: Scene) -> BlockID {
    min(max(0, scene.view.blocks.cursor), BlockID(scene.run.engine.state.scheduler.memory.pool.blockCount - 1))
  }

  /// Whose table is shown: the selected request when it holds blocks, else who holds the block under the cursor.
  static func subject(_ scene: Scene) -> (row: Int, request: Request)? {
    let scheduler = scene.run.engine.state.scheduler
    let requests = scheduler.requests
    if let selected = scene.view.selected, let row = scheduler.running.first(where: { requests[Int($0)].id == selected }) {
      return (Int(row), requests[Int(row)])
    }
    guard let holder = MemoryPicture.holders(of: cursor(scene), scheduler).first?.request,
      let row = scheduler.running.first(where: { requests[Int($0)].id == holder.id })
    else { return nil }
    return (Int(row), holder)
  }

  public func draw(_ scene: Scene, in area: Rect, on canvas: inout Canvas) {
    let layout = Self.layout(scene, in: area)
    let focus = Self.focus(scene.view)
    for panel in BlocksLayout.Panel.allCases {
      guard let place = layout[panel], !place.isEmpty else { continue }
      canvas.clipped(to: place) { canvas in
        switch panel {
        case .map: drawMap(scene, in: place, focus == panel, on: &canvas)
        case .table: drawTable(scene, in: place, focus == panel, on: &canvas)
        case .tree: drawTree(scene, in: place, focus == panel, on: &canvas)
        case .queue: drawQueue(scene, in: place, focus == panel, on: &canvas)
        case .history: drawHistory(scene, in: place, focus == panel, on: &canvas)
        }
      }
    }
  }

  private func drawMap(_ scene: Scene, in area: Rect, _ isFocused: Bool, on canvas: inout Canvas) {
    let map = Self.map(scene, in: area)
    let layer = scene.view.blocks.layer
    let legend = area.width >= 72 ? layer.legend.long : layer.legend.short
    Panel(
      "block map", badge: map.badge(tokensPerBlock: scene.run.engine.state.scheduler.memory.tokensPerBlock),
      footer: legend + (map.shift > 0 && layer == .owner && area.width >= 90 ? "  a-x under half" : ""),
      position: map.position ?? "v: \(layer.rawValue)", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    canvas.clipped(to: Panel.inside(area)) { canvas in
      map.draw(MemoryPicture(scene, layer: layer), cursor: Self.cursor(scene), on: &canvas)
    }
  }

  // MARK: The selected block in words

  public func sentence(_ scene: Scene) -> StyledText {
    let scheduler = scene.run.engine.state.scheduler
    let memory = scheduler.memory
    let block = Self.cursor(scene)
    let start = StyledText("block \(Figure.grouped(Int(block)))", .strong)
    if block == 0 { return start + " · reserved: it is never handed out" }
    let hash = memory.index.content(of: block)
    let holders = MemoryPicture.holders(of: block, scheduler)
    guard let (request, logical) = holders.first else {
      let place = memory.pool.freeList.firstIndex(of: block).map { $0 + 1 } ?? 0
      let queue = "place \(Figure.grouped(place)) of \(Figure.grouped(memory.pool.freeCount)) in the free list"
      return hash == 0
        ? start + StyledText(" · free, no content · \(queue)")
        : start + " · cached " + StyledText(PrefixTree.name(hash), Style(.kvCached)) + StyledText(" · ref 0 · \(queue) · forgotten when it is handed out")
    }
    var text = start + (holders.count == 1 ? " · owner " : " · shared by ")
    for (position, holder) in holders.prefix(3).enumerated() {
      if position > 0 { text += ", " }
      text += Self.name(holder.request.id, scene)
    }
    if holders.count > 3 { text += StyledText(" and \(holders.count - 3) more") }
    let size = memory.tokensPerBlock
    let dropped = scene.run.engine.state.scheduler.running.first { scene.run.engine.state.requests[Int($0)].id == request.id }
      .map { Int(memory.tables[Int($0)].dropped) } ?? 0
    let filled = min(size, max(0, request.computed - dropped - logical * size))
    text += StyledText(" · logical \(Figure.grouped(logical))")
    text += filled > 0
      ? StyledText(" · \(dropped > 0 ? "slot" : "tok") \(Figure.grouped(logical * size))-\(Figure.grouped(logical * size + filled - 1))")
      : " · no token yet"
    text += StyledText(" · ref \(holders.count)")
    if hash != 0 { return text + " · content " + StyledText(PrefixTree.name(hash), Style(.kvCached)) }
    if !memory.reusesPrefixes { return text + " · prefixes are not reused" }
    return text + (filled < size ? StyledText(" · \(filled)/\(size) full, not findable until full") : " · full, not findable yet")
  }

  /// `H r1027`, in the request's colour.
  static func name(_ request: RequestID, _ scene: Scene) -> StyledText {
    let letter = scene.letter(of: request).map { "\($0) " } ?? ""
    return StyledText(letter + "\(request)", scene.style(of: request))
  }

  public func hints(_ scene: Scene) -> [Hint] {
    switch Self.focus(scene.view) {
    case .map: [Hint("hjkl", "move"), Hint("Enter", "owner"), Hint("v", "view"), Hint("z", "1:1")]
    case .table, .queue: [Hint("jk", "move"), Hint("Enter", "show in map"), Hint("v", "view")]
    case .tree: [Hint("jk", "move"), Hint("Enter", "select"), Hint("v", "view")]
    case .history: [Hint("+ -", "time zoom"), Hint("v", "view")]
    }
  }
}
