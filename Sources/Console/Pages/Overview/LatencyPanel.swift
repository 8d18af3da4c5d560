import Analysis
import Core
import Host
import Screen
import ServingEngine

extension OverviewPage {
  /// How long users wait: percentiles, how many promises broke, and what was served in time.
  struct LatencyPanel {
    let scene: Scene
    let isFocused: Bool

    private var watched: Observatory { scene.snapshot.shown.observatory }

    struct Line {
      var label: String
      var quantiles: [Double?]
      var miss: Double?
      var history: (Series.Point) -> Double?
      /// Nanoseconds of the label's unit.
      var unit: Double
      var decimals: Int
    }

    static func lines(_ scene: Scene) -> [Line] {
      let watched = scene.snapshot.shown.observatory
      let board = watched.scoreboard
      let whole = scene.view.overview.latencyOfWholeRun
      func line(
        _ label: String, _ histogram: LatencyHistogram, _ recent: RecentValues?, _ promised: EngineTime?, _ unit: Double, _ decimals: Int,
        _ history: @escaping (Series.Point) -> Double?
      ) -> Line {
        if let recent, !whole {
          let values = recent.percentiles
          return Line(
            label: label, quantiles: [values?.p50, values?.p95, values?.p99], miss: promised.flatMap { recent.share(above: $0) },
            history: history, unit: unit, decimals: decimals)
        }
        return Line(
          label: label, quantiles: [0.5, 0.95, 0.99].map { histogram.quantile($0) },
          miss: promised.flatMap { histogram.share(upTo: $0) }.map { 1 - $0 }, history: history, unit: unit, decimals: decimals)
      }
      return [
        line("TTFT s", board.ttft, watched.recentTTFT, board.slo.ttft, 1e9, 2) { $0.ttft?.p95 },
        line("TPOT ms", board.tpot, watched.recentTPOT, board.slo.tpot, 1e6, 1) { $0.tpot?.p95 },
        line("queue s", board.queue, watched.recentQueue, nil, 1e9, 2) { $0.queue?.p95 },
        line("ITL ms", board.itl, nil, nil, 1e6, 1) { _ in nil },
        line("E2E s", board.e2e, nil, nil, 1e9, 2) { _ in nil },
      ]
    }

    /// Cells of p50, p95, p99 and miss, when the whole line may take `width`.
    private static func widths(_ width: Int) -> [Int] { width < 34 ? [5, 6, 6, 6] : [5, 7, 7, 7] }

    static func header(width: Int) -> String {
      zip(["p50", "p95", "p99", "miss"], widths(width)).reduce(into: String(repeating: " ", count: 8)) { $0 += $1.0.rightAligned(in: $1.1) }
    }

    static func text(_ line: Line, width: Int) -> StyledText {
      var text = StyledText(line.label.padded(to: 8), .muted)
      let widths = Self.widths(width)
      let values = line.quantiles.map { $0.map { $0 / line.unit } }
      // As many decimals as all of them have room for, so that the points stand in line.
      let decimals = (0...line.decimals).last { decimals in
        values.indices.allSatisfy { place in
          guard let value = values[place] else { return true }
          // The label ends with a space; the others need one before them.
          return Figure.fixed(value, decimals: decimals).cells <= widths[place] - (place > 0 ? 1 : 0)
        }
      } ?? 0
      for (value, width) in zip(values, widths) { text += StyledText(NumberText.fixed(value, decimals, width)) }
      let style: Style = (line.miss ?? 0) > 0 ? Style(.sloMissed) : .plain
      return text + StyledText(NumberText.percent(line.miss, widths[3], decimals: 1), style)
    }

    /// `SLO 0.50 s / 40 ms`
    static func promise(_ slo: SLO) -> String {
      if !slo.promisesSomething { return "no SLO" }
      let ttft = slo.ttft.map { Figure.fixed($0.seconds, decimals: 2) + " s" } ?? "–"
      let tpot = slo.tpot.map { Figure.fixed($0.milliseconds, decimals: 0) + " ms" } ?? "–"
      return "SLO \(ttft) / \(tpot)"
    }

    func draw(in area: Rect, on canvas: inout Canvas) {
      let whole = scene.view.overview.latencyOfWholeRun
      var rest = Panel(
        "latency", badge: Self.promise(watched.scoreboard.slo), footer: whole ? "whole run" : "last 512 requests", position: "goodput of 10 s",
        isFocused: isFocused
      ).draw(in: area, on: &canvas).inset(1, 0)
      guard rest.width > 0 else { return }
      canvas.clipped(to: rest) { canvas in
        canvas.put(Self.header(width: rest.width), at: rest.cutTop(1).origin, style: .muted)
        let extra = max(0, rest.height - 4)
        for line in Self.lines(scene).prefix(3 + extra) {
          let row = rest.cutTop(1)
          guard !row.isEmpty else { return }
          let end = canvas.put(Self.text(line, width: rest.width), at: row.origin) + 1
          drawHistory(Rect(end, row.top, row.right - end, 1), line.history, on: &canvas)
        }
        let row = rest.cutTop(1)
        guard !row.isEmpty else { return }
        drawGoodput(in: row, on: &canvas)
      }
    }

    /// A value for each second of engine time, the newest at the right.
    private func drawHistory(_ area: Rect, _ value: (Series.Point) -> Double?, on canvas: inout Canvas) {
      guard area.width > 0 else { return }
      let values = watched.series.history(min(area.width, 120)) { value($0) }
      Sparkline.draw(values.map { $0 ?? .nan }, in: area, on: &canvas)
    }

    private func drawGoodput(in row: Rect, on canvas: inout Canvas) {
      let rates = watched.series.rates(over: .milliseconds(10_000), until: scene.snapshot.shown.now)
      let promises = watched.scoreboard.slo.promisesSomething
      var text = StyledText("goodput ", .muted)
      text += StyledText(NumberText.fixed(promises ? rates?.goodput : nil, 1, 5)) + StyledText(" of ", .muted)
      text += StyledText(NumberText.fixed(rates?.completed, 1, 5)) + StyledText(" req/s", .muted)
      let end = canvas.put(text, at: row.origin) + 1
      drawHistory(Rect(end, row.top, row.right - end, 1), { Double($0.met) }, on: &canvas)
    }
  }
}
