import Core

extension Int {
  /// With a comma between groups of three digits: `18,204`.
  public var grouped: String {
    let digits = String(magnitude)
    var text = self < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }
}

extension Double {
  /// With a fixed number of decimals (at most 9), halves away from zero; "–" when it is not finite.
  public func fixed(_ decimals: Int) -> String {
    let scale = powerOfTen(decimals)
    let scaled = (self * Double(scale)).rounded()
    guard scaled.magnitude < 9e18 else { return "–" }
    var bytes: [UInt8] = []
    bytes.appendFixed(Int64(scaled), decimals: decimals)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// As a share of one hundred: `0.0416.percent(1)` is `4.2%`.
  public func percent(_ decimals: Int = 0) -> String { (self * 100).fixed(decimals) + "%" }
}

extension EngineTime {
  /// In the unit a reader expects: `930 µs`, `46.2 ms`, `1.84 s`.
  public var legible: String {
    switch nanoseconds.magnitude {
    case ..<1_000_000: (Double(nanoseconds) / 1e3).fixed(0) + " µs"
    case ..<1_000_000_000: milliseconds.fixed(1) + " ms"
    default: seconds.fixed(2) + " s"
    }
  }
}

extension [UInt8] {
  mutating func append(_ text: String) { append(contentsOf: text.utf8) }

  /// `number` counts 10⁻ᵈᵉᶜⁱᵐᵃˡˢ: 1 500 with three decimals is `1.500`.
  mutating func appendFixed(_ number: Int64, decimals: Int) {
    let scale = UInt64(powerOfTen(decimals))
    if number < 0 { append(UInt8(ascii: "-")) }
    append(String(number.magnitude / scale))
    guard decimals > 0 else { return }
    append(UInt8(ascii: "."))
    let digits = String(number.magnitude % scale)
    for _ in digits.utf8.count..<decimals { append(UInt8(ascii: "0")) }
    append(digits)
  }
}

private func powerOfTen(_ exponent: Int) -> Int {
  require((0...9).contains(exponent), "\(exponent) decimals; 0 to 9 can be written")
  return (0..<exponent).reduce(1) { power, _ in power * 10 }
}
