import Core
import Testing

@testable import Hardware

@Suite("Nano-batches")
struct NanoBatchTests {
  private func device(_ name: String, _ model: String, ranks: Int = 1, most: Int = 2) throws -> NanoBatchedGPU {
    try NanoBatchedGPU(
      ModelledGPU(
        accelerator: AcceleratorCatalogue.accelerator(named: name), model: ModelCatalogue.model(named: model), tensorParallel: ranks),
      most: most)
  }

  private func batch(decodes: Int, context: Int, prompts: [Int]) -> Batch {
    var slots = (0..<decodes).map {
      Batch.Slot(request: RequestID($0), first: context - 1, count: 1, promptCount: 1, outputs: 1, samples: true)
    }
    for (number, count) in prompts.enumerated() {
      slots.append(
        Batch.Slot(request: RequestID(decodes + number), first: 0, count: count, promptCount: count, outputs: 0, samples: true))
    }
    return Batch(slots: slots)
  }

  @Test("nano-batches hold every token once, equally many each, and a cut prompt samples in its last part only")
  func cutting() {
    for seed in UInt64(0)..<40 {
      var random = SplitMix(seed: seed, purpose: "nano-batches")
      let whole = batch(
        decodes: random.below(40), context: 100, prompts: (0..<random.below(5)).map { _ in 1 + random.below(900) })
      let parts = 2 + random.below(3)
      let nano = whole.nanoBatches(parts)
      #expect(nano.count <= parts && nano.reduce(0) { $0 + $1.tokenCount } == whole.tokenCount, "seed \(seed)")
      #expect(nano.reduce(0) { $0 + $1.slots.count(where: \.samples) } == whole.slots.count, "seed \(seed)")
      for slot in whole.slots {
        let pieces = nano.flatMap(\.slots).filter { $0.request == slot.request }
        var position = slot.first
        for piece in pieces {
          #expect(piece.first == position, "seed \(seed)")
          position += piece.count
        }
        #expect(position == slot.first + slot.count, "seed \(seed)")
      }
      if whole.slots.contains(where: { !$0.isDecode }), whole.tokenCount > 8 * parts {
        let decodes = whole.slots.count(where: \.isDecode)
        if decodes * 2 < whole.tokenCount {
          let sizes = nano.map(\.tokenCount)
          #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= parts, "seed \(seed): \(sizes)")
        }
      }
    }
  }

  @Test("a batch is never slower for it, its kernels fill its time, and it is cut where there is much to overlap")
  func schedules() throws {
    for (name, model, ranks) in [("a100-80", "llama-3-8b", 1), ("a100-80", "llama-2-70b", 8), ("h100", "mixtral-8x7b", 4)] {
      var nano = try device(name, model, ranks: ranks)
      for (decodes, context, prompts, isCut) in [
        (1, 200, [], false), (16, 1_000, [], false), (1_024, 900, [1_024], true), (0, 0, [300], false),
      ] as [(Int, Int, [Int], Bool)] {
        let batch = batch(decodes: decodes, context: context, prompts: prompts)
        var whole = nano.whole
        let alone = try whole.execute(batch)
        let foreseen = nano.kernels(of: batch)
        let outcome = try nano.execute(batch)
        let runs = nano.kernels(of: batch)
        #expect(foreseen == runs)
        #expect(outcome.duration <= alone.duration && outcome.tokens == alone.tokens)
        #expect(runs.map { $0.start + $0.duration }.max() == outcome.duration)
        let streams = Set(runs.map(\.stream)).count
        #expect((streams > 1) == isCut, "\(nano.name), \(decodes) decodes, prompts \(prompts): \(streams) streams")
        if isCut {
          // Weights are read once for each nano-batch.
          #expect(outcome.cost.bytes > alone.cost.bytes && outcome.duration < alone.duration)
          #expect(outcome.cost.operations >= alone.cost.operations * 0.98)
        }
      }
    }
  }

  @Test("of products, decode attention and collectives one runs at a time, each beside the others")
  func resources() throws {
    let nano = try device("a100-80", "llama-2-70b", ranks: 8)
    let runs = nano.kernels(of: batch(decodes: 1_024, context: 900, prompts: [1_024]))
    for resource in NanoSchedule.Resource.allCases {
      let own = runs.filter { NanoSchedule.resource(of: $0.kind) == resource }
      #expect(!own.isEmpty)
      for (left, right) in zip(own, own.dropFirst()) { #expect(left.start + left.duration <= right.start) }
    }
    func meet(_ first: KernelRun.Kind, _ second: KernelRun.Kind) -> Bool {
      runs.contains { left in
        left.kind == first
          && runs.contains {
            $0.kind == second && $0.stream != left.stream && $0.start < left.start + left.duration && left.start < $0.start + $0.duration
          }
      }
    }
    #expect(meet(.attentionDecode, .gateUp) && meet(.allReduce, .gateUp))
    for (number, run) in runs.enumerated() {
      for other in runs[(number + 1)...] where other.start < run.start + run.duration {
        guard let left = run.share, let right = other.share else {
          Issue.record("\(run.kind.name) has all SMs beside \(other.kind.name)")
          continue
        }
        #expect(!left.overlaps(right))
      }
    }
  }
}
