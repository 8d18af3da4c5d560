/// The fields of one line of a comma-separated table (RFC 4180, but a quoted
/// field ends with its line: a stray quote must not swallow the rest of a file).
///
/// Fields are trimmed of blanks and of the quotes round them. The value is kept
/// and filled again for each line, so that a million rows allocate nothing.
struct CommaFields {
  private let separator: UInt8
  private var starts: [Int32] = []
  private var ends: [Int32] = []

  init(separator: UInt8 = UInt8(ascii: ",")) { self.separator = separator }

  var count: Int { starts.count }

  /// Splits `line`, which must outlive the calls of `field`.
  mutating func split(_ line: UnsafeRawBufferPointer) throws(RowFault) {
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    let end = line.count
    var at = 0
    var bits: UInt8 = 0
    while true {
      while at < end, line[at].isBlank { at += 1 }
      var first = at
      var last: Int
      if at < end, line[at] == UInt8(ascii: "\"") {
        at += 1
        first = at
        while true {
          guard at < end else { throw RowFault("field \(count + 1)", "the quote is not closed") }
          if line[at] == UInt8(ascii: "\"") {
            guard at + 1 < end, line[at + 1] == UInt8(ascii: "\"") else { break }
            at += 1
          }
          bits |= line[at]
          at += 1
        }
        last = at
        at += 1
        while at < end, line[at].isBlank { at += 1 }
        guard at == end || line[at] == separator else {
          throw RowFault("field \(count + 1)", "text after the closing quote")
        }
      } else {
        while at < end {
          let byte = line[at]
          if byte == separator { break }
          guard byte >= 0x20 || byte == 0x09 else {
            throw RowFault("field \(count + 1)", "a control character, byte \(byte)")
          }
          bits |= byte
          at += 1
        }
        last = at
        while last > first, line[last - 1].isBlank { last -= 1 }
      }
      starts.append(Int32(truncatingIfNeeded: first))
      ends.append(Int32(truncatingIfNeeded: last))
      if at >= end { break }
      at += 1
    }
    if bits >= 0x80 && String(validating: line, as: UTF8.self) == nil {
      throw RowFault("", "not valid UTF-8")
    }
  }

  @inline(__always)
  func field(_ column: Int, of line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    line.part(Int(starts[column])..<Int(ends[column]))
  }
}

/// Where the columns of a format stand in one file's header.
struct ColumnMap {
  private(set) var width = 0
  private var names: [String] = []

  init() {}

  init(_ header: UnsafeRawBufferPointer, separator: UInt8 = UInt8(ascii: ",")) {
    var fields = CommaFields(separator: separator)
    guard (try? fields.split(header)) != nil else { return }
    width = fields.count
    names = (0..<width).map { String(decoding: fields.field($0, of: header), as: UTF8.self) }
  }

  /// Columns are found by name, whatever their case and order.
  func column(_ name: String) -> Int? {
    names.firstIndex { $0.lowercased() == name.lowercased() }
  }

  func missing(_ required: [String]) -> [String] { required.filter { column($0) == nil } }

  var text: String { names.isEmpty ? "no columns" : "columns " + names.prefix(12).joined(separator: ",").utf8.shown(160) }
}
