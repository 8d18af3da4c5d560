import Core
import Testing

@testable import Hardware

@Suite("Attention that leaves keys out, modelled")
struct SparseAttentionTests {
  private func bytes(_ device: ModelledGPU, _ batch: Batch, _ kinds: [KernelRun.Kind]) -> Double {
    device.kernels(of: batch).reduce(0) { $0 + (kinds.contains($1.kind) && $1.layer == 0 ? $1.bytes : 0) }
  }

  private func batch(_ sparse: SparseAttention?, _ batch: Batch) -> Batch {
    var batch = batch
    batch.sparse = sparse
    return batch
  }

  @Test("top pages read their bounds, the pages and nothing else; short contexts are read whole")
  func pages() throws {
    let device = try gpu("a100-80", "llama-3.1-8b")
    let perToken = Double(2 * 8 * 128 * 2)
    let sparse = SparseAttention.pages(count: 32, tokensPerPage: 16)
    let long = batch(sparse, decodes(4, context: 16_000))
    #expect(bytes(device, long, [.attentionDecode]) == perToken * 4 * 34 * 16)
    let scan = try #require(device.kernels(of: long).first { $0.kind == .attentionIndex })
    #expect(scan.bytes == perToken * 4 * 999, "a page's bounds are as many numbers as a token's key and value")
    let short = decodes(4, context: 34 * 16)
    #expect(device.kernels(of: batch(sparse, short)) == device.kernels(of: short))
  }

  @Test("one token in 16 by one channel in 16 are 1/16 and 1/32 of the traffic")
  func labels() throws {
    let device = try gpu("a100-80", "llama-2-7b")
    let dense = bytes(device, decodes(4, context: 16_000), [.attentionDecode])
    let sparse = batch(.labels(tokens: 16, channels: 16), decodes(4, context: 16_000))
    #expect(bytes(device, sparse, [.attentionDecode]) * 16 == dense)
    #expect(device.kernels(of: sparse).first { $0.kind == .attentionIndex }.map { $0.bytes * 32 } == dense)
  }

  @Test("patterns cut the arithmetic of long prompts and leave decodes alone")
  func patterns() throws {
    let device = try gpu("a100-80", "llama-3.1-8b")
    let sparse = SparseAttention.patterns(blocks: 64, tokensPerBlock: 16)
    let prompt = Batch(slots: [.chunk(0, after: 60_000, count: 2_048)])
    func operations(_ batch: Batch) -> Double { device.kernels(of: batch).reduce(0) { $0 + ($1.kind == .attentionPrefill ? $1.operations : 0) } }
    #expect(operations(prompt) / operations(batch(sparse, prompt)) > 50)
    #expect(device.kernels(of: batch(sparse, decodes(3, context: 9_000))) == device.kernels(of: decodes(3, context: 9_000)))
  }

  @Test("keeping less never takes longer, beyond what choosing costs")
  func monotone() throws {
    for name in ["a100-80", "h100", "rtx-4090"] {
      let device = try gpu(name, "llama-3.1-8b")
      let times = try [8, 32, 128, 512].map { try duration(device, batch(.pages(count: $0, tokensPerPage: 16), decodes(16, context: 32_000))) }
      #expect(times == times.sorted(), "\(name)")
      #expect(try times[0] < duration(device, decodes(16, context: 32_000)), "\(name)")
    }
  }
}
