import Core
import Testing

@testable import Hardware

@Suite("Pipeline stages")
struct PipelineTests {
  private func pipeline(_ stages: Int, _ device: String = "a100", _ model: String = "llama-3.1-70b", ranks: Int = 4) throws -> PipelinedGPU {
    try PipelinedGPU(
      ModelledGPU(
        accelerator: AcceleratorCatalogue.accelerator(named: device), model: ModelCatalogue.model(named: model), tensorParallel: ranks),
      stages: stages)
  }

  @Test("layers are shared out as vLLM does: what is left over goes to the last stages but the very last")
  func layers() {
    #expect(PipelineStages.layers(80, stages: 4).map(\.count) == [20, 20, 20, 20])
    #expect(PipelineStages.layers(30, stages: 4).map(\.count) == [7, 8, 8, 7])
    #expect(PipelineStages.layers(7, stages: 4).map(\.count) == [2, 2, 2, 1])
    #expect(PipelineStages.layers(61, stages: 2) == [0..<30, 30..<61] || PipelineStages.layers(61, stages: 2) == [0..<31, 31..<61])
  }

  @Test("one stage takes exactly the time of the GPU itself; several take more, for hosts and links")
  func oneStage() throws {
    for batch in [decodes(40, context: 700), Batch(slots: [.chunk(0, count: 900)] + decodes(12, context: 300).slots)] {
      var one = try pipeline(1)
      var whole = one.whole
      let (staged, outcome) = (try one.execute(batch), try whole.execute(batch))
      #expect(staged.duration == outcome.duration && staged.tokens == outcome.tokens)
      #expect(abs(staged.cost.bytes / outcome.cost.bytes - 1) < 1e-9)
      #expect(one.kernels(of: batch).map(\.kind) == whole.kernels(of: batch).map(\.kind))

      var four = try pipeline(4)
      let slower = try four.execute(batch).duration
      #expect(slower > outcome.duration && slower.seconds < 1.3 * outcome.duration.seconds, "\(slower.milliseconds) ms after \(outcome.duration.milliseconds)")
      let runs = four.kernels(of: batch)
      #expect(runs.count == whole.kernels(of: batch).count + 3 && runs.count { $0.kind == .send } == 3)
      for stage in 0..<4 {
        #expect(runs.filter { $0.stream == stage }.compactMap(\.layer).min() == four.stages[stage].lowerBound)
      }
    }
  }

  @Test("equal batches that follow each other leave one stage's time apart; a short one after a long one waits: a bubble")
  func bubbles() throws {
    let gpu = try pipeline(4)
    let batch = decodes(32, context: 900)
    var lanes = try #require(gpu.stageLanes())
    for lane in 0..<4 { lanes.start(batch, on: lane, share: 0, after: .zero) }
    var ends: [EngineTime] = []
    var now = EngineTime.zero
    for number in 0..<12 {
      let stretch = lanes.advance(for: nil)
      now += stretch.duration
      ends.append(now)
      #expect(stretch.landed == number % 4)
      if number >= 3 { #expect(stretch.bubble.seconds < 0.1 * stretch.duration.seconds, "\(stretch)") }
      lanes.start(batch, on: number % 4, share: 0, after: .zero)
    }
    let longest = gpu.totals(of: batch).map(\.duration).max() ?? .zero
    for (before, after) in zip(ends[4...], ends[5...]) { #expect(after - before == longest) }

    var uneven = try #require(gpu.stageLanes())
    uneven.start(Batch(slots: [.chunk(0, count: 4096)]), on: 0, share: 0, after: .zero)
    for lane in 1..<4 { uneven.start(batch, on: lane, share: 0, after: .zero) }
    var bubble = EngineTime.zero
    for _ in 0..<4 { bubble += uneven.advance(for: nil).bubble }
    #expect(bubble.seconds > gpu.totals(of: Batch(slots: [.chunk(0, count: 4096)]))[0].duration.seconds)
  }

  @Test("a stretch has the part of each batch's work that lies in it: all of it in the end")
  func account() throws {
    let gpu = try pipeline(3, "h100", "llama-3.1-8b", ranks: 1)
    let batches = [decodes(9, context: 100), Batch(slots: [.chunk(0, count: 700)]), decodes(60, context: 2000)]
    var lanes = try #require(gpu.stageLanes())
    for (lane, batch) in batches.enumerated() { lanes.start(batch, on: lane, share: 0, after: .zero) }
    var (operations, kernels) = (0.0, 0.0)
    for part in 0..<40 {
      let stretch = lanes.advance(for: part < 30 ? .microseconds(700) : nil)
      operations += stretch.cost.operations
      kernels += lanes.kernels.reduce(0) { $0 + $1.operations }
      for kernel in lanes.kernels { #expect(kernel.start >= .zero && kernel.start + kernel.duration <= stretch.duration) }
    }
    let all = batches.reduce(0.0) { $0 + gpu.totals(of: $1).reduce(0) { $0 + $1.cost.operations } }
    #expect(abs(3 * operations / all - 1) < 1e-6 && abs(kernels / all - 1) < 1e-6)
  }

  @Test("stages hold the weights of all layers together, and more blocks than one GPU")
  func memory() throws {
    for name in ["llama-3.1-70b", "falcon-180b", "deepseek-v3", "gemma-3-27b"] {
      guard let model = try? ModelCatalogue.model(named: name) else { continue }
      let stages = PipelineStages.layers(model.layers, stages: 4)
      let sum = stages.reduce(0) { $0 + model.weightBytes(of: $1, ranks: 1) }
      // A table that serves embedding and head is there twice.
      let twice = model.tiedEmbeddings ? 2 * model.hidden * model.vocabulary : 0
      #expect(abs(sum - model.weightBytes() - twice) <= 8, "\(name)")
    }
    let accelerator = try AcceleratorCatalogue.accelerator(named: "a100-80")
    let model = try ModelCatalogue.model(named: "llama-3.1-70b")
    let (two, four) = (
      try MemoryPlan(accelerator: accelerator, model: model, tensorParallel: 2, stages: 2),
      try MemoryPlan(accelerator: accelerator, model: model, tensorParallel: 4)
    )
    #expect(abs(Double(two.blocks) / Double(four.blocks) - 1) < 0.1, "\(two.blocks) \(four.blocks)")
  }
}
