import Core
import Screen

/// Which panels the page KV shows in an area, and where.
///
/// ```
/// ≥ 100 × 22                 80 × 18              smaller, or zoomed
/// ╭─ map ───────╮╭─ table ─╮ ╭─ map ────────────╮ ╭─ the one with ───╮
/// │             │├─ tree ──┤ │                  │ │  the focus       │
/// ├─ history ───┤├─ evict ─┤ ├─ table ─┬─ other ┤ │                  │
/// ╰─────────────╯╰─────────╯ ╰─────────┴────────╯ ╰──────────────────╯
/// ```
struct BlocksLayout {
  enum Panel: Int, CaseIterable { case map, table, tree, queue, history }

  private(set) var areas: [Rect?] = [nil, nil, nil, nil, nil]

  init(_ area: Rect, blockCount: Int, focus: Panel, isZoomed: Bool) {
    if isZoomed || area.width < 76 || area.height < 18 {
      self[focus] = area
    } else if area.width < 100 || area.height < 22 {
      let rows = area.rows([.share(), .exactly(min(10, area.height * 2 / 5))])
      let columns = rows[1].columns([.share(), .share()])
      self[.map] = rows[0]
      self[.table] = columns[0]
      self[focus.rawValue >= Panel.tree.rawValue ? focus : .tree] = columns[1]
    } else {
      let right = area.width < 120 ? 36 : min(60, 46 + max(0, area.width - 160) / 3)
      let columns = area.columns([.share(), .exactly(right)])
      // A map that needs fewer rows leaves them to the history; it is then as wide as the map.
      let spare = area.height - BlockMap.height(toShow: blockCount, width: columns[0].width)
      let historyIsLeft = spare >= 6
      if historyIsLeft {
        let left = columns[0].rows([.share(), .exactly(min(spare, 12))])
        self[.map] = left[0]
        self[.history] = left[1]
      } else {
        self[.map] = columns[0]
      }
      var tracks: [Track] = [.share(5, atLeast: 5), .share(4, atLeast: 5), .share(2, atLeast: 5)]
      if !historyIsLeft { tracks.append(.exactly(5)) }
      let rows = columns[1].rows(tracks)
      self[.table] = rows[0]
      self[.tree] = rows[1]
      self[.queue] = rows[2]
      if !historyIsLeft { self[.history] = rows[3] }
    }
  }

  subscript(panel: Panel) -> Rect? {
    get { areas[panel.rawValue] }
    set { areas[panel.rawValue] = newValue }
  }

  func panel(at point: Point) -> Panel? {
    Panel.allCases.first { self[$0]?.contains(point) ?? false }
  }
}
