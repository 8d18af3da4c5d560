/// A number as it is written: ±magnitude · 10^exponent.
///
/// Traces count in whole tokens and in seconds, milliseconds or microseconds with
/// a fraction. Keeping the decimal digits until the unit is known makes both exact:
/// 27.482 ms is 27,482,000 ns on every machine. There is no NaN and no infinity.
struct WrittenNumber: Equatable {
  var isNegative = false
  var magnitude: UInt64 = 0
  var exponent = 0
  /// False when more digits were written than a word holds.
  var isExact = true

  /// Reads all of `bytes`; nil when they are not a number.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var at = 0
    guard let number = Self(prefixOf: bytes, at: &at), at == bytes.count else { return nil }
    self = number
  }

  /// Reads the number that begins at `at` and moves `at` behind it.
  init?(prefixOf bytes: UnsafeRawBufferPointer, at: inout Int) {
    let end = bytes.count
    if at < end, bytes[at] == UInt8(ascii: "-") {
      isNegative = true
      at += 1
    }
    let firstDigit = at
    takeDigits(bytes, &at, isFraction: false)
    guard at > firstDigit else { return nil }
    if at < end, bytes[at] == UInt8(ascii: ".") {
      at += 1
      let firstFractionDigit = at
      takeDigits(bytes, &at, isFraction: true)
      guard at > firstFractionDigit else { return nil }
    }
    if at < end, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      guard let written = Self.takeExponent(bytes, &at) else { return nil }
      exponent += written
    }
  }

  private mutating func takeDigits(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, isFraction: Bool) {
    while at < bytes.count {
      let digit = UInt64(bytes[at] &- UInt8(ascii: "0"))
      guard digit < 10 else { return }
      at += 1
      let (shifted, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carried) = shifted.addingReportingOverflow(digit)
      if isExact && !overflowed && !carried {
        magnitude = sum
        if isFraction { exponent -= 1 }
      } else {
        // Trailing digits below the word's reach: they only matter when they are not zero.
        if isFraction && digit == 0 && isExact { continue }
        isExact = false
        if !isFraction { exponent += 1 }
      }
    }
  }

  /// An exponent beyond ±9999 is as good as that.
  private static func takeExponent(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> Int? {
    var isNegative = false
    if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
      isNegative = bytes[at] == UInt8(ascii: "-")
      at += 1
    }
    let firstDigit = at
    var exponent = 0
    while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10 {
      exponent = min(exponent * 10 + Int(bytes[at] - UInt8(ascii: "0")), 9_999)
      at += 1
    }
    return at > firstDigit ? (isNegative ? -exponent : exponent) : nil
  }

  /// The number when it is whole and fits, otherwise nil: 250.0 and 25e1 are 250, 250.5 is nothing.
  var whole: Int? {
    guard let magnitude = wholeMagnitude else { return nil }
    return isNegative ? (magnitude <= UInt64(Int.max) ? -Int(magnitude) : nil) : Int(exactly: magnitude)
  }

  /// `whole` over all 64 bits, for ids.
  var wholeUnsigned: UInt64? {
    guard let magnitude = wholeMagnitude, !isNegative || magnitude == 0 else { return nil }
    return magnitude
  }

  private var wholeMagnitude: UInt64? {
    guard isExact else { return nil }
    if magnitude == 0 || exponent == 0 { return magnitude }
    guard abs(exponent) < 20 else { return nil }
    guard let power = Self.power(abs(exponent)) else { return nil }
    if exponent > 0 {
      let (product, overflowed) = magnitude.multipliedReportingOverflow(by: power)
      return overflowed ? nil : product
    }
    return magnitude % power == 0 ? magnitude / power : nil
  }

  /// The number times 10^`decimals`, rounded half away from zero; nil when it does not fit.
  /// Seconds become nanoseconds with 9, milliseconds with 6.
  func scaled(by decimals: Int) -> Int64? {
    guard magnitude != 0 else { return 0 }
    let shift = exponent + decimals
    let result: UInt64
    if shift >= 0 {
      guard let power = Self.power(shift) else { return nil }
      let (product, overflowed) = magnitude.multipliedReportingOverflow(by: power)
      guard !overflowed else { return nil }
      result = product
    } else if let power = Self.power(-shift) {
      result = magnitude / power + (magnitude % power >= power - power / 2 ? 1 : 0)
    } else {
      result = 0
    }
    guard let positive = Int64(exactly: result) else { return nil }
    return isNegative ? -positive : positive
  }

  /// 10^`exponent`, as long as a word holds it.
  private static func power(_ exponent: Int) -> UInt64? {
    guard exponent >= 0 && exponent < 20 else { return nil }
    var power: UInt64 = 1
    for _ in 0..<exponent { power *= 10 }
    return power
  }
}
