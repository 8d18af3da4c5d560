import Core
import Testing

@testable import Workload

@Suite("A number as it is written")
struct WrittenNumberTests {
  static func number(_ text: String) -> WrittenNumber? { Array(text.utf8).withUnsafeBytes { WrittenNumber($0) } }

  @Test(
    "is whole when its value is, however it is written",
    arguments: [
      ("0", 0), ("-0", 0), ("250", 250), ("250.0", 250), ("25e1", 250), ("2500e-1", 250), ("-7", -7),
      ("9223372036854775807", Int.max), ("1.0000000000000000000000", 1), ("0e999999999999", 0), ("0.0", 0),
      ("250.5", nil), ("1e30", nil), ("99999999999999999999", nil), ("9223372036854775808", nil), ("1e-9", nil),
      ("1.00000000000000000000001", nil),
    ] as [(String, Int?)])
  func whole(text: String, value: Int?) throws {
    #expect(try #require(Self.number(text)).whole == value)
  }

  @Test("may use all 64 bits as an id")
  func unsigned() {
    #expect(Self.number("18446744073709551615")?.wholeUnsigned == .max)
    #expect(Self.number("18446744073709551616")?.wholeUnsigned == nil)
    #expect(Self.number("-1")?.wholeUnsigned == nil)
  }

  @Test(
    "becomes nanoseconds exactly, halves away from zero",
    arguments: [
      ("18001.8", 9, 18_001_800_000_000), ("27482", 6, 27_482_000_000), ("0.0000000005", 9, 1), ("0.00000000049", 9, 0),
      ("1e3", 0, 1_000), ("-2.5", 0, -3), ("1e-300", 9, 0), ("1e300", 6, nil), ("18446744073709551615", 0, nil), ("1e9", 9, 1_000_000_000_000_000_000),
    ] as [(String, Int, Int64?)])
  func scaled(text: String, decimals: Int, nanoseconds: Int64?) throws {
    #expect(try #require(Self.number(text)).scaled(by: decimals) == nanoseconds)
  }

  @Test(
    "is nothing else",
    arguments: ["", "-", ".5", "5.", "NaN", "inf", "1e", "1e+", "0x10", "1 2", "+1", "1,5", "--1", "1.2.3", "٣"])
  func rejected(text: String) {
    #expect(Self.number(text) == nil)
  }
}
