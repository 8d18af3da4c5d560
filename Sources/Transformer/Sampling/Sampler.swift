import Core

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Chooses a token from logits: the likeliest, or one drawn from what remains after the likelihoods were sharpened and cut.
///
/// ```
/// logits ─▶ ÷ temperature ─▶ min-p ─▶ top-k ─▶ top-p ─▶ draw
/// ```
///
/// The order is vLLM's. What is drawn depends on the seed, the request and the position alone, so neither the batch nor a
/// preemption shows in a text. Where two tokens are equally likely the lower id comes first.
///
/// - Source: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration" (top-p); Fan et al. 2018 (top-k); Nguyen et
///   al. 2024, "Turning Up the Heat" (min-p).
public struct Sampler: Equatable, Sendable, Codable {
  /// 0 takes the likeliest token.
  public var temperature = 0.0
  /// So many of the likeliest are kept; 0 keeps all.
  public var topK = 0
  /// The likeliest are kept until they make up this share.
  public var topP = 1.0
  /// Those at least this share as likely as the likeliest are kept.
  public var minP = 0.0
  public var seed: UInt64 = 0

  public init() {}

  /// What is wrong with the numbers, beginning with the option's name; nil when they can be used.
  public var fault: String? {
    if !(temperature >= 0 && temperature <= 100) { return "--temperature \(temperature): a number from 0 to 100 is wanted; 0 is greedy" }
    if topK < 0 { return "--top-k \(topK): a whole number from 0 on is wanted; 0 keeps all tokens" }
    if !(topP > 0 && topP <= 1) { return "--top-p \(topP): a number above 0, at most 1, is wanted" }
    if !(minP >= 0 && minP <= 1) { return "--min-p \(minP): a number from 0 to 1 is wanted" }
    return nil
  }

  /// The token at `position` of `request`.
  /// - Returns: Nil when no logit is a number.
  public func token(_ logits: UnsafeBufferPointer<Float>, request: RequestID, position: Int) -> TokenID? {
    guard let best = Self.likeliest(logits) else { return nil }
    guard temperature > 0 else { return best }
    return draw(candidates(logits, likeliest: best), .sampling, request, position)
  }

  /// What may be drawn, in order of the id, so that rounding in sums cannot depend on how they were cut.
  func candidates(_ logits: UnsafeBufferPointer<Float>, likeliest: TokenID) -> [Candidate] {
    var candidates = kept(logits, largest: logits[Int(likeliest)])
    candidates.sort { $0.token < $1.token }
    return candidates
  }

  /// One of `candidates` by its weight.
  func draw(_ candidates: [Candidate], _ purpose: Purpose, _ request: RequestID, _ position: Int, number: Int = 0) -> TokenID? {
    var rest = uniform(purpose, request, position, number: number) * candidates.reduce(0) { $0 + $1.weight }
    for candidate in candidates {
      rest -= candidate.weight
      if rest < 0 { return candidate.token }
    }
    return candidates.last?.token
  }

  static func likeliest(_ logits: UnsafeBufferPointer<Float>) -> TokenID? {
    var best = -1
    var largest = -Float.infinity
    for token in 0..<logits.count where logits[token] > largest {
      largest = logits[token]
      best = token
    }
    return best < 0 ? nil : TokenID(best)
  }

  struct Candidate: Equatable, Sendable {
    var token: TokenID
    /// Relative to the likeliest, which has 1.
    var weight: Double
  }

  /// What a draw is for: draws for different purposes are independent.
  enum Purpose: String {
    case sampling, drafting, acceptance, residual
  }

  /// Those that may be drawn, in no useful order.
  func kept(_ logits: UnsafeBufferPointer<Float>, largest: Float) -> [Candidate] {
    var candidates: [Candidate] = []
    for token in 0..<logits.count {
      let weight = exp(Double(logits[token] - largest) / temperature)
      if weight >= minP, weight > 0 { candidates.append(Candidate(token: TokenID(token), weight: weight)) }
    }
    let cutsCount = topK > 0 && topK < candidates.count
    guard cutsCount || topP < 1 else { return candidates }

    // By falling weight, then by id. A vocabulary is long and its tail unlikely: what has a thousandth of the largest weight
    // is sorted at once, the tail only when it is reached.
    func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
      left.weight != right.weight ? left.weight > right.weight : left.token < right.token
    }
    var sorted = candidates.partition { $0.weight < 1e-3 }
    candidates[..<sorted].sort(by: precedes)
    func sortTail() {
      candidates[sorted...].sort(by: precedes)
      sorted = candidates.count
    }
    if cutsCount {
      if topK > sorted { sortTail() }
      candidates.removeSubrange(topK...)
      sorted = topK
    }
    guard topP < 1 else { return candidates }
    let total = candidates.reduce(0) { $0 + $1.weight }
    var (share, count) = (0.0, 0)
    while count < candidates.count, share < topP * total {
      if count == sorted { sortTail() }
      share += candidates[count].weight
      count += 1
    }
    return Array(candidates[..<count])
  }

  /// Uniform in [0, 1), by counter: Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
  ///
  /// - Parameter number: Of several draws for one position.
  func uniform(_ purpose: Purpose, _ request: RequestID, _ position: Int, number: Int = 0) -> Double {
    var digest = Digest()
    digest.fold(seed)
    digest.fold(purpose.rawValue)
    digest.fold(UInt64(UInt32(bitPattern: request.number)) << 32 | UInt64(position))
    if number > 0 { digest.fold(UInt64(number)) }
    return Double(Digest.mix(digest.value) >> 11) * 0x1p-53
  }
}
