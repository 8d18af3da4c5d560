import Analysis
import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

/// What the pool of KV blocks holds, in blocks.
struct PoolCensus: Equatable, Sendable {
  var usable = 0
  /// Named by a block table.
  var live = 0
  /// Blocks that requests would need more if none were shared.
  var savedBySharing = 0
  /// Free, but their content could be reused.
  var cached = 0
  /// Token slots in live blocks that hold no token.
  var emptySlots = 0
  var tokensPerBlock = 1

  var free: Int { usable - live - cached }
  var usedShare: Double { usable > 0 ? Double(live) / Double(usable) : 0 }
  /// Internal fragmentation: slots without a token over slots of live blocks. Nil when no block is live.
  var fragmentation: Double? { live > 0 ? Double(emptySlots) / Double(live * tokensPerBlock) : nil }

  init(_ scheduler: SchedulerState) {
    let memory = scheduler.memory
    usable = memory.pool.usableCount
    live = memory.pool.usedCount
    cached = memory.cachedFreeCount
    tokensPerBlock = memory.tokensPerBlock
    let requests = scheduler.requests
    let tables = memory.tables
    var named = 0
    // Only a table's last block can have empty slots, and it is never shared.
    for row in scheduler.running {
      let blocks = tables[Int(row)].blocks.count
      named += blocks
      emptySlots += max(0, blocks * tokensPerBlock - requests[Int(row)].computed + Int(tables[Int(row)].dropped))
    }
    savedBySharing = max(0, named - live)
  }
}

extension OverviewPage {
  /// The KV blocks: how full, of what, and how it went.
  struct MemoryPanel {
    let scene: Scene
    let isFocused: Bool

    private var steps: ChunkedLog<StepRecord> { scene.snapshot.shown.steps }

    func draw(in area: Rect, on canvas: inout Canvas) {
      let census = PoolCensus(scene.snapshot.shown.engine.state.scheduler)
      let evictions = scene.view.overview.memoryShowsEvictions
      var rest = Panel(
        "kv pool", badge: "\(Figure.grouped(census.usable)) blk × \(census.tokensPerBlock) tok",
        footer: evictions ? "evicted blocks a step" : "blocks in use", isFocused: isFocused
      ).draw(in: area, on: &canvas).inset(1, 0)
      guard rest.width > 8 else { return }
      canvas.clipped(to: rest) { canvas in
        let bar = rest.cutTop(1)
        if !bar.isEmpty {
          let style = Style(census.usedShare > 0.95 ? .warn : .kvLive)
          Gauge.draw(census.usedShare, in: Rect(bar.left, bar.top, bar.width - 8, 1), on: &canvas, style: style)
          canvas.put(Figure.percent(census.usedShare, decimals: 1, width: 7), endingAt: Point(bar.right, bar.top))
        }
        draw("live", census.live, Style(.kvLive), "cached", census.cached, Style(.kvCached), in: rest.cutTop(1), on: &canvas)
        draw("shared saves", census.savedBySharing, Style(.kvShared), "free", census.free, Style(.kvFree), in: rest.cutTop(1), on: &canvas)
        let last = rest.cutTop(1)
        if !last.isEmpty {
          canvas.put(
            StyledText("frag ", .muted) + StyledText(NumberText.percent(census.fragmentation, 6, decimals: 1))
              + StyledText("  evict ", .muted) + StyledText(NumberText.fixed(evictionRate, 1, 7)) + StyledText(" blk/s", .muted),
            at: last.origin)
        }
        drawHistory(in: rest, census.usable, evictions, on: &canvas)
      }
    }

    private func draw(
      _ left: String, _ one: Int, _ leftStyle: Style, _ right: String, _ other: Int, _ rightStyle: Style, in row: Rect, on canvas: inout Canvas
    ) {
      guard !row.isEmpty else { return }
      canvas.put(
        StyledText(left.padded(to: 12), leftStyle) + StyledText(NumberText.whole(one, 6)) + StyledText(" " + right.padded(to: 7), rightStyle)
          + StyledText(NumberText.whole(other, 6)), at: row.origin)
    }

    /// Over the last second of engine time, at most 256 steps of it; nil before the first step.
    private var evictionRate: Double? {
      let steps = steps
      let now = scene.snapshot.shown.now
      var blocks = 0
      var since = now
      for index in stride(from: steps.count - 1, through: max(0, steps.count - 256), by: -1) {
        if now - steps[index].start > .milliseconds(1_000) && since < now { break }
        blocks += Int(steps[index].evictedBlocks)
        since = steps[index].start
      }
      return since < now ? Double(blocks) / (now - since).seconds : nil
    }

    /// Two steps a cell, the newest at the right.
    private func drawHistory(in area: Rect, _ usable: Int, _ evictions: Bool, on canvas: inout Canvas) {
      guard !area.isEmpty else { return }
      let steps = steps
      let values = steps.suffix(BrailleGraph.samplesShown(width: area.width)).map {
        Double(evictions ? $0.evictedBlocks : $0.usedBlocks)
      }
      let top = evictions ? TimelineStrip.ceiling(values.max() ?? 0) : Double(max(1, usable))
      BrailleGraph(values, range: 0...top, style: Style(evictions ? .kvVictim : .kvLive)).draw(in: area, on: &canvas)
    }
  }
}
