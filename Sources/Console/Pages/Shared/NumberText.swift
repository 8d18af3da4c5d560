import Core
import Screen

/// Numbers for cells: right-aligned in a fixed width, `–` where there is none.
///
/// When a number does not fit, decimals go first, then digits (`29.5k`);
/// what still does not fit shows as `####`.
enum NumberText {
  static func whole(_ number: Int?, _ width: Int) -> String {
    guard let number else { return none(width) }
    let grouped = Figure.grouped(number)
    if grouped.cells <= width { return grouped.rightAligned(in: width) }
    let plain = String(number)
    if plain.cells <= width { return plain.rightAligned(in: width) }
    let short = short(Double(number), width)
    return short.cells <= width ? short : String(repeating: "#", count: width)
  }

  static func fixed(_ number: Double?, _ decimals: Int, _ width: Int) -> String {
    guard let number, number.isFinite else { return none(width) }
    for decimals in stride(from: decimals, to: 0, by: -1) {
      let text = Figure.fixed(number, decimals: decimals)
      if text.cells <= width { return text.rightAligned(in: width) }
    }
    let whole = Figure.fixed(number, decimals: 0)
    if whole.cells <= width { return whole.rightAligned(in: width) }
    let short = short(number, width)
    return short.cells <= width ? short : String(repeating: "#", count: width)
  }

  static func percent(_ fraction: Double?, _ width: Int, decimals: Int = 0) -> String {
    guard let fraction, fraction.isFinite else { return none(width) }
    let text = Figure.percent(fraction, decimals: decimals)
    return text.cells <= width ? text.rightAligned(in: width) : Figure.percent(fraction, width: width)
  }

  static func seconds(_ time: EngineTime?, _ width: Int, decimals: Int = 2) -> String {
    fixed(time?.seconds, decimals, width)
  }

  static func milliseconds(_ time: EngineTime?, _ width: Int, decimals: Int = 1) -> String {
    fixed(time?.milliseconds, decimals, width)
  }

  /// `03:42.118`
  static func clock(_ time: EngineTime) -> String { Figure.clock(.nanoseconds(time.nanoseconds)) }

  /// `46.2 ms`
  static func span(_ time: EngineTime) -> String { Figure.span(.nanoseconds(time.nanoseconds)) }

  /// Three digits at most and a prefix: `131k`; longer than `width` when that is too little.
  static func short(_ number: Double, _ width: Int = 0) -> String {
    if number.magnitude < 1_000 { return Figure.fixed(number, decimals: 0).padded(width) }
    let (scaled, prefix) = number.magnitude < 999_500 ? (number / 1e3, "k") : (number / 1e6, "M")
    let isExact = scaled == scaled.rounded() || scaled.magnitude >= (width >= 5 ? 99.95 : 9.95)
    let decimals = isExact ? 0 : 1
    return (Figure.fixed(scaled, decimals: decimals) + prefix).padded(width)
  }

  static func none(_ width: Int) -> String { "–".rightAligned(in: width) }
}

extension String {
  /// Spaces on the left, never a cut.
  fileprivate func padded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - cells)) + self }
}
