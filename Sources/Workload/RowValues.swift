import Core

/// Checks of the values that every format has. Each gives the value or the sentence that says what is wrong with it.
enum RowValues {
  /// Tokens of a prompt or an output, 1 ... limit, from a field of a table.
  static func tokens(_ text: UnsafeRawBufferPointer, _ field: String) throws(RowFault) -> Int {
    // The common case: up to seven digits.
    var value = 0
    if text.count <= 7 {
      for byte in text {
        let digit = byte &- UInt8(ascii: "0")
        guard digit < 10 else { return try tokens(written(text, field), field, text.excerpt) }
        value = value * 10 + Int(digit)
      }
      if value > 0 { return value }
    }
    return try tokens(written(text, field), field, text.excerpt)
  }

  static func tokens(
    _ number: WrittenNumber, _ field: String, _ shown: @autoclosure () -> String, least: Int = 1
  ) throws(RowFault) -> Int {
    guard let value = number.whole else {
      if number.magnitude != 0, number.exponent < 0, number.isExact {
        throw RowFault(field, "\(shown()) is not a whole number of tokens")
      }
      throw RowFault(field, "\(shown()) is over the reader's limit of \(TraceLimits.tokens) tokens")
    }
    guard value >= least else {
      throw RowFault(field, value < 0 ? "\(shown()) is negative" : "\(shown()) tokens; a request has at least \(least)")
    }
    guard value <= TraceLimits.tokens else {
      throw RowFault(field, "\(shown()) is over the reader's limit of \(TraceLimits.tokens) tokens")
    }
    return value
  }

  static func written(_ text: UnsafeRawBufferPointer, _ field: String) throws(RowFault) -> WrittenNumber {
    if let number = WrittenNumber(text) { return number }
    throw RowFault(field, text.isEmpty ? "nothing is written" : "\(text.excerpt) is not a number")
  }

  /// Nanoseconds; `decimals` is 9 for seconds, 6 for milliseconds, 3 for microseconds, 0 for nanoseconds.
  static func time(
    _ number: WrittenNumber, _ field: String, decimals: Int, _ shown: @autoclosure () -> String
  ) throws(RowFault) -> Int64 {
    if number.isNegative && number.magnitude != 0 { throw RowFault(field, "\(shown()) is negative") }
    guard let time = number.scaled(by: decimals), time <= TraceLimits.time else {
      throw RowFault(field, "\(shown()) is over the reader's limit of \(TraceLimits.time / 1_000_000_000) seconds")
    }
    return time
  }

  static func time(_ text: UnsafeRawBufferPointer, _ field: String, decimals: Int) throws(RowFault) -> Int64 {
    try time(written(text, field), field, decimals: decimals, text.excerpt)
  }

  /// A table row must have as many fields as its header.
  static func width(_ count: Int, header: Int) throws(RowFault) {
    if count != header {
      throw RowFault("", "\(count) field\(count == 1 ? "" : "s") where the header has \(header)")
    }
  }
}

extension JSONScanner {
  /// The value of a key: at least 1 token.
  mutating func tokens(_ field: String, least: Int = 1) throws(RowFault) -> Int {
    let start = at
    let number = try number(field)
    return try RowValues.tokens(number, field, bytes.part(start..<at).trimmed.excerpt, least: least)
  }

  mutating func time(_ field: String, decimals: Int) throws(RowFault) -> Int64 {
    let start = at
    let number = try number(field)
    return try RowValues.time(number, field, decimals: decimals, bytes.part(start..<at).trimmed.excerpt)
  }

  mutating func whole(_ field: String) throws(RowFault) -> Int {
    let number = try number(field)
    guard let value = number.whole else { throw RowFault(field, "not a whole number of 64 bits") }
    return value
  }
}

/// Sets a value that may stand once in an object.
func once<Value>(_ slot: inout Value?, _ value: Value, _ field: String) throws(RowFault) {
  if slot != nil { throw RowFault(field, "stands twice") }
  slot = value
}

func need<Value>(_ value: Value?, _ field: String) throws(RowFault) -> Value {
  guard let value else { throw RowFault(field, "is missing") }
  return value
}
