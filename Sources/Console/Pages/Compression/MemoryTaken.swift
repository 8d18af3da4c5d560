import Analysis
import Core
import Hardware
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

/// What a token's keys and values take now, beside an exact cache of everything; and in what the weights are kept.
struct MemoryTaken {
  let scene: Scene

  func draw(in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    let engine = scene.run.engine
    let isModelled = engine.device.isModelled
    let inside = Panel(
      StyledText("memory", Style(.borderTitle, isFocused ? .bold : [])), badge: StyledText(isModelled ? "modelled" : "measured", Style(isModelled ? .modelled : .measured)),
      footer: StyledText("exact = f16, all kept", Style(.borderBadge)), isFocused: isFocused
    ).draw(in: area, on: &canvas)
    guard inside.height > 2, inside.width > 24 else { return }
    var line = inside.top
    func put(_ name: String, _ value: StyledText) {
      guard line < inside.bottom else { return }
      canvas.put(name.padded(to: 10), at: Point(inside.left + 1, line), style: .muted)
      canvas.put(value, at: Point(inside.left + 12, line), width: inside.width - 13)
      line += 1
    }
    let format = engine.kvFormat
    let taken = scene.run.memoryTaken
    put("kv-format", StyledText(format.stored.rawValue, .strong) + StyledText(taken.bitsPerElement.map { "  \(Figure.fixed($0, decimals: 2)) bits" } ?? "", .muted))
    put("bytes/tok", StyledText(taken.bytesPerToken.map { Figure.grouped($0) } ?? "–", .strong) + StyledText(taken.exactBytesPerToken.map { "  of \(Figure.grouped($0))" } ?? "", .muted))
    put("retain", StyledText(engine.planner.retention.choice.description, .strong) + StyledText(heads + Self.elements(format), .muted))
    let kept = taken.keptFraction
    put("kept", StyledText(NumberText.percent(kept, 4)) + StyledText("  \(Figure.grouped(taken.heldTokens)) of \(Figure.grouped(taken.computedTokens)) tokens", .muted))
    put(
      "attention",
      StyledText(engine.attention.choice.description, .strong)
        + StyledText(taken.noteBytesPerToken > 0 ? "  \(Figure.grouped(Int(taken.noteBytesPerToken.rounded(.up)))) B/tok of notes" : "", .muted))
    if let part = taken.part {
      let width = max(4, inside.width - 30)
      put("memory", Gauge.text(part, width: width, style: Style(.kvLive)) + StyledText(" \(NumberText.percent(part, 4)) of exact"))
      if let divergence = scene.run.deviations.all.meanDivergence {
        put("price", StyledText("KL \(CompressionMoment.nats(divergence)) for \(Figure.percent(1 - part)) less memory"))
      }
    }
    let pool = engine.state.memory.pool
    put("pool", StyledText("\(Figure.grouped(pool.usedCount)) of \(Figure.grouped(pool.usableCount)) blocks used", .muted))
    let bytes = engine.device.weightBytes(in: engine.weights)
    put("weights", StyledText(engine.weights.choice.description, .strong) + StyledText(bytes.map { "  \(Figure.bytes($0)) on each GPU" } ?? "", .muted))
  }

  /// Where every token stays in part, in which.
  private static func elements(_ format: KVFormat) -> String {
    if case .magnitudeSparse(let percent) = format { "  \(percent)% of each token" } else { "" }
  }

  /// Where it comes from which heads keep everything.
  private var heads: String {
    let engine = scene.run.engine
    guard let heads = engine.planner.retention as? RetrievalHeads else { return "" }
    return engine.device.language == nil ? "  \(heads.share)% as typed; paper: MHA 25%, GQA 50%" : "  \(heads.share)% of heads, as measured here"
  }
}
