import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import TestSupport
import Testing
import Transformer

@Suite("Reuse of chunks outside the prefix")
struct ChunkReuseTests {
  /// A document of four blocks behind two beginnings of different length.
  private static let document = TokenRun(.shared(7), count: 16)
  private static let first = Prompt([TokenRun(.own(0), count: 8), document, TokenRun(.own(10), count: 2)])
  private static let second = Prompt([TokenRun(.own(1), count: 12), document, TokenRun(.own(11), count: 1)])

  private func bench(_ prompts: [Prompt], share: Int, tokensPerStep: Int = 64) throws -> TinyBench {
    var bench = TinyBench(
      tokensPerStep: tokensPerStep, blocks: 100, reuses: true, arrivals: prompts.indices.map { $0 * 100 }, prompts: prompts.map(\.count),
      outputs: prompts.map { _ in 1 }, contents: prompts, hostBlocks: 1_000)
    try bench.engine.apply(Command(axis: "cacheblend", choice: String(share)))
    return bench
  }

  private func story(_ bench: TinyBench) throws -> [String] {
    var bench = bench
    var lines: [String] = []
    while let report = try bench.engine.step() {
      let (slot, computed) = (try #require(report.plan.slots.first), try #require(report.batch.slots.first))
      lines.append("\(slot.request) \(slot.first) + \(slot.count), computes \(computed.count), waits \(report.record.transfer.milliseconds)")
      #expect(Int(report.record.prefillTokens) == Int(computed.count) || computed.count == 1)
      #expect(KVCache.invariants.firstViolation(of: bench.engine.state.memory) == nil)
    }
    return lines
  }

  @Test("a document that stands elsewhere is loaded, and its share of tokens computed; copies go on beside the kernels")
  func elsewhere() throws {
    // A block takes a millisecond each way and a step one. The first request stores six blocks; the second loads four
    // while it stores its own three, and computes 29 − 16 · 3/4 tokens.
    #expect(
      try story(bench([Self.first, Self.second], share: 25)) == [
        "r0 0 + 26, computes 26, waits 5.0", "r1 0 + 29, computes 17, waits 3.0",
      ])
    #expect(try story(bench([Self.first, Self.second], share: 100)) == ["r0 0 + 26, computes 26, waits 0.0", "r1 0 + 29, computes 29, waits 0.0"])
  }

  @Test("what follows reused chunks is not published as a prefix: it is found as far as it is exact")
  func exactness() throws {
    let lines = try story(bench([Self.first, Self.second, Self.second, Self.first], share: 25))
    #expect(lines[2].hasPrefix("r2 12 + 17, computes 5"), "three exact blocks, and the document as chunks again")
    #expect(lines[3].hasPrefix("r3 24 + 2, computes 2"))
  }

  @Test("the token budget counts what is computed")
  func budget() throws {
    #expect(
      try story(bench([Self.first, Self.second], share: 0, tokensPerStep: 13)).map { $0.prefix { $0 != "," } } == [
        "r0 0 + 13", "r0 13 + 13", "r1 0 + 29",
      ])
  }

  @Test("where keys and values are real it is refused with the reason")
  func refusal() throws {
    var configuration = Configuration.cpu
    configuration.tokens = RealModel(name: "workbench-small", source: .builtIn(.small))
    configuration.recomputedShare = 15
    #expect(
      throws: ConfigurationError(
        "--cacheblend 15: cpu, workbench-small computes real keys and values, and those of a chunk belong to what came before it — leave it at 100")
    ) {
      try configuration.engine(for: Trace(name: "none", arrivals: []))
    }
  }
}
