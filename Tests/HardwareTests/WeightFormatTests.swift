import Core
import Testing

@testable import Hardware

@Suite("Formats of weights, modelled")
struct WeightFormatTests {
  private func device(_ name: String, _ model: String, _ format: WeightFormat) throws -> ModelledGPU {
    let accelerator = try AcceleratorCatalogue.accelerator(named: name)
    return try ModelledGPU(accelerator: accelerator, model: ModelCatalogue.model(named: model).storing(format, on: accelerator))
  }

  @Test("a choice reads back as it was written, and has its standard numbers", arguments: WeightFormat.members)
  func choices(member: Descriptor) throws {
    let choice = try Choice(member.name, among: WeightFormat.members)
    #expect(WeightFormat(choice)?.choice == choice)
  }

  /// Tens of megabytes of weights, and on an A100 the milliseconds of a step, by format: 1, 16 and 64 decodes at 512 tokens, and a prompt of 4,096.
  @Test("narrow weights take less memory and shorten steps that wait for weights; steps that wait for arithmetic stay as long")
  func picture() throws {
    var lines: [String] = []
    for format: WeightFormat in [.asLoaded, .f8, .int8, .int4, .w4a4(wideTiles: 20), .sparse(zeros: 50), .sparse(zeros: 80)] {
      let gpu = try device("a100-80", "llama-3.1-8b", format)
      let times = try [decodes(1, context: 512), decodes(16, context: 512), decodes(64, context: 512), Batch(slots: [.chunk(0, count: 4_096)])]
        .map { (Double(try duration(gpu, $0).nanoseconds) / 1e5).rounded() / 10 }
      lines.append("\(format.choice) \(gpu.model.weightBytes() / 10_000_000) \(times.map { "\($0)" }.joined(separator: " "))")
    }
    #expect(
      lines == [
        "as-loaded 1606 11.6 12.7 16.5 278.2",
        "f8 908 7.0 8.2 12.7 276.8",
        "int8 919 7.1 8.2 12.7 276.8",
        "int4 570 4.9 6.0 11.3 276.8",
        "w4a4 570 5.0 6.1 9.6 119.4",
        "sparse 995 8.2 9.4 13.4 278.3",
        "sparse:80 576 6.5 7.6 11.8 278.1",
      ])
  }

  @Test("more zeros never take more memory or time, and a 4-bit format never more than an 8-bit one", arguments: ["a100-80", "h100", "rtx-4090"])
  func monotone(gpu: String) throws {
    let accelerator = try AcceleratorCatalogue.accelerator(named: gpu)
    let card = try ModelCatalogue.model(named: "llama-3.1-8b")
    func time(_ format: WeightFormat, rows: Int) throws -> EngineTime {
      let card = try card.storing(format, on: accelerator)
      let gemm = Gemm(columns: 6_144, depth: 4_096, weights: card.weightFormat, zeros: card.zeroWeights)
      return gemm.estimate(rows: rows, on: Chip(accelerator, weights: card.weightFormat)).time
    }
    for rows in [1, 32, 500] {
      let times = try stride(from: 95, through: 10, by: -5).map { try time(.sparse(zeros: $0), rows: rows) }
      #expect(times == times.sorted(), "\(gpu), \(rows) rows")
      #expect(try time(.int4, rows: rows) <= time(.int8, rows: rows))
    }
    let bytes = try [WeightFormat.sparse(zeros: 90), .int4, .int8, .sparse(zeros: 10), .f16].map { try card.storing($0, on: accelerator).weightBytes() }
    #expect(bytes == bytes.sorted())
  }

  @Test("what a chip or a model cannot do is said, with a way out")
  func faults() {
    #expect(throws: DeviceError(device: "Llama-3.1-8B on H100-SXM", problem: .failed("its tensor cores multiply no 4-bit whole numbers: use int4, or an Ampere or Ada GPU"))) {
      try device("h100", "llama-3.1-8b", .w4a4(wideTiles: 20))
    }
    #expect(throws: DeviceError.self) { try device("a100-80", "mixtral-8x7b", .sparse(zeros: 50)) }
  }

  @Test("weights that were loaded in another format can be had as they were again, and a GPU that loads them is the one that began with them")
  func reloading() throws {
    for model in ["llama-3.1-8b", "mixtral-8x7b", "gpt-oss-20b"] {
      let began = try device("a100-80", model, .asLoaded)
      var gpu = began
      for format: WeightFormat in [.int4, .f8, .asLoaded] {
        let from = gpu.weights
        let reload = try gpu.reload(format)
        let other = try device("a100-80", model, format)
        #expect(gpu.model == other.model && gpu.weights == format && reload.from == from.choice.description)
        #expect(try duration(gpu, decodes(4, context: 512)) == duration(other, decodes(4, context: 512)))
        #expect(reload.bytes < gpu.model.weightBytes() && reload.bytes > 0)
      }
      #expect(gpu.model == began.model)
    }
  }
}
