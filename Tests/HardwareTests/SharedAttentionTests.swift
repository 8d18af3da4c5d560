import Core
import Testing

@testable import Hardware

@Suite("Attention over shared prefixes, modelled")
struct SharedAttentionTests {
  private func batch(_ count: Int, prefix: Int, own: Int, isShared: Bool = true) -> Batch {
    var batch = decodes(count, context: prefix + own)
    if isShared { batch.shared = [Batch.SharedPart(positions: 0..<prefix, slots: Array(0..<count), depth: 0)] }
    return batch
  }

  private func bytes(_ device: ModelledGPU, _ batch: Batch, _ kind: KernelRun.Kind) -> Double {
    device.kernels(of: batch).reduce(0) { $0 + ($1.kind == kind && $1.layer == 0 ? $1.bytes : 0) }
  }

  @Test("keys and values of the prefix are read once, however many read them, and own ones by each")
  func traffic() throws {
    let device = try gpu("a100-80", "llama-3.1-8b")
    let (prefix, own) = (4_096, 100)
    let perToken = Double(2 * 8 * 128 * 2)
    for count in [2, 16, 128] {
      let shared = batch(count, prefix: prefix, own: own)
      let part = try #require(device.kernels(of: shared).first { $0.kind == .attentionShared })
      // Queries and results of 32 heads of 128, two bytes each.
      #expect(part.bytes == perToken * Double(prefix) + Double(count * 4 * 32 * 128))
      #expect(bytes(device, shared, .attentionDecode) == perToken * Double(count * own))
      #expect(bytes(device, batch(count, prefix: prefix, own: own, isShared: false), .attentionDecode) == perToken * Double(count * (prefix + own)))
    }
  }

  @Test("a tree is charged a shared kernel and a merge for each level, and what both levels hold is nobody's own")
  func levels() throws {
    let device = try gpu("h100", "llama-3.1-8b")
    var batch = decodes(32, context: 3_000)
    batch.shared = [
      Batch.SharedPart(positions: 0..<1_024, slots: Array(0..<32), depth: 0),
      Batch.SharedPart(positions: 1_024..<2_048, slots: Array(0..<16), depth: 1),
      Batch.SharedPart(positions: 1_024..<2_560, slots: Array(16..<32), depth: 1),
    ]
    let own = Batch(slots: (0..<32).map { .decode($0, context: $0 < 16 ? 952 : 440) })
    #expect(bytes(device, batch, .attentionDecode) == bytes(device, own, .attentionDecode))
    let kernels = device.kernels(of: batch).filter { $0.kind == .attentionShared && $0.layer == 0 }
    // The first level has 8 tiles for 132 SMs: it is split, and its pieces are added up.
    #expect(kernels.map { $0.operations > 0 } == [true, false, false, true, false, false])
  }

  @Test("more queries or a longer shared part never take less time, on any GPU", arguments: 1...10)
  func monotone(seed: Int) throws {
    var random = SplitMix(seed: UInt64(seed), purpose: "shared attention")
    let device = try gpu(AcceleratorCatalogue.all[random.below(AcceleratorCatalogue.all.count)].name, "llama-3.1-8b")
    func shared(_ rows: Int, _ context: Int) -> Int64 {
      device.kernels(of: batch(rows, prefix: context, own: 8)).reduce(0) { $0 + ($1.kind == .attentionShared ? $1.duration.nanoseconds : 0) }
    }
    for _ in 0..<20 {
      let (rows, context) = (2 + random.below(200), 256 + random.below(20_000))
      let (more, longer) = (rows + random.below(60), context + random.below(4_000))
      let time = shared(rows, context)
      #expect(Double(shared(more, context)) >= Double(time) * 0.98, "seed \(seed), \(device.name): \(rows) → \(more) queries over \(context)")
      #expect(Double(shared(rows, longer)) >= Double(time) * 0.98, "seed \(seed), \(device.name): \(rows) queries over \(context) → \(longer)")
    }
  }

  @Test("a layer with a window and a model without shared parts take what they took")
  func untouched() throws {
    let device = try gpu("h100", "gpt-oss-20b")
    let kinds = device.kernels(of: batch(16, prefix: 4_096, own: 50)).filter { $0.kind == .attentionShared }
    #expect(Set(kinds.map { ($0.layer ?? -1) % 2 }).count == 1, "every second layer has a window")
  }
}
