/// Numbers as text. With a `width` they are right-aligned in exactly so many
/// cells, so that a changing value never moves its neighbours; a number that
/// does not fit shows as `####`, because a cut number is a wrong number.
public enum Figure {
  /// `18204` → `18,204`
  public static func grouped(_ number: Int, width: Int? = nil) -> String {
    let digits = String(number.magnitude).utf8
    var text = number < 0 ? "−" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
      text.unicodeScalars.append(Unicode.Scalar(digit))
    }
    return fit(text, width)
  }

  /// `3.14159, decimals: 2` → `3.14`; halves away from zero; thousands grouped. Not a number → `–`.
  public static func fixed(_ number: Double, decimals: Int, width: Int? = nil, signed: Bool = false) -> String {
    guard number.isFinite else { return fit(number.isNaN ? "–" : number < 0 ? "−∞" : "∞", width) }
    let scale = powersOfTen[min(max(decimals, 0), powersOfTen.count - 1)]
    let scaled = (number.magnitude * Double(scale)).rounded()
    guard scaled < 9e18 else { return fit(number < 0 ? "−∞" : "∞", width) }
    let units = UInt64(scaled)
    var text = units > 0 && number < 0 ? "−" : signed ? "+" : ""
    text += grouped(Int(units / scale))
    if decimals > 0 {
      let part = String(units % scale)
      text += "." + String(repeating: "0", count: min(decimals, powersOfTen.count - 1) - part.utf8.count) + part
    }
    return fit(text, width)
  }

  /// A fraction: `0.74` → `74%`. Only 0 shows as zero: anything between shows as `<1%`, and `>99%` below 1.
  public static func percent(_ fraction: Double, decimals: Int = 0, width: Int? = nil) -> String {
    guard fraction.isFinite else { return fixed(fraction, decimals: 0, width: width) }
    if decimals <= 0 && fraction > 0 && fraction < 0.005 { return fit("<1%", width) }
    if decimals <= 0 && fraction < 1 && fraction >= 0.995 { return fit(">99%", width) }
    return fit(fixed(fraction * 100, decimals: decimals) + "%", width)
  }

  /// Decimal prefixes and three digits: `4_800_000_000_000, unit: "B"` → `4.80 TB`.
  public static func scaled(_ number: Double, unit: String = "", width: Int? = nil) -> String {
    guard number.isFinite else { return fixed(number, decimals: 0, width: width) }
    var value = number
    var prefix = 0
    while value.magnitude >= 999.5 && prefix < prefixes.count - 1 {
      value /= 1000
      prefix += 1
    }
    let isWhole = prefix == 0 && value == value.rounded()
    let decimals = isWhole || value.magnitude >= 99.95 ? 0 : value.magnitude < 9.995 ? 2 : 1
    let suffix = prefixes[prefix] + unit
    return fit(fixed(value, decimals: decimals) + (suffix.isEmpty ? "" : " " + suffix), width)
  }

  /// `1_536_000` → `1.54 MB`.
  public static func bytes(_ count: Int, width: Int? = nil) -> String { scaled(Double(count), unit: "B", width: width) }

  /// Engine time: `03:42.118`, and `1:03:42.118` from an hour on.
  public static func clock(_ time: Duration, width: Int? = nil) -> String {
    let (seconds, attoseconds) = time.components
    let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    let magnitude = Int(milliseconds.magnitude)
    let hours = magnitude / 3_600_000
    let text =
      (milliseconds < 0 ? "−" : "") + (hours > 0 ? "\(hours):" : "") + padded(magnitude / 60_000 % 60, 2) + ":"
      + padded(magnitude / 1000 % 60, 2) + "." + padded(magnitude % 1000, 3)
    return fit(text, width)
  }

  /// A time span in the unit that suits it: `574 µs`, `46.2 ms`, `0.93 s`.
  public static func span(_ time: Duration, width: Int? = nil) -> String {
    let (whole, part) = time.components
    let seconds = Double(whole) + Double(part) * 1e-18
    let size = seconds.magnitude
    if size == 0 { return fit("0 s", width) }
    if size < 0.000_999_5 { return fit(fixed(seconds * 1e6, decimals: size < 1e-5 ? 1 : 0) + " µs", width) }
    if size < 0.099_95 { return fit(fixed(seconds * 1e3, decimals: 1) + " ms", width) }
    return fit(fixed(seconds, decimals: 2) + " s", width)
  }

  /// The right edge stays where it is.
  static func fit(_ text: String, _ width: Int?) -> String {
    guard let width else { return text }
    return text.cells > width ? String(repeating: "#", count: max(0, width)) : text.rightAligned(in: width)
  }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  private static let prefixes = ["", "k", "M", "G", "T", "P", "E"]
  private static let powersOfTen: [UInt64] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
}
