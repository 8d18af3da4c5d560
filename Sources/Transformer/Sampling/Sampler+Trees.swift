import Core

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Drafts that branch.
///
/// ```
/// guesses x₁, x₂, … for one position, drawn from q one after the other, none twice; the model says p
/// x₁ stands with probability min(1, p(x₁) / q(x₁)); else p becomes what it has more than q, q loses x₁, and x₂ is asked …
/// if none stands the token is drawn from what is left of p
/// ```
///
/// Whatever is left of p after each question is the distribution of the token given that the ones before fell, so the text's
/// is the model's, provided that whether a guess exists does not depend on what it is.
///
/// - Source: Miao et al. 2024, SpecInfer, arXiv 2305.09781, algorithm 2; without replacement as in Jeon et al. 2024, arXiv
///   2402.14160.
extension Sampler {
  /// A guess among several for a position.
  struct Guess: Equatable, Sendable {
    var token: TokenID
    /// What it is worth to verify it, as a part of what the position is worth. Under sampling it must be known before the token
    /// is drawn, and is the likelihood that those before it fall; else the token's own likelihood.
    var worth: Double
    /// What the position after it is worth, likewise.
    var onward: Double
  }

  /// The likeliest `limit` tokens, or as many drawn ones, none twice; rising in worth nowhere.
  ///
  /// - Parameter branch: Among the guesses that are made for `position` after different tokens, which.
  /// - Returns: Also the distribution they were drawn from; nil for greedy drafts. Nil when no logit is a number.
  func guesses(
    _ logits: UnsafeBufferPointer<Float>, request: RequestID, position: Int, branch: Int, limit: Int
  ) -> (guesses: [Guess], drawn: Drawn?)? {
    guard let best = Self.likeliest(logits) else { return nil }
    guard temperature > 0 else {
      return (
        Self.leading(limit, of: logits).map { Guess(token: $0.token, worth: Double($0.share), onward: Double($0.share)) }, nil
      )
    }
    let drawn = Drawn(candidates: candidates(logits, likeliest: best))
    var left = drawn.candidates
    var guesses: [Guess] = []
    var worth = 1.0
    while guesses.count < limit, let token = draw(left, .drafting, request, position, number: branch * 64 + guesses.count) {
      guard let place = left.firstIndex(where: { $0.token == token }) else { break }
      let likelihood = left[place].weight / left.reduce(0) { $0 + $1.weight }
      guesses.append(Guess(token: token, worth: worth, onward: worth * likelihood))
      worth *= 1 - likelihood
      left.remove(at: place)
    }
    return (guesses, drawn)
  }

  /// The likeliest tokens, the lower id first of two; with their likelihoods at temperature 1.
  static func leading(_ count: Int, of logits: UnsafeBufferPointer<Float>) -> [Judgement.Likelihood] {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: logits.count) { shares in
      _ = shares.initialize(from: logits)
      if let base = shares.baseAddress { KernelPath.best.softmax(base, count: shares.count) }
      var leading: [TokenID] = []
      var least = -Float.infinity
      for token in 0..<logits.count where logits[token] > least {
        if leading.count == count { leading.removeLast() }
        leading.insert(TokenID(token), at: leading.firstIndex { logits[Int($0)] < logits[token] } ?? leading.count)
        if leading.count == count { least = logits[Int(leading[count - 1])] }
      }
      return leading.map { Judgement.Likelihood(token: $0, share: shares[Int($0)]) }
    }
  }
}
