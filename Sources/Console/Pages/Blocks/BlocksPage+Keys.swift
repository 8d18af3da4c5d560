import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

extension BlocksPage {
  public func press(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    var view = scene.view
    switch key {
    case .character("v"):
      view.blocks.layer = view.blocks.layer.next
      return Reaction(view)
    case .character("z"):
      view.isZoomed.toggle()
      return Reaction(view)
    case .character("+"), .character("="):
      view.blocks.stepsPerColumn = max(1, view.blocks.stepsPerColumn / 2)
      return Reaction(view)
    case .character("-"):
      view.blocks.stepsPerColumn = min(1 << 20, view.blocks.stepsPerColumn * 2)
      return Reaction(view)
    default: break
    }
    let panel = Self.focus(scene.view)
    return panel == .map ? pressOnMap(key, scene, in: area) : pressOnList(key, panel, scene)
  }

  private func pressOnMap(_ key: KeyPress, _ scene: Scene, in area: Rect) -> Reaction? {
    guard let place = Self.layout(scene, in: area)[.map] else { return nil }
    let map = Self.map(scene, in: place)
    let last = map.blockCount - 1
    let cursor = Int(Self.cursor(scene))
    // From cell to cell: a cell of many blocks is left in one step.
    let cell = (cursor >> map.shift) << map.shift
    let target: Int
    switch key.key {
    case .character("h") where key.modifiers.isEmpty, .left: target = cell - map.cellStep
    case .character("l") where key.modifiers.isEmpty, .right: target = cell + map.cellStep
    case .character("k") where key.modifiers.isEmpty, .up: target = cell - map.rowStep
    case .character("j") where key.modifiers.isEmpty, .down: target = cell + map.rowStep
    case .character("g"), .home: target = 0
    case .character("G"), .end: target = last
    case .character("u") where key.modifiers == .control, .pageUp: target = cell - map.rowStep * max(1, map.rows / 2)
    case .character("d") where key.modifiers == .control, .pageDown: target = cell + map.rowStep * max(1, map.rows / 2)
    case .enter: return selectOwner(scene)
    default: return nil
    }
    // A step beyond the edge stays in its column.
    let isInside = target >= 0 && target <= last
    let isFar = key.key == .pageUp || key.key == .pageDown || key.modifiers == .control
    return isInside || isFar ? move(to: min(max(0, target), last), scene, map) : Reaction(scene.view)
  }

  private func move(to block: Int, _ scene: Scene, _ map: BlockMap) -> Reaction {
    var view = scene.view
    view.blocks.cursor = BlockID(block)
    let allRows = (map.blockCount + map.rowStep - 1) / map.rowStep
    view.blocks.firstRow = Table.scroll(map.firstRow, toShow: block / map.rowStep, of: allRows, height: map.rows)
    return Reaction(view)
  }

  /// The request that holds the block under the cursor; of several the next one at each press.
  private func selectOwner(_ scene: Scene) -> Reaction {
    var view = scene.view
    let holders = MemoryPicture.holders(of: Self.cursor(scene), scene.run.engine.state.scheduler).map(\.request.id)
    guard !holders.isEmpty else { return Reaction(view, notice: "nobody holds block \(Self.cursor(scene))") }
    let present = view.selected.flatMap { holders.firstIndex(of: $0) }
    view.selected = holders[present.map { ($0 + 1) % holders.count } ?? 0]
    view.blocks.rows[BlocksLayout.Panel.table.rawValue] = 0
    return Reaction(view)
  }

  private func pressOnList(_ key: KeyPress, _ panel: BlocksLayout.Panel, _ scene: Scene) -> Reaction? {
    var view = scene.view
    let scheduler = scene.run.engine.state.scheduler
    let count = switch panel {
    case .table: Self.runs(scene)?.runs.count ?? 0
    case .tree: PrefixTree(scheduler).rows.count
    case .queue: EvictQueue(scheduler.memory, limit: Int(Int16.max)).rows.count
    case .map, .history: 0
    }
    let row = Self.row(scene, panel, of: count)
    switch key.key {
    case .character("k") where key.modifiers.isEmpty, .up: view.blocks.rows[panel.rawValue] = max(0, row - 1)
    case .character("j") where key.modifiers.isEmpty, .down: view.blocks.rows[panel.rawValue] = min(max(0, count - 1), row + 1)
    case .character("u") where key.modifiers == .control, .pageUp: view.blocks.rows[panel.rawValue] = max(0, row - 10)
    case .character("d") where key.modifiers == .control, .pageDown: view.blocks.rows[panel.rawValue] = min(max(0, count - 1), row + 10)
    case .character("g"), .home: view.blocks.rows[panel.rawValue] = 0
    case .character("G"), .end: view.blocks.rows[panel.rawValue] = max(0, count - 1)
    case .enter: return count > 0 ? enter(panel, row, scene) : nil
    default: return nil
    }
    return Reaction(view)
  }

  private func enter(_ panel: BlocksLayout.Panel, _ row: Int, _ scene: Scene) -> Reaction? {
    var view = scene.view
    let scheduler = scene.run.engine.state.scheduler
    switch panel {
    case .table:
      guard let run = Self.runs(scene)?.runs[row] else { return nil }
      // The table stays the one of this request, also when the block is shared.
      view.selected = Self.subject(scene)?.request.id
      view.blocks.cursor = run.first
    case .tree:
      let line = PrefixTree(scheduler).rows[row]
      if case .request(let request) = line.subject { view.selected = request }
      if line.first != 0 { view.blocks.cursor = line.first }
    case .queue:
      view.blocks.cursor = EvictQueue(scheduler.memory, limit: row + 1).rows[row].block
    case .map, .history: return nil
    }
    return Reaction(view)
  }

  public func click(_ point: Point, _ scene: Scene, in area: Rect) -> Reaction? {
    let layout = Self.layout(scene, in: area)
    guard let panel = layout.panel(at: point), let place = layout[panel] else { return nil }
    var view = scene.view
    if view.focus.indices.contains(Self.number) { view.focus[Self.number] = panel.rawValue }
    if panel == .map {
      if let block = Self.map(scene, in: place).block(at: point) { view.blocks.cursor = block }
    } else if panel != .history {
      let first = Panel.inside(place).top + 1
      let offset = Self.rowsShown(scene, panel, of: Int(Int16.max), height: place.height - 3).lowerBound
      if point.row >= first && point.row < place.bottom - 1 { view.blocks.rows[panel.rawValue] = offset + point.row - first }
    }
    return Reaction(view)
  }
}
