import Core
import Testing

@Suite("KV formats")
struct KVFormatTests {
  @Test("bits of an element, its scales included, are those of the layout; a width that is no whole number of units is padded")
  func bits() {
    var table = "head width" + KVFormat.allCases.map { "  \($0.rawValue)" }.joined()
    for width in [64, 80, 128, 256] {
      table += "\n\(width)" + KVFormat.allCases.map { "  \($0.bitsPerElement(headWidth: width))" }.joined()
    }
    #expect(
      table == """
        head width  f16  f8  int8  int4  int4-hadamard  kivi2  bfp8
        64  16.0  8.0  8.25  4.5  4.5  2.75  8.25
        80  16.0  8.0  8.2  5.2  5.2  3.5  8.3
        128  16.0  8.0  8.125  4.5  4.5  2.75  8.25
        256  16.0  8.0  8.0625  4.5  4.5  2.75  8.25
        """)
  }

  @Test("a block's bytes are its tokens' bytes, and a token's those of its layers and heads")
  func bytes() {
    for format in KVFormat.allCases {
      let one = format.bytesPerToken(kvHeads: 1, headWidth: 64)
      #expect(format.bytesPerToken(kvHeads: 3, headWidth: 64, layers: 30) == 90 * one)
      #expect(format.bytesPerBlock(kvHeads: 3, headWidth: 64, tokensPerBlock: 16, layers: 30) == 16 * 90 * one)
    }
    #expect(KVFormat.f16.bytesPerToken(kvHeads: 8, headWidth: 128, layers: 32) == 131_072)
  }
}
