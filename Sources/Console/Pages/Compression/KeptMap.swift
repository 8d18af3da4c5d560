import Analysis
import Core
import Host
import Scheduling
import Screen
import ServingEngine

/// Which tokens of a request still have keys and values, layer by layer: columns are positions, shades the share of the heads.
struct KeptMap {
  let scene: Scene

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let request = CompressionMoment.watched(scene)
    let kept = request.flatMap { CompressionMoment.kept(of: $0, scene) }
    let badge = request.map { StyledText($0.description, scene.style(of: $0)) } ?? ""
    let share = kept.map { $0.shares.reduce(0, +) / Double(max(1, $0.computed)) }
    let inside = Panel(
      StyledText("kept tokens", Style(.borderTitle, isFocused ? .bold : [])), badge: badge,
      footer: StyledText(share.map { "\(Figure.percent($0)) of \(Figure.grouped(kept?.computed ?? 0)) kept" } ?? "", Style(.borderBadge)),
      isFocused: isFocused
    ).draw(in: area, on: &canvas)
    guard inside.height > 2, inside.width > 16 else { return }
    guard let kept, kept.computed > 0 else {
      canvas.put(reason(request), at: Point(inside.left + 1, inside.top), width: inside.width - 2, style: .muted)
      return
    }
    let plot = Rect(inside.left + 7, inside.top, inside.width - 8, inside.height - 1)
    let layers = kept.positions.count == 1 ? 1 : kept.layers
    let rows = min(plot.height, layers)
    for row in 0..<rows {
      let group = row * layers / rows..<max(row * layers / rows + 1, (row + 1) * layers / rows)
      let name = layers == 1 ? "all" : group.count == 1 ? "\(group.lowerBound)" : "\(group.lowerBound)–\(group.upperBound - 1)"
      canvas.put(name.rightAligned(in: 6), at: Point(inside.left, plot.top + row), style: .muted)
      let shares = Self.shares(kept, layers: layers == 1 ? nil : group, columns: plot.width)
      for (column, share) in shares.enumerated() {
        let shade = share <= 0 ? Glyphs.free : Glyphs.shades[min(3, Int((share * 4).rounded(.up)) - 1)]
        canvas.put(String(Character(shade)), at: Point(plot.left + column, plot.top + row), style: share <= 0 ? .muted : Style(.kvLive))
      }
    }
    let last = plot.top + rows
    canvas.put("layer", at: Point(inside.left, last), style: .muted)
    canvas.put("0", at: Point(plot.left, last), style: .muted)
    canvas.put("position \(Figure.grouped(kept.computed))", endingAt: Point(plot.right, last), style: .muted)
  }

  /// Of each column the share of its tokens that heads of `layers` (nil: of all) still have.
  static func shares(_ kept: KeptTokens, layers: Range<Int>?, columns: Int) -> [Double] {
    let width = min(columns, kept.computed)
    guard width > 0 else { return [] }
    let lists = layers.map { range in range.flatMap { layer in (0..<kept.kvHeads).map { kept.positions(layer: layer, kvHead: $0) } } } ?? kept.positions
    var counts = [Int](repeating: 0, count: width)
    for list in lists { for position in list where Int(position) < kept.computed { counts[Int(position) * width / kept.computed] += 1 } }
    return counts.enumerated().map { column, count in
      let tokens = ((column + 1) * kept.computed + width - 1) / width - (column * kept.computed + width - 1) / width
      return Double(count) / Double(max(1, tokens * lists.count))
    }
  }

  private func reason(_ request: RequestID?) -> String {
    guard request != nil else { return "nobody runs now" }
    return scene.snapshot.transport == .live || scene.snapshot.transport == .paused
      ? "which tokens attention would have kept, a modelled GPU cannot tell"
      : "which tokens were kept is known at the newest moment only · f follows it"
  }
}
