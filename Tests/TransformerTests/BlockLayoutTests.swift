import Core
import Testing

@testable import Transformer

@Suite("Block layouts")
struct BlockLayoutTests {
  private func decode(_ type: TensorType, _ block: [UInt8]) -> [Float] {
    var elements = [Float](repeating: .nan, count: type.elementsPerBlock)
    block.withUnsafeBytes { block in elements.withUnsafeMutableBufferPointer { type.decode(block, into: $0) } }
    return elements
  }

  #if !(os(macOS) && arch(x86_64))
    @Test("all 65,536 halves are what the processor says")
    func halves() {
      for bits in 0...UInt16.max {
        let expected = Float(Float16(bitPattern: bits))
        let found = float(half: bits)
        if !(found.bitPattern == expected.bitPattern || found.isNaN && expected.isNaN) { Issue.record("\(bits): \(found)") }
      }
    }
  #endif

  @Test("single numbers")
  func singles() {
    #expect(decode(.f32, [0, 0, 0xc0, 0x3f]) == [1.5])
    #expect(decode(.f16, [0, 0x3e]) == [1.5])
    #expect(decode(.bf16, [0xc0, 0x3f]) == [1.5])
  }

  @Test("blocks of 32: element i and i + 16 share a byte")
  func blocksOf32() {
    let two: [UInt8] = [0x00, 0x40]
    let nibbles: [UInt8] = (0..<16).map { (number: UInt8) in number + (15 - number) * 16 }
    let numbers: [Float] = (0..<32).map { Float($0 < 16 ? $0 : 31 - $0) }
    let bytes: [UInt8] = (-16..<16).map { UInt8(bitPattern: $0 as Int8) }
    #expect(decode(.q8_0, two + bytes) == (-16..<16).map { Float($0 * 2) })
    #expect(decode(.q4_0, two + nibbles) == numbers.map { ($0 - 8) * 2 })
    #expect(decode(.q4_1, two + [0x00, 0x3c] + nibbles) == numbers.map { $0 * 2 + 1 })
  }

  /// Packs what `decode` must give back, the other way round and one element at a time.
  @Test("Q4_K: any scales, offsets and numbers are found again")
  func q4K() {
    var random = SplitMix(seed: 4, purpose: "layouts")
    let scales = (0..<8).map { _ in random.below(64) }
    let offsets = (0..<8).map { _ in random.below(64) }
    let numbers = (0..<256).map { _ in random.below(16) }
    var block = [UInt8](repeating: 0, count: 144)
    (block[1], block[3]) = (0x3c, 0x40)  // 1 and 2
    for group in 0..<4 {
      block[4 + group] = UInt8(scales[group] + (scales[group + 4] >> 4) * 64)
      block[8 + group] = UInt8(offsets[group] + (offsets[group + 4] >> 4) * 64)
      block[12 + group] = UInt8((scales[group + 4] & 15) + (offsets[group + 4] & 15) * 16)
    }
    for (index, number) in numbers.enumerated() {
      let place = 16 + index / 64 * 32 + index % 32
      block[place] += UInt8(index / 32 % 2 == 0 ? number : number * 16)
    }
    let expected: [Float] = (0..<256).map { index in
      let group = index / 32
      return Float(scales[group] * numbers[index] - 2 * offsets[group])
    }
    #expect(decode(.q4_K, block) == expected)
  }

  @Test("Q6_K: any scales and numbers are found again")
  func q6K() {
    var random = SplitMix(seed: 6, purpose: "layouts")
    let scales = (0..<16).map { _ in random.below(256) - 128 }
    let numbers = (0..<256).map { _ in random.below(64) }
    var block = [UInt8](repeating: 0, count: 210)
    block[209] = 0x3c
    for half in 0..<2 {
      for lane in 0..<32 {
        let quarter = (0..<4).map { numbers[half * 128 + $0 * 32 + lane] }
        let high = quarter.map { $0 >> 4 }
        block[half * 64 + lane] = UInt8((quarter[0] & 15) + (quarter[2] & 15) * 16)
        block[half * 64 + 32 + lane] = UInt8((quarter[1] & 15) + (quarter[3] & 15) * 16)
        block[128 + half * 32 + lane] = UInt8(high[0] + high[1] * 4 + high[2] * 16 + high[3] * 64)
      }
    }
    for group in 0..<16 { block[192 + group] = UInt8(bitPattern: Int8(scales[group])) }
    let expected: [Float] = (0..<256).map { Float(scales[$0 / 16] * (numbers[$0] - 32)) }
    #expect(decode(.q6_K, block) == expected)
  }
}
