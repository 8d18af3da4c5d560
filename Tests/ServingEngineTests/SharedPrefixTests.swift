import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import TestSupport
import Testing
import Transformer

@Suite("Attention over shared prefixes, in the engine")
struct SharedPrefixTests {
  /// Twelve users of two system prompts, one of which goes on from the other.
  private static let contents: [Prompt] = (0..<12).map { number in
    var runs = [TokenRun(.shared(1), count: 96)]
    if number % 2 == 0 { runs.append(TokenRun(.shared(2), count: 64)) }
    return Prompt(runs + [TokenRun(.own(number), count: 5 + number)])
  }

  @Test("block tables say which decodes have which leading blocks in common; a part needs its tokens and its requests")
  func parts() throws {
    func parts(_ choice: String) throws -> [String] {
      var bench = TinyBench(
        tokensPerStep: 4_000, sequences: 12, blocks: 400, blockSize: 16, reuses: true, prompts: Self.contents.map(\.count),
        outputs: [Int](repeating: 4, count: 12), contents: Self.contents)
      try bench.engine.apply(Command(axis: "attention", choice: choice))
      // All read in the first step and decode in the second.
      _ = try bench.engine.step()
      let report = try #require(try bench.engine.step())
      return report.batch.shared.map { "\($0.positions) of \($0.slots.count) at \($0.depth)" }
    }
    #expect(try parts("dense") == [])
    #expect(try parts("shared-prefix:1:2") == ["0..<96 of 12 at 0", "96..<160 of 6 at 1"])
    #expect(try parts("shared-prefix:100:2") == ["0..<160 of 6 at 0"])
    #expect(try parts("shared-prefix:1:7") == ["0..<96 of 12 at 0"])
    #expect(try parts("shared-prefix:161:2") == [])
  }

  @Test("real tokens are the same, switched to and fro while they come, and fewer bytes are read for them")
  func realTokens() throws {
    let arrivals = Self.contents.map { Arrival(time: .zero, prompt: $0, outputLimit: 40) }
    func run(_ choice: (Int) -> String) throws -> (Answers, bytes: Double) {
      var engine = try RealBench(sequences: 12, arrivals: arrivals).engine()
      var answers = Answers(count: arrivals.count)
      var bytes = 0.0
      while true {
        try engine.apply(Command(axis: "attention", choice: choice(engine.state.step)))
        guard let report = try engine.step() else { break }
        answers.fold(report)
        bytes += report.outcome.measurement?.kernels.first { $0.kind == .attentionDecode }?.bytes ?? 0
      }
      return (answers, bytes)
    }
    let dense = try run { _ in "dense" }
    let shared = try run { _ in "shared-prefix:64:2" }
    #expect(shared.0 == dense.0)
    #expect(shared.bytes < 0.7 * dense.bytes, "\(shared.bytes) of \(dense.bytes) bytes")
    #expect(try run { $0 / 3 % 2 == 0 ? "dense" : "shared-prefix:1:2" }.0 == dense.0)
  }

  @Test("on a modelled GPU a crowd with one long prompt is served sooner, in the same steps; without a common prefix nothing changes")
  func crowd() throws {
    func run(_ attention: String, prompts: (Int) -> Prompt) throws -> (steps: Int, seconds: Double) {
      var configuration = Configuration()
      configuration.attention = attention
      let arrivals = (0..<64).map { Arrival(time: .zero, prompt: prompts($0), outputLimit: 50) }
      var engine = try configuration.engine(for: Trace(name: "crowd", arrivals: arrivals))
      while try engine.step() != nil {}
      return (engine.state.step, engine.state.now.seconds)
    }
    let crowd = { Prompt([TokenRun(.shared(1), count: 8_192), TokenRun(.own($0), count: 30)]) }
    let dense = try run("dense", prompts: crowd)
    let shared = try run("shared-prefix", prompts: crowd)
    #expect(shared.steps == dense.steps)
    #expect(shared.seconds < 0.8 * dense.seconds, "\(shared.seconds) of \(dense.seconds) s")
    let strangers = { Prompt(TokenRun(.own($0), count: 500)) }
    #expect(try run("shared-prefix", prompts: strangers) == run("dense", prompts: strangers))
  }

  @Test("latent attention is refused, before a run and while it goes on")
  func refusal() throws {
    var configuration = Configuration()
    configuration.model = "deepseek-v2-lite"
    let trace = Trace(name: "none", arrivals: [])
    let sentence = "--attention shared-prefix: attention of DeepSeek-V2-Lite is latent: its kernels are not modelled for parts of a context — leave it at dense"
    var engine = try configuration.engine(for: trace)
    #expect(throws: CommandError(sentence)) { try engine.apply(Command(axis: "attention", choice: "shared-prefix")) }
    configuration.attention = "shared-prefix"
    #expect(throws: ConfigurationError(sentence)) { try configuration.engine(for: trace) }
  }
}
