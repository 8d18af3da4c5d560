/// The rows of a small CSV file by the names of its header. Fields are not quoted.
struct RunTable {
  let file: String
  let columns: [String]
  private let rows: [[Substring]]

  init(_ text: String, file: String, needs wanted: [String] = []) throws(ValidationFault) {
    let lines = text.split(whereSeparator: \.isNewline)
    guard let header = lines.first else { throw ValidationFault("\(file): the file is empty") }
    self.file = file
    columns = header.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) }
    rows = lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    for name in wanted where !columns.contains(name) {
      throw ValidationFault("\(file):1: column \(name) is missing; the header names \(columns.joined(separator: ", "))")
    }
    for (number, row) in rows.enumerated() where row.count != columns.count {
      throw ValidationFault("\(file):\(number + 2): \(row.count) fields, the header names \(columns.count) columns")
    }
  }

  struct Row {
    let line: Int
    let file: String
    fileprivate let columns: [String]
    fileprivate let fields: [Substring]

    /// Nil for an empty field and for a column that is not there.
    func text(_ column: String) -> String? {
      guard let index = columns.firstIndex(of: column) else { return nil }
      let text = fields[index].trimmed
      return text.isEmpty ? nil : String(text)
    }

    func number(_ column: String) -> Double? { text(column).flatMap(Double.init) }
    func count(_ column: String) -> Int? { number(column).flatMap { Int(exactly: $0.rounded()) } }

    func needNumber(_ column: String) throws(ValidationFault) -> Double {
      guard let number = number(column), number.isFinite else {
        throw ValidationFault("\(file):\(line): \(column) is \(text(column) ?? "empty"); a number is wanted")
      }
      return number
    }

    func needCount(_ column: String, atLeast least: Int = 0) throws(ValidationFault) -> Int {
      let number = try needNumber(column)
      guard let count = Int(exactly: number), count >= least else {
        throw ValidationFault("\(file):\(line): \(column) is \(text(column) ?? ""); a whole number from \(least) on is wanted")
      }
      return count
    }
  }

  var all: [Row] {
    rows.enumerated().map { Row(line: $0.offset + 2, file: file, columns: columns, fields: $0.element) }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return self[first...last]
  }
}
