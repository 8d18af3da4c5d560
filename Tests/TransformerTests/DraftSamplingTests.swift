import Core
import Foundation
import Testing

@testable import Transformer

/// Drafts under sampling: what comes out is distributed as if nothing had been drafted.
@Suite("Draft sampling")
struct DraftSamplingTests {
  /// A Markov chain of logits: the row of each last token.
  struct Chain {
    var rows: [[Float]]

    init(seed: UInt64, spread: Float) {
      var random = SplitMix(seed: seed, purpose: "chain")
      rows = (0..<6).map { _ in (0..<6).map { _ in Float(random.unit() - 0.5) * spread } }
    }

    func logits<Value>(after token: TokenID, _ body: (UnsafeBufferPointer<Float>) throws -> Value) rethrows -> Value {
      try rows[Int(token)].withUnsafeBufferPointer(body)
    }
  }

  /// Three tokens after token 0 with speculation: drafts of the second chain, verdicts of the first.
  static func text(_ sampler: Sampler, target: Chain, drafter: Chain, request: Int, drafts: Int) throws -> (tokens: [TokenID], accepted: Int) {
    let id = RequestID(request)
    var text: [TokenID] = [0]
    var accepted = 0
    while text.count < 4 {
      var guesses: [(token: TokenID, drawn: Sampler.Drawn)] = []
      var last = text[text.count - 1]
      for number in 0..<drafts {
        let guess = try drafter.logits(after: last) { try #require(sampler.draft($0, request: id, position: text.count + number)) }
        guesses.append((guess.token, try #require(guess.drawn)))
        last = guess.token
      }
      var stands = true
      for guess in guesses where stands {
        let token = try target.logits(after: text[text.count - 1]) {
          try #require(sampler.verdict(on: [guess.token], guess.drawn, $0, request: id, position: text.count))
        }
        stands = token == guess.token
        accepted += stands ? 1 : 0
        text.append(token)
      }
      if stands { text.append(try target.logits(after: text[text.count - 1]) { try #require(sampler.token($0, request: id, position: text.count)) }) }
    }
    return (Array(text[1..<4]), accepted)
  }

  /// Of three tokens after token 0, by the target alone.
  static func likelihoods(_ sampler: Sampler, _ target: Chain) -> [Double] {
    let rows: [[Double]] = target.rows.map { row in
      row.withUnsafeBufferPointer { logits in
        var weights = [Double](repeating: 0, count: 6)
        for candidate in sampler.kept(logits, largest: logits.max() ?? 0) { weights[Int(candidate.token)] = candidate.weight }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
      }
    }
    return (0..<216).map { text in
      let (first, second, third) = (text / 36, text / 6 % 6, text % 6)
      return rows[0][first] * rows[first][second] * rows[second][third]
    }
  }

  /// Counts against what is expected of each, by chi-square.
  static func expectLikely(_ counts: [Int], _ expected: [Double]) throws {
    // Cells of fewer than five expected are counted together.
    var (statistic, cells) = (0.0, 0)
    var rest = (expected: 0.0, found: 0.0)
    func add(_ expected: Double, _ found: Double) {
      guard expected > 0 else { return }
      statistic += (found - expected) * (found - expected) / expected
      cells += 1
    }
    for (count, expected) in zip(counts, expected) {
      #expect(expected > 0 || count == 0, "a token that was cut came out")
      if expected >= 5 { add(expected, Double(count)) } else {
        rest.expected += expected
        rest.found += Double(count)
      }
    }
    add(rest.expected, rest.found)
    // Wilson and Hilferty's approximation of the 99.99 % quantile.
    let freedom = Double(cells - 1)
    let limit = freedom * pow(1 - 2 / (9 * freedom) + 3.719 * (2 / (9 * freedom)).squareRoot(), 3)
    #expect(statistic < limit, "chi-square \(statistic) with \(cells - 1) degrees of freedom, \(limit) is the limit")
  }

  @Test("three tokens with drafts come as often as without, whatever drafts and whatever is cut: chi-square over 12,000 seeds", arguments: 0..<6)
  func distribution(choice: Int) throws {
    var sampler = Sampler()
    sampler.temperature = [1, 0.6, 1.5, 1, 0.8, 1][choice]
    sampler.topK = [0, 0, 0, 3, 0, 4][choice]
    sampler.topP = [1, 1, 1, 1, 0.8, 0.95][choice]
    sampler.minP = [0, 0.1, 0, 0, 0, 0][choice]
    let target = Chain(seed: 1, spread: 4)
    // From a drafter that is right to one that knows nothing.
    let drafter = Chain(seed: choice == 1 ? 1 : 2, spread: choice == 2 ? 0.1 : 4)
    let expected = Self.likelihoods(sampler, target)
    let runs = 12_000
    var counts = [Int](repeating: 0, count: 216)
    var accepted = 0
    for run in 0..<runs {
      sampler.seed = UInt64(run)
      let (tokens, stood) = try Self.text(sampler, target: target, drafter: drafter, request: run % 7, drafts: 1 + run % 3)
      counts[Int(tokens[0]) * 36 + Int(tokens[1]) * 6 + Int(tokens[2])] += 1
      accepted += stood
    }
    try Self.expectLikely(counts, expected.map { $0 * Double(runs) })
    #expect(accepted > runs / 4, "hardly any draft stood: nothing was shown")
    if choice == 1 { #expect(accepted > runs * 2 - runs / 4, "of a drafter that says what the model says every draft stands: \(accepted)") }
  }
}
