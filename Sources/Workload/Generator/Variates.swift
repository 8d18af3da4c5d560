import Core

extension SplitMix {
  /// Exponential with mean 1, by inversion.
  package mutating func exponential() -> Double {
    // 1 − unit is in (0, 1], so the logarithm is finite.
    -Elementary.logarithm(1 - unit())
  }

  /// Normal with mean 0 and deviation 1.
  ///
  /// - Source: Marsaglia & Bray 1964, the polar method; the second value is dropped so that the stream is the whole state.
  mutating func normal() -> Double {
    while true {
      let x = 2 * unit() - 1
      let y = 2 * unit() - 1
      let square = x * x + y * y
      if square > 0 && square < 1 { return x * (-2 * Elementary.logarithm(square) / square).squareRoot() }
    }
  }

  /// Gamma with mean `shape` and scale 1.
  ///
  /// - Source: Marsaglia & Tsang 2000, "A simple method for generating gamma variables", TOMS 26(3).
  mutating func gamma(shape: Double) -> Double {
    guard shape >= 1 else {
      let lift = Elementary.exponential(Elementary.logarithm(1 - unit()) / shape)
      return gamma(shape: shape + 1) * lift
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if Elementary.logarithm(1 - unit()) < 0.5 * x * x + d - d * v + d * Elementary.logarithm(v) { return d * v }
    }
  }
}
