import Core
import Testing

@testable import Transformer

/// Which elements of a token stay, beside sorting them.
@Suite("Pruned keys and values")
struct SparseRowTests {
  /// The largest `kept` of each `width` as they are, of equals the first; the others zero.
  private func naive(_ numbers: [Float], width: Int, kept: Int) -> [Float] {
    var pruned = [Float](repeating: 0, count: numbers.count)
    for first in stride(from: 0, to: numbers.count, by: width) {
      let order = (first..<first + width).sorted { (abs(numbers[$0]), $1) > (abs(numbers[$1]), $0) }
      for index in order.prefix(kept) { pruned[index] = numbers[index] }
    }
    return pruned
  }

  @Test("the largest elements of each token and head stay, of equals the first, on every path and in blocks of any size", arguments: 0..<6 as Range<UInt64>)
  func naive(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "pruned")
    for (width, size) in [(64, 16), (128, 32), (80, 16), (16, 1), (48, 4)] {
      let percent = [1, 25, 30, 50, 99, 100][random.below(6)]
      let format = KVFormat.magnitudeSparse(percent: percent)
      // Few values, so that many are equal; halves hold them all.
      let levels = random.below(2) == 0 ? 5 : 1_000
      let numbers = (0..<2 * size * 2 * width).map { _ in Float(random.below(2 * levels + 1) - levels) / 8 }
      let row = SparseRow(percent: percent, headWidth: width)
      let expected = naive(numbers, width: width, kept: row.kept)
      for path in KernelPath.all {
        var store = KVStore(blockCount: 1, layers: 2, tokensPerBlock: size, heads: 2, kvHeads: 2, headWidth: width, format: format)
        for slot in 0..<size {
          numbers.withUnsafeBufferPointer { numbers in
            let at = numbers.baseAddress! + slot * 2 * width
            store.store(layer: 1, block: 0, slot: slot, keys: at, values: at + 2 * size * width, path: path)
          }
        }
        #expect(store.bytesInUse == store.bytesPerBlock + size * 2 * 2 * 2 * width * 2, "block and window")
        for head in 0..<2 { store.close(layer: 1, kvHead: head, window: store.window(of: 0), into: store.address(of: 0), path: path) }
        store.closed([0], besides: [])
        #expect(store.bytesInUse == 2 * size * 2 * 2 * row.bytes, "layers, tokens, heads, keys and values")
        var (keys, values) = ([Float](repeating: .nan, count: size * width), [Float](repeating: .nan, count: size * width))
        for head in 0..<2 {
          store.keys(layer: 1, block: 0, kvHead: head, into: &keys, path: path)
          store.values(layer: 1, block: 0, kvHead: head, into: &values, path: path)
          for slot in 0..<size {
            let at = (slot * 2 + head) * width
            let (key, value) = (keys[slot * width..<(slot + 1) * width], values[slot * width..<(slot + 1) * width])
            #expect(key.elementsEqual(expected[at..<at + width]), "seed \(seed), \(percent) % of \(width), \(path.name): key \(slot)")
            #expect(value.elementsEqual(expected[2 * size * width + at..<2 * size * width + at + width]), "seed \(seed), \(percent) % of \(width), \(path.name): value \(slot)")
          }
        }
      }
    }
  }
}
