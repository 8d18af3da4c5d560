import Core

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Drafts under sampling: what stands is distributed as if the model had drawn every token itself.
///
/// ```
/// draft x drawn from q; the model says p
/// stands with probability min(1, p(x) / q(x)); else the token is drawn from what p has more than q: (p − q)⁺
/// ```
///
/// - Source: Leviathan et al. 2023, arXiv 2211.17192, algorithm 1; Chen et al. 2023, arXiv 2302.01318, theorem 1.
extension Sampler {
  /// A distribution that a draft was drawn from.
  struct Drawn: Equatable, Sendable {
    /// In order of the id.
    var candidates: [Candidate]
  }

  /// What to draft after logits of the drafter, and how likely its likeliest token is.
  ///
  /// - Returns: Also the distribution the token was drawn from; nil for greedy drafts, which need none. Nil when no logit is
  ///   a number.
  func draft(
    _ logits: UnsafeBufferPointer<Float>, request: RequestID, position: Int
  ) -> (token: TokenID, confidence: Float, drawn: Drawn?)? {
    guard let best = Self.likeliest(logits) else { return nil }
    guard temperature > 0 else {
      var sum: Float = 0
      for logit in logits { sum += exp(logit - logits[Int(best)]) }
      return (best, 1 / sum, nil)
    }
    let candidates = candidates(logits, likeliest: best)
    guard let token = draw(candidates, .drafting, request, position) else { return nil }
    return (token, Float(1 / candidates.reduce(0) { $0 + $1.weight }), Drawn(candidates: candidates))
  }

  /// What becomes of a draft that was drawn from `drawn`, by the model's own logits: the draft, or the token in its place.
  ///
  /// - Returns: Nil when no logit is a number.
  func verdict(
    on draft: TokenID, _ drawn: Drawn, _ logits: UnsafeBufferPointer<Float>, request: RequestID, position: Int
  ) -> TokenID? {
    guard let best = Self.likeliest(logits) else { return nil }
    let target = candidates(logits, likeliest: best)
    let p = Probabilities(target)
    let q = Probabilities(drawn.candidates)
    if uniform(.acceptance, request, position) * q.of(draft) < p.of(draft) { return draft }
    var residual: [Candidate] = []
    var place = 0
    for candidate in target {
      while place < drawn.candidates.count, drawn.candidates[place].token < candidate.token { place += 1 }
      let guessed = place < drawn.candidates.count && drawn.candidates[place].token == candidate.token
        ? drawn.candidates[place].weight / q.total : 0
      let more = candidate.weight / p.total - guessed
      if more > 0 { residual.append(Candidate(token: candidate.token, weight: more)) }
    }
    // Empty only where p and q are equal but for rounding, and then the draft is as good as any.
    return draw(residual, .residual, request, position) ?? draft
  }

  private struct Probabilities {
    let candidates: [Candidate]
    let total: Double

    init(_ candidates: [Candidate]) {
      self.candidates = candidates
      total = candidates.reduce(0) { $0 + $1.weight }
    }

    /// By bisection.
    func of(_ token: TokenID) -> Double {
      var (low, high) = (0, candidates.count)
      while low < high {
        let middle = (low + high) / 2
        if candidates[middle].token < token { low = middle + 1 } else { high = middle }
      }
      return low < candidates.count && candidates[low].token == token ? candidates[low].weight / total : 0
    }
  }
}
