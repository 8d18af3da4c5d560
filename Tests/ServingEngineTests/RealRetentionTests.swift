import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import TestSupport
import Testing
import Transformer

/// Retention with real tokens, through the whole engine.
@Suite("Retention, real tokens")
struct RealRetentionTests {
  private static let policies = ["sink-window:4:28", "heavy-hitters:32", "heavy-hitters:50%", "snapshot:32:8", "morph:40:16", "lazy:32:16", "heads:50:4:28"]

  private func engine(_ prompts: [String], outputs: Int, retain: String, blocks: Int = 200, chunk: Int = 512, drafter: String = "none", model: BuiltInModel = .small) throws -> Engine {
    var configuration = Configuration.cpu
    configuration.tokens = RealModel(name: model.rawValue, source: .builtIn(model))
    configuration.tokens?.ignoresEndOfText = true
    configuration.retain = retain
    configuration.speculate = drafter
    configuration.kvBlocks = blocks
    configuration.maxBatchedTokens = chunk
    configuration.prefixCache = "off"
    let arrivals = prompts.enumerated().map { number, text in
      Arrival(time: .zero, prompt: Prompt(text.utf8.map { TokenID($0) }), outputLimit: outputs)
    }
    return try configuration.engine(for: Trace(name: "texts", arrivals: arrivals))
  }

  private func outputs(_ engine: Engine) throws -> (texts: [[TokenID]], compressed: Int) {
    var engine = engine
    var texts: [RequestID: [TokenID]] = [:]
    var compressed = 0
    while let report = try engine.step() {
      for (request, tokens) in report.emitted { texts[request, default: []] += tokens }
      for case .compressed in report.events { compressed += 1 }
      if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { Issue.record("\(sentence)") }
    }
    #expect(engine.state.memory.pool.usedCount == 0)
    return ((0..<engine.trace.arrivals.count).map { texts[RequestID($0)] ?? [] }, compressed)
  }

  private let prompts = [
    "The harbour wakes before the town. Nets are shaken out, engines cough, and the gulls argue over what the night has left.",
    "A queue is a promise. Whoever stands in it believes that the person in front will be served first.",
    "To make a plain soup, cut two onions as small as patience allows and let them grow soft in butter without taking colour.",
    "Once upon a time there was a little dog who liked to run in the park every day with a red ball.",
  ]

  @Test("a request's text is the same alone, in a batch, and however its prompt was cut", arguments: policies)
  func batched(retain: String) throws {
    let (together, compressed) = try outputs(engine(prompts, outputs: 40, retain: retain))
    #expect(compressed >= prompts.count)
    for (number, prompt) in prompts.enumerated() {
      #expect(try outputs(engine([prompt], outputs: 40, retain: retain)).texts[0] == together[number], "\(retain), request \(number)")
    }
    #expect(try outputs(engine(prompts, outputs: 40, retain: retain, chunk: 23)).texts == together, "\(retain)")
  }

  @Test("a budget that nobody exceeds changes nothing")
  func ample() throws {
    let exact = try outputs(engine(prompts, outputs: 40, retain: "all")).texts
    for retain in ["sink-window:4:1020", "heavy-hitters:1024", "snapshot:1024", "morph:1024", "lazy:1024", "heads:50:64:1024"] {
      let (texts, compressed) = try outputs(engine(prompts, outputs: 40, retain: retain))
      #expect(texts == exact && compressed == 0, "\(retain)")
    }
  }

  @Test("what is kept can be asked for, head by head; a fork and a copy tell the same")
  func map() throws {
    var engine = try engine([prompts[0]], outputs: 30, retain: "heavy-hitters:32")
    for _ in 0..<10 { _ = try engine.step() }
    let kept = try #require(engine.kept(of: RequestID(0)))
    let slots = engine.state.requests[0].computed - Int(engine.state.memory.tables[0].dropped)
    #expect(kept.positions.count == kept.layers * kept.kvHeads && kept.positions.allSatisfy { $0.count == slots })
    #expect(kept.positions.allSatisfy { $0 == $0.sorted() && Set($0).count == slots && $0.last == Int32(kept.computed - 1) })
    #expect(kept.shares.prefix(5).contains { $0 < 1 } && kept.shares.suffix(10).allSatisfy { $0 == 1 })
    var fork = engine
    while let report = try engine.step() {
      let other = try fork.step()
      #expect(report.outcome.tokens == other?.outcome.tokens)
      #expect(engine.kept(of: RequestID(0)) == fork.kept(of: RequestID(0)))
    }
  }

  @Test("retrieval heads have every token, as many as were asked for; others the first and the last, and memory is what that takes")
  func heads() throws {
    var engine = try engine([prompts[0]], outputs: 90, retain: "heads:50:4:28")
    for _ in 0..<70 { _ = try engine.step() }
    let table = engine.state.memory.tables[0]
    let fold = try #require(table.fold)
    let kept = try #require(engine.kept(of: RequestID(0)))
    let given = fold.lead * 16..<(fold.lead + fold.folded) * 16
    let whole = kept.positions.filter { $0.count == kept.computed }
    #expect(whole.count == kept.layers * kept.kvHeads / 2)
    #expect(kept.positions.allSatisfy { $0.count == kept.computed || $0 == (0..<Int32(kept.computed)).filter { !given.contains(Int($0)) } })
    // What is stored is what is counted: slots of the table hold the tokens of all heads, but for what the last packed block has free.
    let tokens = kept.positions.reduce(0) { $0 + $1.count }
    let slots = (kept.computed - Int(table.dropped)) * kept.positions.count
    #expect(slots - tokens >= 0 && slots - tokens < 16 * kept.positions.count)
    #expect(table.blocks.count == (kept.computed - Int(table.dropped) + 15) / 16)
  }

  @Test("drafts are made and verified over folded tables, and every request gets its tokens", arguments: ["prompt-lookup", "early-exit", "tree"])
  func drafted(drafter: String) throws {
    let plain = try outputs(engine(prompts, outputs: 60, retain: "heads:50:4:28"))
    #expect(plain.compressed >= prompts.count)
    let drafted = try engine(prompts, outputs: 60, retain: "heads:50:4:28", drafter: drafter, model: .large)
    #expect(try outputs(drafted).texts.map(\.count) == plain.texts.map(\.count))
  }

  @Test("switched live with tokens flowing, and back; a new future from the past computes what stays once more")
  func live() throws {
    var engine = try engine(prompts, outputs: 60, retain: "all")
    let retained = [5: "sink-window:4:28", 20: "heavy-hitters:24", 40: "all", 50: "morph:32:16", 55: "heads:25:4:40"]
    var remembered: Engine?
    var count = 0
    while engine.state.step < 500 {
      if let choice = retained[engine.state.step] { try engine.apply(Command(axis: "retain", choice: choice)) }
      if engine.state.step == 45 { remembered = engine.remembered }
      guard let report = try engine.step() else { break }
      count += report.emitted.reduce(0) { $0 + $1.tokens.count }
    }
    #expect(count == 4 * 60 && engine.state.memory.pool.usedCount == 0)

    // Heads, whose tables were folded when the moment was remembered.
    var other = try self.engine(prompts, outputs: 60, retain: "heads:50:4:28")
    for _ in 0..<40 { _ = try other.step() }
    var folded = other.remembered
    #expect(folded.state.memory.tables.prefix(4).allSatisfy { $0.fold != nil })
    _ = try folded.revive(on: self.engine(prompts, outputs: 60, retain: "all").device)
    #expect(folded.kept(of: RequestID(0)) == other.kept(of: RequestID(0)))
    try folded.apply(Command(axis: "retain", choice: "all"))
    try folded.apply(Command(axis: "kv-format", choice: "int8"))
    while try folded.step() != nil {}
    #expect(folded.state.memory.pool.usedCount == 0)

    var past = try #require(remembered)
    #expect(past.state.scheduler.droppedTokens > 0)
    let device = try self.engine(prompts, outputs: 60, retain: "all").device
    let (tokens, requests) = try past.revive(on: device)
    #expect(requests == 4 && tokens > 4 * 100)
    while try past.step() != nil {}
    #expect(past.state.memory.pool.usedCount == 0)
  }
}
