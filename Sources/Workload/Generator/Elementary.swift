/// Logarithm and exponential by sums and products alone.
///
/// IEEE 754 fixes `+ − × ÷ √` to the last bit, but not `log` and `exp`: two C libraries
/// may differ there, and a generated trace must be the same on every machine. Within
/// 2 units in the last place, which is more than a length or a gap needs.
enum Elementary {
  static let logarithmOfTwo = 0.693_147_180_559_945_3

  /// The natural logarithm of a positive, finite, normal number.
  ///
  /// x = m · 2ᵉ with m in [√½, √2], then 2 artanh s with s = (m − 1) / (m + 1), |s| < 0.1716:
  /// the first term left out, s²⁵, is below 1e-19.
  static func logarithm(_ x: Double) -> Double {
    var exponent = Double(x.exponent)
    var significand = x.significand
    if significand > 1.414_213_562_373_095 {
      significand /= 2
      exponent += 1
    }
    let s = (significand - 1) / (significand + 1)
    let square = s * s
    var sum = 0.0
    var divisor = 23.0
    while divisor > 0 {
      sum = sum * square + 1 / divisor
      divisor -= 2
    }
    return exponent * logarithmOfTwo + 2 * s * sum
  }

  /// e to the power of `x`; 0 below −700, infinity above 700.
  ///
  /// x = k ln 2 + r with |r| ≤ ½ ln 2, then the Taylor sum up to r¹⁷, below 1e-22.
  static func exponential(_ x: Double) -> Double {
    if x < -700 { return 0 }
    if x > 700 { return .infinity }
    let power = (x / logarithmOfTwo).rounded()
    let rest = x - power * logarithmOfTwo
    var sum = 1.0
    var term = 17.0
    while term > 0 {
      sum = 1 + rest / term * sum
      term -= 1
    }
    return Double(sign: .plus, exponent: Int(power), significand: 1) * sum
  }
}
