import Analysis
import Core
import Testing

@Suite("Chunked log")
struct ChunkedLogTests {
  @Test("does what an array does, and copies keep what they held", arguments: [UInt64](1...8))
  func againstArray(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "chunked log")
    var log = ChunkedLog<Int>()
    var model: [Int] = []
    var copies: [(log: ChunkedLog<Int>, model: [Int])] = []
    for operation in 0..<6_000 {
      switch random.below(20) {
      case 0 where !model.isEmpty:
        let index = random.below(model.count)
        log[index] += operation
        model[index] += operation
      case 1 where !model.isEmpty:
        // The usual place to write: near the end.
        let index = model.count - 1 - random.below(min(model.count, 16))
        log[index] = operation
        model[index] = operation
      case 2 where copies.count < 30: copies.append((log, model))
      default:
        log.append(operation)
        model.append(operation)
      }
    }
    #expect(Array(log) == model, "seed \(seed)")
    #expect(log.count == model.count && log.last == model.last, "seed \(seed)")
    #expect(Array(log.reversed()) == model.reversed(), "seed \(seed)")
    let low = random.below(model.count)
    #expect(Array(log[low...]) == Array(model[low...]), "seed \(seed)")
    for copy in copies { #expect(Array(copy.log) == copy.model, "seed \(seed)") }
  }

  @Test("an empty log has no last element, and a chunk's border is no border")
  func borders() {
    #expect(ChunkedLog<Int>().last == nil)
    var log = ChunkedLog(0..<512)
    log.append(512)
    #expect(log[511] == 511 && log[512] == 512 && log.count == 513)
    #expect(log == ChunkedLog(0...512))
  }
}
