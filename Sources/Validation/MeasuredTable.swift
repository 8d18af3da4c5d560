/// A CSV file of measurements: a header that names the columns, then one row a line.
///
/// Fields are found once and read where they lie; quoted fields may hold commas.
///
///     let table = try MeasuredTable(file: "gemm.csv", bytes: bytes)
///     let m = try table.column("m")
///     for row in 0..<table.count { try table.integer(row, m) }
public struct MeasuredTable: Sendable {
  public let file: String
  public let header: [String]
  private let bytes: [UInt8]
  /// Of each field, quotes left out: first byte and the one after the last; row by row.
  private let bounds: [(Int32, Int32)]
  /// Line in the file of each row, from 1.
  private let lines: [Int32]

  public var count: Int { lines.count }

  public init(file: String, bytes: [UInt8]) throws(MeasuredTableError) {
    self.file = file
    self.bytes = bytes
    var header: [String] = []
    var bounds: [(Int32, Int32)] = []
    var lines: [Int32] = []
    bounds.reserveCapacity(bytes.count / 6)
    var position = 0
    var line: Int32 = 0
    while position < bytes.count {
      line += 1
      let first = bounds.count
      var isBlank = true
      var ended = false
      while !ended {
        var start = position
        var end: Int
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
          start += 1
          position += 1
          while position < bytes.count, bytes[position] != UInt8(ascii: "\"") { position += 1 }
          end = position
          while position < bytes.count, bytes[position] != UInt8(ascii: ","), bytes[position] != UInt8(ascii: "\n") {
            position += 1
          }
        } else {
          while position < bytes.count, bytes[position] != UInt8(ascii: ","), bytes[position] != UInt8(ascii: "\n") {
            position += 1
          }
          end = position
          if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        }
        if end > start { isBlank = false }
        bounds.append((Int32(start), Int32(end)))
        ended = position >= bytes.count || bytes[position] == UInt8(ascii: "\n")
        position += 1
      }
      if header.isEmpty {
        header = bounds.map { String(decoding: bytes[Int($0.0)..<Int($0.1)], as: UTF8.self) }
        bounds.removeAll(keepingCapacity: true)
        if isBlank { throw MeasuredTableError(file: file, problem: .noHeader) }
      } else if isBlank {
        bounds.removeSubrange(first...)
      } else {
        guard bounds.count - first == header.count else {
          throw MeasuredTableError(
            file: file, problem: .fieldCount(line: Int(line), found: bounds.count - first, wanted: header.count))
        }
        lines.append(line)
      }
    }
    if header.isEmpty { throw MeasuredTableError(file: file, problem: .noHeader) }
    self.header = header
    self.bounds = bounds
    self.lines = lines
  }

  public func has(_ names: String...) -> Bool { names.allSatisfy(header.contains) }

  public func column(_ name: String) throws(MeasuredTableError) -> Int {
    guard let index = header.firstIndex(of: name) else {
      throw MeasuredTableError(file: file, problem: .noColumn(name))
    }
    return index
  }

  public func text(_ row: Int, _ column: Int) -> String {
    let (start, end) = bounds[row * header.count + column]
    return String(decoding: bytes[Int(start)..<Int(end)], as: UTF8.self)
  }

  public func isEmpty(_ row: Int, _ column: Int) -> Bool {
    let (start, end) = bounds[row * header.count + column]
    return start == end
  }

  /// A positive number, as `17`, `4.24` or `1.5e6`.
  public func number(_ row: Int, _ column: Int) throws(MeasuredTableError) -> Double {
    let (start, end) = bounds[row * header.count + column]
    var mantissa = 0.0
    var scale = 1.0
    var sawDigit = false
    var sawPoint = false
    var index = Int(start)
    while index < Int(end) {
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        mantissa = mantissa * 10 + Double(bytes[index] - UInt8(ascii: "0"))
        if sawPoint { scale *= 10 }
        sawDigit = true
      case UInt8(ascii: ".") where !sawPoint: sawPoint = true
      default:
        // Exponents and signs are rare.
        if let value = Double(text(row, column)) { return value }
        throw wrong(row, column)
      }
      index += 1
    }
    guard sawDigit else { throw wrong(row, column) }
    return mantissa / scale
  }

  public func integer(_ row: Int, _ column: Int) throws(MeasuredTableError) -> Int {
    guard let value = Int(exactly: try number(row, column)), value >= 0 else { throw wrong(row, column) }
    return value
  }

  /// Points at a field: `gemm.csv: line 17: m: "x" is not …`.
  public func wrong(_ row: Int, _ column: Int, _ wanted: String = "a number") -> MeasuredTableError {
    MeasuredTableError(
      file: file, problem: .field(line: Int(lines[row]), name: header[column], found: text(row, column), wanted: wanted))
  }
}

/// A file of measurements that cannot be used: where, and what would do.
public struct MeasuredTableError: Error, Equatable, CustomStringConvertible {
  public enum Problem: Equatable, Sendable {
    case noHeader
    case noColumn(String)
    case fieldCount(line: Int, found: Int, wanted: Int)
    case field(line: Int, name: String, found: String, wanted: String)
    /// No table of kernels has these columns.
    case unknownKind(columns: [String])
  }

  public let file: String
  public let problem: Problem

  public init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  public var description: String {
    switch problem {
    case .noHeader: "\(file): line 1: no header — the first line must name the columns"
    case .noColumn(let name): "\(file): line 1: there is no column \(name)"
    case .fieldCount(let line, let found, let wanted): "\(file): line \(line): \(found) fields where the header names \(wanted)"
    case .field(let line, let name, let found, let wanted): "\(file): line \(line): \(name): “\(found)” is not \(wanted)"
    case .unknownKind(let columns):
      "\(file): line 1: no table of kernels has the columns \(columns.prefix(4).joined(separator: ", ")), …"
    }
  }
}
