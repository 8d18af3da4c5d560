import Hardware
import Testing

@Suite("Memory plan")
struct MemoryPlanTests {
  private func plan(_ gpu: String, _ model: String, ranks: Int = 1, utilization: Double = 0.9) throws -> MemoryPlan {
    try MemoryPlan(
      accelerator: AcceleratorCatalogue.accelerator(named: gpu), model: ModelCatalogue.model(named: model),
      tensorParallel: ranks, utilization: utilization)
  }

  @Test("Llama-3.1-8B on an RTX 4090 gets the 2,588 blocks that vLLM found there, within 1 %")
  func recorded() throws {
    let plan = try plan("rtx-4090", "llama-3.1-8b")
    #expect(abs(plan.blocks - 2588) < 26, "\(plan.blocks) blocks")
    #expect(plan.blockBytes == 16 * 131_072)
  }

  @Test("the terms add up to the share of the memory that is used, but for less than a block")
  func sum() throws {
    for (gpu, model, ranks) in [("h100", "llama-3.1-8b", 1), ("a100", "llama-2-70b", 4), ("b200", "mixtral-8x7b", 1)] {
      let plan = try plan(gpu, model, ranks: ranks)
      let all = plan.weightBytes + plan.activationBytes + plan.otherBytes + plan.blocks * plan.blockBytes
      let usable = Int(Double(plan.visibleBytes) * 0.9)
      #expect(all <= usable && usable - all < plan.blockBytes)
    }
  }

  @Test("a model that does not fit is refused with the number of GPUs that would do")
  func tooLarge() {
    let error = #expect(throws: DeviceError.self) { try plan("h100", "llama-3.1-70b") }
    #expect(
      error?.description
        == "Llama-3.1-70B on H100-SXM: needs 141.1 GB for weights on a GPU with 76.1 GB to use: use --tp 2")
    let hopeless = #expect(throws: DeviceError.self) { try plan("l4", "llama-3.1-8b", utilization: 0.01) }
    #expect(hopeless?.description.contains("more memory") == true)
  }

  @Test("heads that cannot be shared evenly are refused")
  func uneven() {
    let error = #expect(throws: DeviceError.self) { try plan("h100", "smollm2-135m", ranks: 2) }
    #expect(error?.description.contains("9 heads") == true)
  }
}
