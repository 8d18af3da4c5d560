import Testing

@testable import Workload

@Suite("Date and time of day")
struct CivilTimeTests {
  static func time(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBytes { CivilTime.nanoseconds($0) } }

  @Test(
    "is nanoseconds since 1970",
    arguments: [
      ("1970-01-01 00:00:00", 0),
      ("2000-02-29 00:00:00", 951_782_400_000_000_000),
      ("2023-11-16 18:17:03.9799600", 1_700_158_623_979_960_000),
      ("2024-05-10 00:00:00.009930+00:00", 1_715_299_200_009_930_000),
      ("2024-05-12T00:00:00Z", 1_715_472_000_000_000_000),
      ("2024-05-12 02:00:00+02:00", 1_715_472_000_000_000_000),
      ("2024-05-11 18:30:00.000000001-05:30", 1_715_472_000_000_000_001),
    ])
  func moments(text: String, nanoseconds: Int64) {
    #expect(Self.time(text) == nanoseconds)
  }

  @Test(
    "is not made of impossible parts",
    arguments: [
      "2023-13-45 99:99:99", "2023-02-29 00:00:00", "1900-02-28 00:00:00", "2023-11-16", "16/11/2023 18:17", "1700158625.3",
      "2023-11-16 24:00:00", "2023-11-16 18:17:60", "2023-11-16 18:17:03.", "2023-11-16 18:17:03.1234567890",
      "2023-11-16 18:17:03 UTC", "2023-11-16 18:17:03+0000", "2023-1a-16 18:17:03", "9999-12-31 23:59:59",
    ])
  func rejected(text: String) {
    #expect(Self.time(text) == nil)
  }

  @Test("days follow each other without a gap for a hundred years")
  func days() throws {
    var previous = try #require(Self.time("1970-01-01 12:00:00"))
    for year in 1970...2069 {
      for month in 1...12 {
        for day in 1...31 {
          func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
          guard let time = Self.time("\(year)-\(padded(month))-\(padded(day)) 12:00:00") else { continue }
          if time != previous { #expect(time - previous == 86_400_000_000_000, "\(year)-\(month)-\(day)") }
          previous = time
        }
      }
    }
    #expect(previous == Self.time("2069-12-31 12:00:00"))
  }
}
