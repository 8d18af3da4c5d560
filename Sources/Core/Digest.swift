/// A running 64-bit digest, equal in every process and on every machine.
///
/// Not for adversaries: it tells two histories apart, it does not sign them.
/// Each word is folded in with the finaliser of SplitMix64 (Steele, Lea & Flood,
/// OOPSLA 2014), so words that differ in one bit give unrelated digests.
public struct Digest: Hashable, Sendable, Codable, CustomStringConvertible {
  public private(set) var value: UInt64

  @inlinable public init() { self.init(value: 0x9e37_79b9_7f4a_7c15) }
  public init(value: UInt64) { self.value = value }

  @inline(__always)
  public mutating func fold(_ word: UInt64) {
    value = Self.mix(value &+ 0x9e37_79b9_7f4a_7c15 ^ word)
  }

  public mutating func fold(_ text: String) {
    for byte in text.utf8 { fold(UInt64(byte)) }
    fold(UInt64(text.utf8.count))
  }

  /// A bijection of 64-bit words whose output bits each depend on all input bits.
  @inline(__always)
  public static func mix(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// Sixteen lower-case hexadecimal digits.
  public var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  public init?(hexadecimal: String) {
    guard hexadecimal.utf8.count == 16, let value = UInt64(hexadecimal, radix: 16) else { return nil }
    self.init(value: value)
  }
}
