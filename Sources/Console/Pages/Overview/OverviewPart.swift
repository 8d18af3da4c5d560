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

  /// - Parameter isQuiet: nobody waits; one line says so.
  init(_ area: Rect, focus: OverviewPart, isZoomed: Bool, isQuiet: Bool = false) {
    if isZoomed || area.width < 80 || area.height < 14 {
      tiles = [(.part(focus), area)]
    } else if area.width < 100 || area.height < 34 {
      tiles = Self.compact(area, focus)
    } else {
      tiles = Self.full(area, focus, isQuiet)
    }
  }

  func area(of part: OverviewPart) -> Rect? { tiles.first { $0.tile == .part(part) }?.area }

  /// What is under a point.
  func tile(at point: Point) -> (tile: Tile, area: Rect)? { tiles.first { $0.area.contains(point) } }

  private static func full(_ area: Rect, _ focus: OverviewPart, _ isQuiet: Bool) -> [(tile: Tile, area: Rect)] {
    var area = area
    var tiles: [(tile: Tile, area: Rect)] = []
    if area.width >= 160 && area.height >= 41 { tiles.append((.part(.request), area.cutRight(area.width / 4))) }
    let hasRequest = !tiles.isEmpty
    let showsEvents = area.width >= 120
    tiles.append((.part(.timeline), area.cutBottom(8)))
    let list = max(6, (area.height - 8) / 6)
    let waiting = isQuiet && focus != .waiting && (showsEvents || focus != .events) ? 3 : list
    var below = showsEvents ? Rect(0, 0, 0, 0) : area.cutBottom(waiting)
    var right = area.cutRight(showsEvents ? max(41, area.width / 3) : 36)
    if showsEvents {
      tiles.append((.part(.events), right.cutBottom(list)))
      below = area.cutBottom(waiting)
    }
    tiles.append((.part(focus == .events && !showsEvents ? .events : .waiting), below))
    tiles += [(.part(.hardware), right.cutBottom(8)), (.part(.steps), area.cutBottom(8))]
    // Seven rows hold what always matters of the latency; two more the rest.
    let latency = right.cutTop(right.height >= 18 ? 9 : min(right.height - right.height / 2, 7))
    tiles += [(.part(.latency), latency), (.part(.memory), right)]
    return tiles + [(.part(!hasRequest && focus == .request ? .request : .running), area)]
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
