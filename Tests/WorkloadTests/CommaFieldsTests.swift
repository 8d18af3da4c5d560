import Testing

@testable import Workload

@Suite("Fields of a table")
struct CommaFieldsTests {
  static func fields(_ text: String) -> [String]? {
    Array(text.utf8).withUnsafeBytes { line in
      var fields = CommaFields()
      guard (try? fields.split(line)) != nil else { return nil }
      return (0..<fields.count).map { String(decoding: fields.field($0, of: line), as: UTF8.self) }
    }
  }

  @Test(
    "are trimmed of blanks and quotes",
    arguments: [
      ("a,b,c", ["a", "b", "c"]), (" a ,\tb\t, c d ", ["a", "b", "c d"]), ("\"a,b\",\"c\" ", ["a,b", "c"]), ("", [""]),
      ("a,,", ["a", "", ""]), ("\"\",x", ["", "x"]), ("é,ü", ["é", "ü"]), ("\"say \"\"no\"\"\",x", ["say \"\"no\"\"", "x"]),
    ])
  func split(text: String, fields: [String]) {
    #expect(Self.fields(text) == fields)
  }

  @Test("a quote that is not closed, text behind one and control characters are faults", arguments: ["a,\"b,c", "\"a\"b,c", "a\u{0}b", "\""])
  func faults(text: String) {
    #expect(Self.fields(text) == nil)
  }

  @Test("columns are found by name, whatever their case")
  func columns() {
    let columns = Array(" TIMESTAMP , \"ContextTokens\",x".utf8).withUnsafeBytes { ColumnMap($0) }
    #expect(columns.column("timestamp") == 0)
    #expect(columns.column("ContextTokens") == 1)
    #expect(columns.missing(["x", "y"]) == ["y"])
  }
}
