import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

// MARK: The table of one request

extension BlocksPage {
  static func runs(_ scene: Scene) -> BlockRuns? {
    guard let (row, request) = subject(scene) else { return nil }
    let memory = scene.run.engine.state.scheduler.memory
    return BlockRuns(memory.tables[row].blocks, tokens: request.computed - Int(memory.tables[row].dropped), memory: memory)
  }

  func drawTable(_ scene: Scene, in area: Rect, _ isFocused: Bool, on canvas: inout Canvas) {
    guard let (_, request) = Self.subject(scene), let runs = Self.runs(scene) else {
      let inside = Panel("block table", badge: "–", isFocused: isFocused).draw(in: area, on: &canvas)
      canvas.put("no request holds the block at the cursor", at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted)
      if let selected = scene.view.selected {
        canvas.put("and \(selected) holds none", at: Point(inside.left + 1, inside.top + 1), width: inside.width - 1, style: .muted)
      }
      return
    }
    let size = scene.run.engine.state.scheduler.memory.tokensPerBlock
    var inside = Panel.inside(area)
    let summary = Self.summary(runs, size)
    let notes = inside.cutBottom(inside.height >= 8 ? summary.count : inside.height >= 5 ? 1 : 0)
    let shown = Self.rowsShown(scene, .table, of: runs.runs.count, height: inside.height - 1)
    Panel(
      Self.name(request.id, scene),
      badge: StyledText("\(Figure.grouped(runs.blockCount)) blk · \(Figure.grouped(runs.tokens)) tok", Style(.borderBadge)),
      footer: StyledText(isFocused ? "Enter = show in map" : "", Style(.borderBadge)),
      position: StyledText(Self.position(shown, of: runs.runs.count), Style(.borderBadge)), isFocused: isFocused
    ).draw(in: area, on: &canvas)
    let blockDigits = String(scene.run.engine.state.scheduler.memory.pool.blockCount).utf8.count
    Table(
      [
        .init("logical", width: max(7, 2 * String(runs.blockCount).utf8.count + 1)),
        .init("phys", width: 2 * blockDigits + 1, .right), .init("ref", width: 3, .right, dropOrder: 2),
        .init("tok", width: 6, .right, dropOrder: 1), .init("state", width: 12, grows: true),
      ],
      rows: runs.runs[shown].map { run in
        [
          StyledText(run.logicalText), StyledText(run.physicalText), StyledText(Figure.grouped(run.references, width: 3)),
          StyledText(Figure.grouped(run.tokens, width: 6)), StyledText(" ") + run.stateText(tokensPerBlock: size),
        ]
      }, selected: isFocused ? Self.row(scene, .table, of: runs.runs.count) - shown.lowerBound : nil
    ).draw(in: inside, on: &canvas)
    for (offset, line) in summary.prefix(notes.height).enumerated() {
      canvas.put(StyledText(line, .muted), at: Point(notes.left + 1, notes.top + offset), width: notes.width - 1)
    }
  }

  private static func summary(_ runs: BlockRuns, _ size: Int) -> [String] {
    let slots = runs.blockCount * size
    let share = slots == 0 ? 0 : Double(runs.slack) / Double(slots)
    return [
      "slack \(Figure.grouped(runs.slack)) of \(Figure.grouped(slots)) tok (\(Figure.percent(share, decimals: 1)))",
      "\(Figure.grouped(runs.runs.count)) runs · longest stretch \(Figure.grouped(runs.longest)) blk",
      "preempt would recompute \(Figure.grouped(runs.tokens)) tok",
      "less what is still cached (\(Figure.grouped(runs.findableTokens)))",
    ]
  }
}

// MARK: Who shares

extension BlocksPage {
  func drawTree(_ scene: Scene, in area: Rect, _ isFocused: Bool, on canvas: inout Canvas) {
    let scheduler = scene.run.engine.state.scheduler
    let memory = scheduler.memory
    let rows = PrefixTree(scheduler).rows
    var inside = Panel.inside(area)
    let note = inside.cutBottom(inside.height >= 4 ? 1 : 0)
    let shown = Self.rowsShown(scene, .tree, of: rows.count, height: inside.height - 1)
    let hit = scene.run.observatory.scoreboard.prefixHitRate
    Panel(
      "prefix tree", badge: memory.reusesPrefixes ? "hit " + (hit.map { Figure.percent($0, decimals: 1) } ?? "–") : "reuse is off",
      footer: isFocused ? "Enter = select" : "", position: Self.position(shown, of: rows.count), isFocused: isFocused
    ).draw(in: area, on: &canvas)
    Table(
      [.init("running", width: 12, grows: true), .init("blk", width: 7, .right), .init("ref", width: 4, .right)],
      rows: rows[shown].map { row in
        let lines = StyledText(row.lines, .muted)
        switch row.subject {
        case .prefix(let hash, let references):
          return [
            lines + StyledText(hash == 0 ? "–" : PrefixTree.name(hash), Style(.kvShared)),
            StyledText(Figure.grouped(row.blocks)), StyledText(String(references)),
          ]
        case .request(let request):
          return [lines + Self.name(request, scene), StyledText("+" + Figure.grouped(row.blocks))]
        }
      }, selected: isFocused ? Self.row(scene, .tree, of: rows.count) - shown.lowerBound : nil
    ).draw(in: inside, on: &canvas)
    if rows.isEmpty { canvas.put("nothing runs", at: Point(inside.left + 1, inside.top + 1), width: inside.width - 2, style: .muted) }
    if !note.isEmpty {
      canvas.put(
        StyledText("░ ", Style(.kvCached)) + StyledText("\(Figure.grouped(memory.cachedFreeCount)) blk only cached, ref 0", .muted),
        at: Point(note.left + 1, note.top), width: note.width - 1)
    }
  }
}

// MARK: Who is forgotten next

extension BlocksPage {
  func drawQueue(_ scene: Scene, in area: Rect, _ isFocused: Bool, on canvas: inout Canvas) {
    let memory = scene.run.engine.state.scheduler.memory
    let inside = Panel.inside(area)
    let wanted = Self.row(scene, .queue, of: Int.max) + max(1, inside.height)
    let rows = EvictQueue(memory, limit: wanted).rows
    let shown = Self.rowsShown(scene, .queue, of: rows.count, height: inside.height - 1)
    Panel(
      "evict queue",
      badge: "\(Figure.grouped(memory.cachedFreeCount)) cached of \(Figure.grouped(memory.pool.freeCount)) free",
      footer: isFocused ? "Enter = show in map" : "", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    if rows.isEmpty {
      canvas.put("no block is free: to grow, preempt", at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted)
      return
    }
    let wishes = Self.wishes(scene.run.engine.state.scheduler)
    Table(
      [
        .init("handed out", width: 13, .right), .init("blk", width: 6, .right), .init("content", width: 8, grows: true),
      ],
      rows: rows[shown].map { row in
        let places = row.places.count == 1
          ? Figure.grouped(row.places.lowerBound + 1)
          : "\(Figure.grouped(row.places.lowerBound + 1))-\(Figure.grouped(row.places.upperBound))"
        var content = row.hash == 0
          ? StyledText("· none", Style(.kvFree)) : StyledText("\(Glyphs.victim) \(PrefixTree.name(row.hash))", Style(.kvVictim))
        if row.hash != 0, let wish = wishes.first(where: { $0.hashes.contains(row.hash) }) {
          content += StyledText("  \(wish.request) wants it", Style(.warn))
        }
        return [StyledText(places), StyledText(Figure.grouped(Int(row.block))), StyledText(" ") + content]
      }, selected: isFocused ? Self.row(scene, .queue, of: rows.count) - shown.lowerBound : nil
    ).draw(in: inside, on: &canvas)
  }

  /// The content that the head of the queue could use again: of new requests what is already hashed,
  /// of preempted ones all that they had.
  private static func wishes(_ scheduler: SchedulerState) -> [(request: RequestID, hashes: [BlockHash])] {
    guard scheduler.memory.cachedFreeCount > 0 else { return [] }
    return scheduler.waiting.slots(first: 8).map { (scheduler.requests[$0].id, scheduler.memory.tables[$0].hashes) }
  }
}

// MARK: How full it was

extension BlocksPage {
  func drawHistory(_ scene: Scene, in area: Rect, _ isFocused: Bool, on canvas: inout Canvas) {
    let inside = Panel.inside(area)
    let steps = scene.snapshot.head.steps
    let each = max(1, scene.view.blocks.stepsPerColumn)
    let pool = scene.run.engine.state.scheduler.memory.pool.usableCount
    Panel(
      "pool over time", badge: "█ live ▒ cached ░ free",
      footer: each == 1 ? "1 col = 1 step" : "1 col = \(Figure.grouped(each)) steps",
      position: "\(Figure.grouped(scene.run.steps.count)) of \(Figure.grouped(scene.snapshot.head.steps.count)) steps", isFocused: isFocused
    ).draw(in: area, on: &canvas)
    // The newest step at the right, unless the moment that is looked at lies further back.
    let here = scene.run.steps.count
    let all = (steps.count + each - 1) / each
    let lastColumn = min(all, max((here + each - 1) / each + inside.width / 4, all <= inside.width ? all : 0))
    let end = here + inside.width * each * 3 / 4 >= steps.count ? all : lastColumn
    let columns = (max(0, end - inside.width)..<max(0, end)).map { column in
      let step = steps[min(steps.count, (column + 1) * each) - 1]
      let isHere = steps.count != here && here > column * each && here <= (column + 1) * each
      let used = Double(step.usedBlocks)
      let cached = Double(step.cachedBlocks)
      return StackedColumns.Column(
        [used, cached, Double(pool) - used - cached],
        mark: isHere ? StackedColumns.Part(Glyphs.playhead, Style(.timePlayhead)) : nil)
    }
    StackedColumns(
      parts: [.init("█", Style(.kvLive)), .init("▒", Style(.kvCached)), .init("░", Style(.kvFree))], columns: columns,
      top: Double(pool)
    ).draw(in: inside, on: &canvas)
    guard let playhead = columns.firstIndex(where: { $0.mark != nil }) else { return }
    let future = columns.count - playhead - 1
    canvas.restyle(Rect(inside.right - future, inside.top, future, inside.height)) { $0.attributes.formUnion(.dim) }
  }
}

// MARK: Rows of lists

extension BlocksPage {
  /// The selected row of a panel's list.
  static func row(_ scene: Scene, _ panel: BlocksLayout.Panel, of count: Int) -> Int {
    min(max(0, scene.view.blocks.rows[panel.rawValue]), max(0, count - 1))
  }

  /// The rows in view: from the first while the panel has no focus, around the selected one when it has.
  static func rowsShown(_ scene: Scene, _ panel: BlocksLayout.Panel, of count: Int, height: Int) -> Range<Int> {
    let first = focus(scene.view) == panel ? Table.scroll(0, toShow: row(scene, panel, of: count), of: count, height: height) : 0
    return first..<max(first, min(count, first + max(0, height)))
  }

  static func position(_ shown: Range<Int>, of count: Int) -> String {
    shown.isEmpty ? "0 of \(Figure.grouped(count))" : "\(shown.lowerBound + 1)-\(shown.upperBound) of \(Figure.grouped(count))"
  }
}
