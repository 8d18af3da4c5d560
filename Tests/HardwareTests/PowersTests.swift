import Foundation
import Hardware
import Testing

@Suite("Powers")
struct PowersTests {
  @Test("powers agree with the platform's to 13 digits")
  func agreement() {
    for base in [1e-9, 0.001, 0.3, 0.7071, 1, 1.41421356, 1.5, 7, 1e6] {
      for exponent in [0.09, 0.5, 1.0, 1.18, 2.5, 3.28, 6] {
        let expected = pow(base, exponent)
        #expect(abs(power(base, exponent) - expected) <= 1e-13 * expected, "\(base)^\(exponent)")
      }
    }
    #expect(power(0, 2) == 0)
  }

  @Test("together lies between the longest part and the sum")
  func bounds() {
    #expect(together(3, 4, overlap: 2).rounded() == 5)
    #expect(abs(together(3, 4, 5, overlap: 1) - 12) < 1e-12)
    #expect(together(0, 0, overlap: 2) == 0)
    #expect(together(7, 0, overlap: 3) == 7)
  }
}
