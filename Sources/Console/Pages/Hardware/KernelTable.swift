import Core
import Screen

/// What the step's time went to: a row for each kind of kernel, and one for the time without a kernel.
struct KernelTable {
  let moment: HardwareMoment

  static let columns = [
    Table.Column("", width: 1),
    Table.Column("kernel", width: 13, grows: true),
    Table.Column("n", width: 5, .right, dropOrder: 3),
    Table.Column("ms", width: 6, .right),
    Table.Column("%", width: 5, .right),
    Table.Column("", width: 5, dropOrder: 4),
    Table.Column("roof", width: 4, .right, dropOrder: 2),
    Table.Column("bound", width: 7, dropOrder: 1),
  ]

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let table = table(height: Panel.inside(area).height)
    let order = moment.view.order
    let arrow = moment.view.isReversed ? Glyphs.ascending : Glyphs.descending
    let inside = Panel(
      "kernels", badge: "step \(milliseconds(moment.anatomy.duration)) ms · \(moment.anatomy.isModelled ? "\(Figure.grouped(moment.anatomy.kernels.count)) launches" : "all layers together")",
      footer: "sort \(order.word) \(order == .layer && !moment.view.isReversed ? Glyphs.ascending : arrow)",
      position: table.position(in: Panel.inside(area).height), isFocused: isFocused
    ).draw(in: area, on: &canvas)
    table.draw(in: Rect(inside.left, inside.top, inside.width - 1, inside.height), on: &canvas)
  }

  /// The row of the kernel at the cursor is the selected one, and is kept in view.
  func table(height: Int) -> Table {
    let groups = moment.ordered
    let selected = groups.firstIndex { $0.kind == moment.running?.kind } ?? (moment.running == nil ? groups.count : nil)
    let rows = groups.map(row) + (moment.anatomy.drafting > .zero ? [draftRow] : []) + [restRow]
    let first = Table.scroll(0, toShow: selected ?? 0, of: rows.count, height: height - 1)
    return Table(Self.columns, rows: rows, selected: selected, firstRow: first)
  }

  private func row(_ group: KernelGroup) -> [StyledText] {
    let fraction = moment.fraction(of: group)
    return [
      StyledText(String(group.kind.letter), group.kind.style),
      StyledText(group.kind.name),
      StyledText(moment.anatomy.isModelled ? Figure.grouped(group.launches) : "–"),
      StyledText(milliseconds(group.time, width: 6)),
      StyledText(share(group.time)),
      fraction.map { Gauge.text($0, width: 5) } ?? "",
      StyledText(fraction.map { Figure.percent($0) } ?? "–"),
      StyledText(group.bound.rawValue),
    ]
  }

  private var draftRow: [StyledText] {
    [
      StyledText(String(Glyphs.free), Style(.hwIdle)), "drafting", "", StyledText(milliseconds(moment.anatomy.drafting, width: 6)),
      StyledText(share(moment.anatomy.drafting)), "", "", "",
    ]
  }

  private var restRow: [StyledText] {
    [
      StyledText(String(Glyphs.free), Style(.hwIdle)), StyledText(moment.anatomy.rest < .zero ? "overlap" : moment.anatomy.isModelled ? "host, gaps" : "between"), "",
      StyledText(milliseconds(moment.anatomy.rest, width: 6)), StyledText(share(moment.anatomy.rest)), "", "", "",
    ]
  }

  private func share(_ time: EngineTime) -> String {
    guard moment.anatomy.duration > .zero else { return "–" }
    return Figure.fixed(time.seconds / moment.anatomy.duration.seconds * 100, decimals: 1, width: 5)
  }
}

extension HardwareView.Order {
  var word: String {
    switch self {
    case .time: "time"
    case .launches: "launches"
    case .roof: "% of roof"
    case .layer: "layer"
    }
  }
}
