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

  /// What becomes of drafts for one position that were drawn from `drawn`, none twice, by the model's own logits: one of them, or
  /// the token in their place.
  ///
  /// - Parameter drafts: At least one, in the order in which they were drawn.
  /// - Returns: Nil when no logit is a number.
  func verdict(
    on drafts: [TokenID], _ drawn: Drawn, _ logits: UnsafeBufferPointer<Float>, request: RequestID, position: Int
  ) -> TokenID? {
    guard let best = Self.likeliest(logits) else { return nil }
    var target = candidates(logits, likeliest: best)
    var guessed = drawn.candidates
    for (number, draft) in drafts.enumerated() {
      let p = Probabilities(target)
      let q = Probabilities(guessed)
      if uniform(.acceptance, request, position, number: number) * q.of(draft) < p.of(draft) { return draft }
      target = p.more(than: q)
      // Empty only where p and q are equal but for rounding, and then the draft is as good as any.
      if target.isEmpty { return draft }
      guessed.removeAll { $0.token == draft }
    }
    return draw(target, .residual, request, position)
  }

  private struct Probabilities {
    let candidates: [Candidate]
    let total: Double

    init(_ candidates: [Candidate]) {
      self.candidates = candidates
      total = candidates.reduce(0) { $0 + $1.weight }
    }

    /// What is more likely here than there, and by how much; in order of the id.
    func more(than other: Probabilities) -> [Candidate] {
      var more: [Candidate] = []
      var place = 0
      for candidate in candidates {
        while place < other.candidates.count, other.candidates[place].token < candidate.token { place += 1 }
        let theirs = place < other.candidates.count && other.candidates[place].token == candidate.token
          ? other.candidates[place].weight / other.total : 0
        let weight = candidate.weight / total - theirs
        if weight > 0 { more.append(Candidate(token: candidate.token, weight: weight)) }
      }
      return more
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
