import Core
import Foundation
import Hardware
import Testing

@Suite("Profiles")
struct OperatorProfileTests {
  private func profile(
    _ operations: String?, _ attention: String? = nil, gpu: String = "rtx-4090", model: String = "llama-3.1-8b", ranks: Int = 1
  ) throws -> OperatorProfile {
    try OperatorProfile(
      ProfileFiles(
        folder: "here", layerOperations: operations.map { Array($0.utf8) }, attention: attention.map { Array($0.utf8) }),
      accelerator: AcceleratorCatalogue.accelerator(named: gpu), model: ModelCatalogue.model(named: model), tensorParallel: ranks)
  }

  private func device(_ profile: OperatorProfile) throws -> ModelledGPU {
    try ModelledGPU(
      accelerator: AcceleratorCatalogue.accelerator(named: "rtx-4090"), model: ModelCatalogue.model(named: "llama-3.1-8b"),
      profile: profile)
  }

  private func times(_ device: ModelledGPU, _ batch: Batch, _ kind: KernelRun.Kind) -> [Double] {
    device.kernels(of: batch).filter { $0.kind == kind && $0.layer ?? 0 == 0 }.map { Double($0.duration.nanoseconds) / 1000 }
  }

  private let operations = """
    gpu,model,tp,op,tokens,latency_us
    RTX-4090,Llama-3.1-8B,1,o_proj,8,40
    RTX-4090,Llama-3.1-8B,1,o_proj,32,100
    RTX-4090,Llama-3.1-8B,2,o_proj,8,1
    H100-SXM,Llama-3.1-8B,1,o_proj,8,1
    """

  @Test("measured sizes are taken as they are, between them times are linear, and beyond the model scales")
  func operators() throws {
    let profiled = try device(profile(operations))
    let modelled = try gpu("rtx-4090", "llama-3.1-8b")
    #expect(times(profiled, decodes(8, context: 10), .output) == [40])
    #expect(times(profiled, decodes(16, context: 10), .output) == [60])
    #expect(times(profiled, decodes(32, context: 10), .output) == [100])
    let beyond = times(profiled, decodes(128, context: 10), .output)[0]
    let ratio = times(modelled, decodes(128, context: 10), .output)[0] / times(modelled, decodes(32, context: 10), .output)[0]
    #expect(abs(beyond / (100 * ratio) - 1) < 0.001)
    #expect(times(profiled, decodes(8, context: 10), .down) == times(modelled, decodes(8, context: 10), .down))
    #expect(profiled.name == "RTX-4090, Llama-3.1-8B, profiled")
    #expect(profiled.notes.first == "times from here: o_proj; the rest modelled")
  }

  @Test("attention is linear on its grid; unequal lengths and what lies outside follow the model")
  func attention() throws {
    let grid = """
      gpu,model,tp,heads,kv_heads,head_dim,kv_dtype,prefill_q,prefill_hist,n_decode,decode_kv,latency_us
      RTX-4090,x,1,32,8,128,bf16,0,0,1,128,10
      RTX-4090,x,1,32,8,128,bf16,0,0,1,256,20
      RTX-4090,x,1,32,8,128,bf16,0,0,9,128,30
      RTX-4090,x,1,32,8,128,bf16,0,0,9,256,40
      """
    let profiled = try device(profile(nil, grid))
    #expect(times(profiled, decodes(1, context: 128), .attentionDecode) == [10])
    #expect(abs(times(profiled, decodes(5, context: 192), .attentionDecode)[0] - 25) < 0.002)
    let modelled = try gpu("rtx-4090", "llama-3.1-8b")
    let far = times(profiled, decodes(9, context: 4096), .attentionDecode)[0]
    let ratio = times(modelled, decodes(9, context: 4096), .attentionDecode)[0] / times(modelled, decodes(9, context: 256), .attentionDecode)[0]
    #expect(abs(far / (40 * ratio) - 1) < 0.001)
    let chunk = Batch(slots: [.chunk(0, count: 64)])
    #expect(times(profiled, chunk, .attentionPrefill) == times(modelled, chunk, .attentionPrefill))
  }

  @Test("what cannot be used is said in a line")
  func faults() throws {
    func fault(_ operations: String?, _ attention: String? = nil, gpu: String = "rtx-4090") -> String {
      let error = #expect(throws: ProfileError.self) { try profile(operations, attention, gpu: gpu) }
      return error?.description ?? ""
    }
    #expect(fault(nil).hasPrefix("here: neither layer_ops.csv nor attention_mixed.csv"))
    #expect(fault("gpu,model,tp,op,tokens\n").hasPrefix("here/layer_ops.csv: no column latency_us"))
    #expect(fault(operations.replacing(",40", with: ",soon")).hasPrefix("here/layer_ops.csv:2: latency_us is 'soon'"))
    #expect(fault(operations, gpu: "l4").hasPrefix("here: no rows of L4 with Llama-3.1-8B at tp 1"))
  }

  @Test("the measured tables of two GPUs are given back", .enabled(if: measured != nil, "no folder of measurements"))
  func shared() throws {
    let folder = try #require(measured)
    let operations = try String(contentsOf: folder.appendingPathComponent("layer_ops.csv"), encoding: .utf8)
    let grid = try String(contentsOf: folder.appendingPathComponent("attention_mixed.csv"), encoding: .utf8)
    let device = try device(profile(operations, grid))
    let batch = Batch(slots: [.chunk(900, after: 1024, count: 512)] + decodes(16, context: 512).slots)
    let row = try #require(
      try table("attention_mixed.csv").first {
        $0["gpu"] == "RTX-4090" && $0["prefill_q"] == "512" && $0["prefill_hist"] == "1024" && $0["n_decode"] == "16"
          && $0["decode_kv"] == "512"
      })
    let time = times(device, batch, .attentionPrefill)[0] + times(device, batch, .attentionDecode).reduce(0, +)
    #expect(abs(time - row.number("latency_us")) < 0.01)
    print("profile: \(device.notes[0])")
  }
}
