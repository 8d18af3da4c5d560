/// A date and time of day as the Azure traces write it, in nanoseconds since 1970.
///
/// `YYYY-MM-DD HH:MM:SS`, then a fraction of up to nine digits, then `Z` or `±HH:MM`;
/// all but the first are optional, and `T` may stand for the blank. Without a zone it is taken as UTC:
/// only differences are used.
enum CivilTime {
  static func nanoseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text.count >= 19,
      text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
      text[10] == 0x20 || text[10] == UInt8(ascii: "T"),
      text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":")
    else { return nil }
    let year = pair(text, 0) * 100 + pair(text, 2)
    let month = pair(text, 5)
    let day = pair(text, 8)
    let hour = pair(text, 11)
    let minute = pair(text, 14)
    let second = pair(text, 17)
    // `pair` gives a large number for anything but two digits, so these bounds also check the digits.
    guard year >= 1970, year <= 2095, month >= 1, month <= 12, day >= 1, day <= days(in: month, of: year),
      hour < 24, minute < 60, second < 60
    else { return nil }
    var at = 19
    var fraction = 0
    if at < text.count, text[at] == UInt8(ascii: ".") {
      at += 1
      let first = at
      var weight = 100_000_000
      while at < text.count, text[at] &- UInt8(ascii: "0") < 10 {
        fraction += Int(text[at] - UInt8(ascii: "0")) * weight
        weight /= 10
        at += 1
      }
      guard at > first, at - first <= 9 else { return nil }
    }
    guard let offset = zone(text, at) else { return nil }
    let seconds = ((dayNumber(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second
    return Int64(seconds * 1_000_000_000 + fraction)
  }

  /// Minutes east of UTC of the zone that begins at `at`; nil when it is not one.
  private static func zone(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
    let rest = text.count - at
    if rest == 0 { return 0 }
    if rest == 1 { return text[at] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
    guard rest == 6, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-"),
      text[at + 3] == UInt8(ascii: ":")
    else { return nil }
    let hours = pair(text, at + 1)
    let minutes = pair(text, at + 4)
    guard hours < 24, minutes < 60 else { return nil }
    return (text[at] == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
  }

  @inline(__always)
  private static func pair(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int {
    let tens = text[at] &- UInt8(ascii: "0")
    let ones = text[at + 1] &- UInt8(ascii: "0")
    return tens < 10 && ones < 10 ? Int(tens) * 10 + Int(ones) : 1_000_000
  }

  private static func days(in month: Int, of year: Int) -> Int {
    if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
  }

  /// Days since 1 January 1970, counting years from March so that the leap day comes last.
  private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let monthFromMarch = (month + 9) % 12
    let daysBefore = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400
    return daysBefore + (monthFromMarch * 306 + 5) / 10 + day - 1 - 719_468
  }
}
