/// Powers made of IEEE additions and multiplications only.
///
/// A platform's `pow` may differ from another's in the last bit, and a nanosecond that rounds the
/// other way changes a history's digest. Relative error below 10⁻¹⁴; about 10 ns each.

/// log₂ of a positive normal number.
package func logarithm2(_ x: Double) -> Double {
  var exponent = Double(x.exponent)
  var significand = x.significand
  if significand > 1.4142135623730951 {
    significand *= 0.5
    exponent += 1
  }
  // log₂ m = 2/ln 2 · artanh s, with |s| ≤ 0.1716.
  let s = (significand - 1) / (significand + 1)
  let z = s * s
  var series = 1.0 / 19
  series = series * z + 1.0 / 17
  series = series * z + 1.0 / 15
  series = series * z + 1.0 / 13
  series = series * z + 1.0 / 11
  series = series * z + 1.0 / 9
  series = series * z + 1.0 / 7
  series = series * z + 1.0 / 5
  series = series * z + 1.0 / 3
  series = series * z + 1
  return exponent + 2.8853900817779268 * s * series
}

/// 2 to the power of `x`; 0 below -1000.
package func exponential2(_ x: Double) -> Double {
  if x < -1000 { return 0 }
  let whole = x.rounded()
  let z = (x - whole) * 0.6931471805599453
  var series = 1.0 / 479_001_600
  series = series * z + 1.0 / 39_916_800
  series = series * z + 1.0 / 3_628_800
  series = series * z + 1.0 / 362_880
  series = series * z + 1.0 / 40320
  series = series * z + 1.0 / 5040
  series = series * z + 1.0 / 720
  series = series * z + 1.0 / 120
  series = series * z + 1.0 / 24
  series = series * z + 1.0 / 6
  series = series * z + 0.5
  series = series * z + 1
  series = series * z + 1
  return Double(sign: .plus, exponent: Int(whole), significand: series)
}

/// `base` to the power of `exponent`; `base` ≥ 0.
package func power(_ base: Double, _ exponent: Double) -> Double {
  base > 0 ? exponential2(exponent * logarithm2(base)) : 0
}

/// How long things take that partly happen at the same time: (aⁿ + bⁿ + cⁿ)^(1/n).
///
/// The sum when `overlap` n is 1 (one after the other), the greatest when it is large (perfectly together).
package func together(_ a: Double, _ b: Double, _ c: Double = 0, overlap: Double) -> Double {
  let greatest = max(a, b, c)
  guard greatest > 0 else { return 0 }
  let scale = 1 / greatest
  return greatest
    * power(
      power(a * scale, overlap) + power(b * scale, overlap) + power(c * scale, overlap), 1 / overlap)
}
