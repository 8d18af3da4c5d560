import Core
import KVMemory
import ServingEngine
import TestSupport
import Testing
import Transformer

/// `--retain heads` beside the other axes, on a modelled GPU and on the cpu.
@Suite("Retrieval heads, axes")
struct HeadsAxisTests {
  private func engine(isReal: Bool, _ choose: (inout Configuration) -> Void = { _ in }) throws -> Engine {
    var configuration = isReal ? Configuration.cpu : Configuration()
    if isReal {
      configuration.tokens = RealModel(name: "workbench-small", source: .builtIn(.small))
      configuration.tokens?.ignoresEndOfText = true
    } else {
      configuration.device = "h100"
      configuration.model = "llama-3-8b"
    }
    configuration.kvBlocks = 60
    configuration.maxBatchedTokens = 256
    configuration.prefixCache = "off"
    configuration.retain = "heads:50:16:32"
    choose(&configuration)
    let arrivals = (0..<6).map { number in
      Arrival(time: .zero, prompt: Prompt((0..<150).map { TokenID(($0 * 7 + number) % 100 + 20) }), outputLimit: 90)
    }
    return try configuration.engine(for: Trace(name: "six", arrivals: arrivals))
  }

  @Test("what is folded, and when, is the same on both devices; those who would not fit whole are served side by side")
  func counts() throws {
    var told: [[EngineEvent]] = []
    for isReal in [true, false] {
      var engine = try engine(isReal: isReal)
      var events: [EngineEvent] = []
      while let report = try engine.step() {
        for event in report.events { if case .compressed = event { events.append(event) } }
      }
      #expect(engine.state.memory.pool.usedCount == 0)
      told.append(events)
    }
    #expect(told[0] == told[1] && told[0].count > 6)
  }

  @Test("on a modelled GPU a token takes what its heads keep, and the map shows the share of the heads")
  func modelled() throws {
    var engine = try engine(isReal: false) { $0.retain = "heads:25:16:32" }
    while engine.state.memory.tables.first?.fold == nil { _ = try engine.step() }
    let fold = try #require(engine.state.memory.tables[0].fold)
    #expect(fold == HeadFold(lead: 1, folded: 6, share: 25) && fold.packed == 2)
    let kept = try #require(engine.kept(of: RequestID(0)))
    #expect(kept.shares.prefix(16).allSatisfy { $0 == 1 } && kept.shares[16..<112].allSatisfy { $0 == 0.25 } && kept.shares[112...].allSatisfy { $0 == 1 })
  }

  @Test("what it excludes is refused with the way out, before a run and while one goes on")
  func obstacles() throws {
    for (isReal, choose, fault): (Bool, (inout Configuration) -> Void, String) in [
      (true, { $0.kvFormat = "bfp8" }, "sorts the channels of each head"),
      (true, { $0.attention = "top-pages" }, "choose --attention dense first"),
      (false, { $0.attention = "double-sparse" }, "choose --attention dense first"),
      (false, { $0.model = "deepseek-v3"; $0.device = "h200"; $0.tensorParallel = 8 }, "latent"),
    ] {
      let error = #expect(throws: ConfigurationError.self) { _ = try self.engine(isReal: isReal, choose) }
      #expect("\(error.map { "\($0)" } ?? "")".contains(fault))
    }
    var engine = try self.engine(isReal: true)
    while engine.state.memory.tables.first?.fold == nil { _ = try engine.step() }
    try engine.apply(Command(axis: "retain", choice: "all"))
    for (axis, choice) in [("attention", "top-pages"), ("kv-format", "bfp8")] {
      let found = try #require(AxisCatalogue.axis(named: axis))
      #expect(found.fault(of: choice, in: engine)?.contains("heads") == true, "\(axis): those who were folded are still there")
    }
    while try engine.step() != nil {}
    #expect(try #require(AxisCatalogue.axis(named: "attention")).fault(of: "top-pages", in: engine) == nil)
  }
}
