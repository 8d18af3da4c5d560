import Core
import KVMemory
import Scheduling
import ServingEngine
import TestSupport
import Testing
import Transformer

/// What attention leaves out, switched while a real model decodes.
@Suite("Attention that leaves keys out, in a run")
struct SparseSwitchTests {
  /// Outputs of two requests, and the shares that were measured; a command before the step of its number.
  private func run(_ commands: [Int: String], attention: String = "dense") throws -> (tokens: [TokenID], kept: [Double], deviations: [Deviation]) {
    var configuration = Configuration.cpu
    configuration.tokens = RealModel(name: BuiltInModel.small.rawValue, source: .builtIn(.small))
    configuration.tokens?.ignoresEndOfText = true
    configuration.attention = attention
    let text = TextOfTests.prompt.utf8.map { TokenID($0) }
    let arrivals = [text, Array(text.reversed())].map { Arrival(time: .zero, prompt: Prompt($0), outputLimit: 40) }
    var engine = try configuration.engine(for: Trace(name: "two", arrivals: arrivals))
    var (tokens, kept, deviations): ([TokenID], [Double], [Deviation]) = ([], [], [])
    var step = 0
    while true {
      if let choice = commands[step] { try engine.apply(Command(axis: "attention", choice: choice)) }
      guard let report = try engine.step() else { break }
      tokens += report.outcome.tokens
      deviations += report.outcome.deviations
      if let share = report.outcome.measurement?.keptShare { kept.append(share) }
      step += 1
    }
    return (tokens, kept, deviations)
  }

  @Test("where all is kept the text is that of dense attention; else a part is, which is measured and undone at once", .enabled(if: BuiltInModel.small.file != nil))
  func switching() throws {
    let dense = try run([:])
    #expect(dense.kept.isEmpty, "nothing is left out")
    #expect(try run([10: "top-pages:1000", 20: "double-sparse:1"]).tokens == dense.tokens)
    let sparse = try run([0: "top-pages:1"])
    #expect(sparse.tokens != dense.tokens)
    #expect(sparse.kept.allSatisfy { $0 > 0 && $0 <= 1 } && !sparse.kept.isEmpty)
    #expect(try run([:], attention: "top-pages:1").tokens == sparse.tokens, "chosen at the beginning or before the first step")
    // Keys stay: when all are read again, the rest of the text comes from all of them.
    let back = try run([5: "top-pages:1", 6: "dense"])
    #expect(back.tokens.count == dense.tokens.count)
  }

  @Test("prompts that are read by patterns: a large budget is dense, a small one is measured by the shadow pass, and decodes read all", .enabled(if: BuiltInModel.small.file != nil))
  func patterns() throws {
    let dense = try run([:])
    #expect(try run([:], attention: "pattern-prefill:1000").tokens == dense.tokens)
    #expect(try run([3: "pattern-prefill:4", 5: "dense"]).tokens == dense.tokens, "prompts had been read before")
    let sparse = try run([:], attention: "pattern-prefill:4")
    #expect(sparse.tokens.count == dense.tokens.count && sparse.kept.isEmpty)
    #expect(!sparse.deviations.isEmpty && sparse.deviations.contains { $0.divergence > 1e-6 })
  }

  @Test("what attention keeps to choose by takes its part of the pool and of a token's bytes; counted blocks have it already")
  func notes() throws {
    func blocks(_ attention: String, of count: Int? = nil) throws -> Int {
      try KVFormatSwitchingTests.modelled([], blocks: count) { $0.attention = attention }.state.memory.pool.blockCount
    }
    let all = try blocks("dense")
    let block = 16 * 131_072
    // Bounds are two keys a block, labels eight numbers of 128.
    #expect(try blocks("top-pages") == all * block / (block + 2 * 65_536) && blocks("double-sparse") == all * block / (block + 65_536))
    #expect(try blocks("pattern-prefill") == all && blocks("top-pages", of: 500) == 500)
    var engine = try KVFormatSwitchingTests.modelled([], blocks: 1_000)
    var sizes: [Int] = []
    for choice in ["top-pages", "double-sparse:16:64", "pattern-prefill", "top-pages", "dense"] {
      try engine.apply(Command(axis: "attention", choice: choice))
      sizes.append(engine.state.memory.pool.blockCount)
    }
    #expect(sizes == [941, 992, 1_000, 941, 1_000])

    var configuration = Configuration.cpu
    configuration.tokens = RealModel(name: BuiltInModel.small.rawValue, source: .builtIn(.small))
    for (attention, bytes) in [("dense", 0.0), ("top-pages", 128), ("double-sparse", 64), ("pattern-prefill", 0)] {
      configuration.attention = attention
      // Four layers of one key head of 64 channels; floats.
      #expect(try configuration.engine(for: Trace(name: "none", arrivals: [])).noteBytesPerToken == bytes, "\(attention)")
    }
  }

  @Test("drafts and latent attention are refused with a way out")
  func obstacles() throws {
    func fault(_ change: (inout Configuration) -> Void) -> String? {
      var configuration = Configuration.cpu
      configuration.tokens = RealModel(name: BuiltInModel.small.rawValue, source: .builtIn(.small))
      change(&configuration)
      do {
        _ = try configuration.engine(for: Trace(name: "none", arrivals: []))
        return nil
      } catch {
        return error.description
      }
    }
    #expect(
      fault {
        $0.attention = "top-pages"
        $0.speculate = "prompt-lookup"
      }?.contains("choose --speculate none first") == true)
    #expect(fault { $0.attention = "pattern-prefill" } == nil)
    #expect(
      fault {
        $0 = Configuration()
        $0.model = "deepseek-v2-lite"
        $0.attention = "double-sparse"
      }?.contains("latent") == true)
    #expect(fault { $0.weights = "w4a4" }?.contains("choose int4") == true)
  }
}

private enum TextOfTests {
  static let prompt = String(repeating: "The ferry leaves at nine and the bus at ten; whoever misses both walks. ", count: 4)
}
