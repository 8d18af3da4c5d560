import Analysis
import Core
import Hardware
import Host
import Scheduling
import Screen
import ServingEngine

/// What a step costs with each number of drafts, and so a token: from the model of the GPU, or from the steps that were seen.
struct CostOfDrafts {
  let moment: SpeculationMoment

  static let columns = [
    Table.Column("k", width: 2, .right), Table.Column("draft", width: 7, .right, dropOrder: 2), Table.Column("verify", width: 7, .right, dropOrder: 1),
    Table.Column("E[n]", width: 5, .right), Table.Column("ms/tok", width: 7, .right), Table.Column("vs k=0", width: 8, .right),
    Table.Column("", width: 1),
  ]

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let isModelled = moment.run.engine.device.isModelled
    let title = StyledText("cost of k", Style(.borderTitle, isFocused ? .bold : []))
    let inside = Panel(
      title, badge: StyledText("\(moment.sequences) seq · ", Style(.borderBadge)) + StyledText(isModelled ? "modelled" : "measured", Style(isModelled ? .modelled : .measured)),
      footer: StyledText(footer, Style(.borderBadge)), isFocused: isFocused
    ).draw(in: area, on: &canvas)
    guard !moment.prices.isEmpty else {
      canvas.put(isModelled ? "nobody decodes now" : "no step of \(moment.sequences) decoding requests yet", at: Point(inside.left + 1, inside.top), width: inside.width - 1, style: .muted)
      return
    }
    let plain = moment.prices.first { $0.drafts == 0 }?.millisecondsPerToken
    let best = moment.best?.drafts
    let rows = moment.prices.map { price -> [StyledText] in
      let ratio = price.millisecondsPerToken.flatMap { own in plain.map { $0 / own } }
      return [
        StyledText(String(price.drafts)), StyledText(NumberText.fixed(price.draft, 2, 7)), StyledText(NumberText.fixed(price.verify, 2, 7)),
        StyledText(NumberText.fixed(price.tokens, 2, 5)), StyledText(NumberText.fixed(price.millisecondsPerToken, 2, 7), price.drafts == best ? .strong : .plain),
        StyledText(ratio.map { Figure.fixed($0, decimals: 2) + "×" } ?? "–", (ratio ?? 1) < 0.995 ? Style(.specLoss) : .plain),
        StyledText(price.drafts == best ? String(Character(Glyphs.best)) : "", Style(.specAccepted)),
      ]
    }
    let first = Table.scroll(0, toShow: moment.prices.firstIndex { $0.drafts == best } ?? 0, of: rows.count, height: inside.height - 1)
    Table(Self.columns, rows: rows, firstRow: first).draw(in: Rect(inside.left, inside.top, inside.width - 1, inside.height), on: &canvas)
  }

  private var footer: String {
    moment.prices.contains(where: \.overlaps) ? bestFooter + " · draft beside verify" : bestFooter
  }

  private var bestFooter: String {
    if moment.followsLuck { return "no best: k followed how easy the text was" }
    guard let best = moment.best, let least = best.millisecondsPerToken else { return "best k –" }
    let near = moment.prices.first { ($0.millisecondsPerToken ?? .infinity) <= least * 1.01 }
    let also = near.flatMap { $0.drafts < best.drafts ? " (\($0.drafts) within 1%)" : nil } ?? ""
    return "best k \(best.drafts)\(also)"
  }
}
