import Core

/// Numbers of tokens (or of turns, or seconds) drawn at random.
public enum Distribution: Equatable, Sendable {
  case constant(Double)
  /// Whole numbers from the first to the last, all equally likely.
  case uniform(Int, Int)
  /// `median · e^(sigma · normal)`.
  case lognormal(median: Double, sigma: Double)
  case exponential(mean: Double)

  static let forms = "constant:N, uniform:A:B, lognormal:MEDIAN:SIGMA or exponential:MEAN"

  /// A value, not rounded.
  func sample(_ random: inout SplitMix) -> Double {
    switch self {
    case .constant(let value): value
    case .uniform(let first, let last): Double(first + random.below(last - first + 1))
    case .lognormal(let median, let sigma): median * Elementary.exponential(sigma * random.normal())
    case .exponential(let mean): mean * random.exponential()
    }
  }

  /// A whole number of things, 1 ... `most`.
  func count(_ random: inout SplitMix, most: Int) -> Int {
    Int(min(max(sample(&random).rounded(), 1), Double(most)))
  }

  /// The distribution of a text, or nil when it is none of the forms or its numbers are out of range.
  init?(_ text: Substring) {
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = words.dropFirst().compactMap { Double($0) }
    guard numbers.count == words.count - 1, numbers.allSatisfy({ $0.isFinite && $0 >= 0 && $0 <= 10_000_000 }) else { return nil }
    switch (words[0], numbers.count) {
    case ("constant", 1): self = .constant(numbers[0])
    case ("uniform", 2):
      guard let first = Int(exactly: numbers[0]), let last = Int(exactly: numbers[1]), first <= last else { return nil }
      self = .uniform(first, last)
    case ("lognormal", 2):
      guard numbers[0] > 0, numbers[1] <= 5 else { return nil }
      self = .lognormal(median: numbers[0], sigma: numbers[1])
    case ("exponential", 1):
      guard numbers[0] > 0 else { return nil }
      self = .exponential(mean: numbers[0])
    default: return nil
    }
  }
}
