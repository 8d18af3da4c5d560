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

  @Test("of a token's largest elements the map and whole eights are counted; on a GPU tiles of 64 with their offset")
  func sparse() {
    let rows = [100, 70, 50, 30, 25].map { percent in
      let row = SparseRow(percent: percent, headWidth: 128)
      return "\(percent) % \(row.kept) \(row.bytes) \(row.tiledBytes)"
    }
    #expect(rows == ["100 % 128 272 294", "70 % 90 208 218", "50 % 64 144 166", "30 % 39 96 116", "25 % 32 80 102"])
    let format = KVFormat.magnitudeSparse(percent: 30)
    #expect(format.bytesPerToken(kvHeads: 8, headWidth: 128, layers: 32) == 32 * 8 * 2 * 96)
    #expect(format.bytesPerTokenInTiles(kvHeads: 8, headWidth: 128) == 8 * 2 * 116 && KVFormat.int8.bytesPerTokenInTiles(kvHeads: 1, headWidth: 64) == 132)
    #expect(SparseRow(percent: 1, headWidth: 16).kept == 1 && SparseRow(percent: 50, headWidth: 80).bytes == 16 + 80)
  }

  @Test("a format is found by its name, those that --retain makes too, and what is no format is none")
  func names() {
    for format in KVFormat.allCases + [1, 50, 100].map({ .magnitudeSparse(percent: $0) }) {
      #expect(KVFormat(rawValue: format.rawValue) == format)
    }
    for name in ["", "f17", "magnitude-sparse", "magnitude-sparse:0%", "magnitude-sparse:101%", "magnitude-sparse:50"] { #expect(KVFormat(rawValue: name) == nil, "\(name)") }
    #expect(KVFormat.magnitudeSparse(percent: 100).isLossy == false && KVFormat.magnitudeSparse(percent: 99).isLossy)
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
