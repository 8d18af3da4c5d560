import Screen
import Testing

@Suite("Figures")
struct FigureTests {
  @Test("thousands are grouped and stay on their right edge")
  func grouped() {
    #expect(Figure.grouped(0) == "0")
    #expect(Figure.grouped(999) == "999")
    #expect(Figure.grouped(18_204) == "18,204")
    #expect(Figure.grouped(-1_234_567) == "−1,234,567")
    #expect(Figure.grouped(Int.min) == "−9,223,372,036,854,775,808")
    #expect(Figure.grouped(42, width: 6) == "    42")
    #expect(Figure.grouped(18_204, width: 5) == "#####")
  }

  @Test("decimals are fixed, rounded and never negative zero")
  func fixed() {
    #expect(Figure.fixed(3.14159, decimals: 2) == "3.14")
    #expect(Figure.fixed(0.05, decimals: 1) == "0.1")
    #expect(Figure.fixed(9.995, decimals: 1, width: 6) == "  10.0")
    #expect(Figure.fixed(-0.001, decimals: 2) == "0.00")
    #expect(Figure.fixed(-6.5, decimals: 1) == "−6.5")
    #expect(Figure.fixed(0.4, decimals: 1, signed: true) == "+0.4")
    #expect(Figure.fixed(1234.5, decimals: 0) == "1,235")
    #expect(Figure.fixed(.nan, decimals: 2, width: 4) == "   –")
    #expect(Figure.fixed(-.infinity, decimals: 2) == "−∞")
    #expect(Figure.fixed(1e300, decimals: 2) == "∞")
  }

  @Test("a share says neither 0 nor 100 unless it is")
  func percent() {
    #expect(Figure.percent(0) == "0%")
    #expect(Figure.percent(0.001) == "<1%")
    #expect(Figure.percent(0.74) == "74%")
    #expect(Figure.percent(0.999) == ">99%")
    #expect(Figure.percent(1, width: 5) == " 100%")
    #expect(Figure.percent(0.041, decimals: 1) == "4.1%")
    #expect(Figure.percent(.nan) == "–")
    #expect(Figure.scaled(.infinity) == "∞")
  }

  @Test("large numbers take a prefix and keep three digits")
  func scaled() {
    #expect(Figure.bytes(0) == "0 B")
    #expect(Figure.bytes(999) == "999 B")
    #expect(Figure.bytes(1_536_000) == "1.54 MB")
    #expect(Figure.bytes(999_999) == "1.00 MB")
    #expect(Figure.scaled(4.8e12, unit: "B/s", width: 10) == " 4.80 TB/s")
    #expect(Figure.scaled(36_800) == "36.8 k")
  }

  @Test("engine time is a clock, a span has the unit that suits it")
  func time() {
    #expect(Figure.clock(.milliseconds(222_118)) == "03:42.118")
    #expect(Figure.clock(.seconds(3600 + 62)) == "1:01:02.000")
    #expect(Figure.clock(.zero) == "00:00.000")
    #expect(Figure.span(.microseconds(574)) == "574 µs")
    #expect(Figure.span(.microseconds(46_200)) == "46.2 ms")
    #expect(Figure.span(.milliseconds(930)) == "0.93 s")
    #expect(Figure.span(.nanoseconds(999_600)) == "1.0 ms")
  }
}
