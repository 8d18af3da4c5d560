import Core
import Testing

@testable import Workload

@Suite("Scanning JSON")
struct JSONScannerTests {
  static func isValue(_ text: String) -> Bool {
    Array(text.utf8).withUnsafeBytes { bytes in
      var scanner = JSONScanner(bytes)
      do throws(RowFault) {
        try scanner.skipValue()
        try scanner.finish()
        return true
      } catch {
        return false
      }
    }
  }

  @Test(
    "steps over every kind of value",
    arguments: [
      "1", "-1.5e3", "\"a\\\"b\"", "true", "null", "[]", "{}", "[1,[2,[]],{}]", " { \"a\" : [ 1 , { \"b\" : null } ] , \"c\" : \"\" } ",
      "[\"é\",\"\\u00e9\"]",
    ])
  func values(text: String) {
    #expect(Self.isValue(text))
  }

  @Test(
    "refuses what is not JSON",
    arguments: [
      "", "[", "]", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "[1}", "{\"a\":1]", "tru", "truely", "NaN", "-Infinity", "\"a",
      "\"a\\", "\"a\nb\"", "1 1", "[,]", "{,}", "01x", "{\"a\":1,}",
    ])
  func faults(text: String) {
    #expect(!Self.isValue(text))
  }

  @Test("nests to its limit and no deeper")
  func nesting() {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth) }
    #expect(Self.isValue(nested(TraceLimits.nesting)))
    #expect(!Self.isValue(nested(TraceLimits.nesting + 1)))
  }

  @Test(
    "takes escapes out of a text",
    arguments: [
      ("plain", "plain"), ("a\\\"b\\\\c\\/d", "a\"b\\c/d"), ("\\u00e9\\ud83d\\ude00é", "é😀é"), ("\\t\\n", "\t\n"),
      ("\\ud800", "\u{fffd}"), ("\\u12", nil), ("\\x", nil), ("\\", nil), ("\\u12é", nil),
    ] as [(String, String?)])
  func text(raw: String, text: String?) {
    #expect(Array(raw.utf8).withUnsafeBytes { JSONScanner.text($0) } == text)
  }
}
