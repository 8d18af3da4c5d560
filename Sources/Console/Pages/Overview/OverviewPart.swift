import Core
import Screen

/// A panel of the Overview, in the order of Tab.
enum OverviewPart: Int, CaseIterable, Sendable {
  case running, latency, memory, hardware, steps, waiting, events, timeline, request

  var title: String {
    switch self {
    case .running: "running"
    case .latency: "latency"
    case .memory: "kv pool"
    case .hardware: "hardware"
    case .steps: "step composition"
    case .waiting: "waiting"
    case .events: "events"
    case .timeline: "timeline"
    case .request: "request"
    }
  }
}

/// Which panel is where.
///
/// ```
/// ≥ 160 × 41              ≥ 100 × 34              ≥ 80 × 14         else
/// running  latency r      running   latency       running           the panel with
///          kv pool e               kv pool        step +  timeline  the focus
/// steps   hardware q      steps     hardware      latency
/// waiting  events  …      waiting   events
/// timeline                timeline
/// ```
///
/// A panel that has the focus and no place is shown in the place of another, so
/// that Tab reaches everything at any size.
struct OverviewLayout {
  enum Tile: Equatable {
    case part(OverviewPart)
    /// Step, latency and hardware in five lines.
    case digest
  }

  let tiles: [(tile: Tile, area: Rect)]

  init(_ area: Rect, focus: OverviewPart, isZoomed: Bool) {
    if isZoomed || area.width < 80 || area.height < 14 {
      tiles = [(.part(focus), area)]
    } else if area.width < 100 || area.height < 34 {
      tiles = Self.compact(area, focus)
    } else {
      tiles = Self.full(area, focus)
    }
  }

  func area(of part: OverviewPart) -> Rect? { tiles.first { $0.tile == .part(part) }?.area }

  /// What is under a point.
  func tile(at point: Point) -> (tile: Tile, area: Rect)? { tiles.first { $0.area.contains(point) } }

  private static func full(_ area: Rect, _ focus: OverviewPart) -> [(tile: Tile, area: Rect)] {
    var area = area
    var tiles: [(tile: Tile, area: Rect)] = []
    if area.width >= 160 && area.height >= 41 { tiles.append((.part(.request), area.cutRight(area.width / 4))) }
    let showsEvents = area.width >= 120
    let rows = area.rows([.share(5, atLeast: 12), .exactly(8), .share(1, atLeast: 6), .exactly(8)])
    let right = showsEvents ? max(41, area.width / 3) : 36
    var top = rows[0]
    var latency = top.cutRight(right)
    let memory = latency.cutBottom(latency.height / 2)
    var steps = rows[1]
    let hardware = steps.cutRight(right)
    var waiting = rows[2]
    let hasRequest = !tiles.isEmpty
    tiles.append((.part(!hasRequest && focus == .request ? .request : .running), top))
    tiles += [(.part(.latency), latency), (.part(.memory), memory), (.part(.steps), steps), (.part(.hardware), hardware)]
    if showsEvents {
      let events = waiting.cutRight(right)
      tiles += [(.part(.waiting), waiting), (.part(.events), events)]
    } else {
      tiles.append((.part(focus == .events ? .events : .waiting), waiting))
    }
    tiles.append((.part(.timeline), rows[3]))
    return tiles
  }

  private static func compact(_ area: Rect, _ focus: OverviewPart) -> [(tile: Tile, area: Rect)] {
    var area = area
    let bottom = area.cutBottom(7).columns([.share(), .share()])
    let waiting = area.height >= 20 ? area.cutBottom(max(5, area.height / 4)) : nil
    var list = OverviewPart.running
    if focus == .request || focus == .waiting && waiting == nil { list = focus }
    let side = focus == .memory || focus == .events ? focus : .timeline
    var tiles: [(tile: Tile, area: Rect)] = [(.part(list), area)]
    if let waiting { tiles.append((.part(.waiting), waiting)) }
    return tiles + [(.digest, bottom[0]), (.part(side), bottom[1])]
  }
}
