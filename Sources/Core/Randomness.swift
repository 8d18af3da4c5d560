/// A one-word random stream (SplitMix64; Steele, Lea & Flood, OOPSLA 2014).
///
/// Keep one stream for each purpose, in the value that uses it, so that asking
/// for one more arrival does not change the lengths of all prompts.
public struct SplitMix: RandomNumberGenerator, Equatable, Sendable, Codable {
  private var state: UInt64

  public init(seed: UInt64, purpose: String) {
    var digest = Digest()
    digest.fold(seed)
    digest.fold(purpose)
    state = digest.value
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Digest.mix(state)
  }

  /// Uniform in [0, 1), 53 bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in `0..<bound`. The bias is below bound / 2⁶⁴.
  public mutating func below(_ bound: Int) -> Int {
    require(bound > 0, "no number is below \(bound) and not negative")
    return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}
