import Core
import Testing

@testable import Transformer

/// What formats cost real models, through the cache that serves.
@Suite("Scores of a text through compressed caches", .serialized)
struct TextScoreTests {
  /// - Parameter hasOutliers: Keys have channels so large that four bits cost perplexity, and not only chance.
  private func check(_ model: LocalModel, tokens: Int, hasOutliers: Bool) {
    let formats = KVFormat.allCases
    let scores = model.scores(of: Array(model.passages.prefix(tokens)), choices: formats.map { CacheChoice(format: $0) }, window: 512)
    func score(_ format: KVFormat) -> TextScore { scores[formats.firstIndex(of: format)!] }
    for (format, score) in zip(formats, scores) {
      print("\(model.name), \(format.rawValue): \(score.bitsPerElement) bits, perplexity \(score.perplexity), KL \(score.meanDivergence), agreement \(score.agreement)")
      #expect(score.tokens == scores[0].tokens && score.exactNats == scores[0].exactNats)
    }
    #expect(score(.f16).nats == score(.f16).exactNats && score(.f16).divergence < 1e-6 && score(.f16).agreement == 1)
    for format in [KVFormat.f8, .int8] {
      #expect(abs(score(format).perplexity / score(.f16).perplexity - 1) < 0.01, "\(model.name), \(format)")
    }
    #expect(score(.int4Hadamard).meanDivergence < score(.int4).meanDivergence, "\(model.name)")
    if hasOutliers { #expect(score(.int4Hadamard).perplexity < score(.int4).perplexity, "\(model.name)") }
    #expect(score(.kivi2).bitsPerElement <= 3)
  }

  @Test("the built-in model: eight bits within 1 % of f16, a rotation helps four bits, two bits take at most three")
  func builtIn() throws {
    guard let file = BuiltInModel.large.file else { return }
    check(try LocalModel(GGUFFile(file), name: "workbench-large"), tokens: 2_048, hasOutliers: false)
  }

  @Test("SmolLM2: the same", .enabled(if: SmolLM2.hasAll, SmolLM2.absent))
  func smolLM2() throws { check(try LocalModel(GGUFFile(SmolLM2.model), name: "SmolLM2"), tokens: 2_048, hasOutliers: true) }
}
