import Core
import Hardware
import Testing

@Suite("Latent attention")
struct LatentAttentionTests {
  private static let deepSeek = ModelCard.Latent(queryRank: 1536, rank: 512, rotary: 64, plain: 128, value: 128)

  private func kernel(_ gpu: String, heads: Int) throws -> (kernel: LatentAttention, accelerator: Accelerator, chip: Chip) {
    let accelerator = try AcceleratorCatalogue.accelerator(named: gpu)
    let chip = Chip(accelerator)
    let isBlackwell = accelerator.tensorIssue == .tensorMemory
    return (LatentAttention(heads: heads, latent: Self.deepSeek, on: chip, isBlackwell: isBlackwell), accelerator, chip)
  }

  private func decode(_ kernel: LatentAttention, _ batch: Int, _ context: Int) -> KernelEstimate {
    var load = LatentAttention.Load()
    for _ in 0..<batch { kernel.add(tokens: 1, context: context, to: &load) }
    return kernel.decode(load)
  }

  @Test("a decode reads the latent vectors once, whatever the number of heads")
  func bytes() throws {
    for heads in [1, 16, 128] {
      let estimate = try decode(kernel("h100", heads: heads).kernel, 4, 1000)
      #expect(estimate.bytes == 4 * 1000 * 576 * 2)
    }
  }

  @Test("time never falls with sequences, context or heads, and is never below the floor")
  func growth() throws {
    for gpu in ["h100", "b200", "a100", "mi300x"] {
      for heads in [8, 16, 64, 128] {
        let (kernel, _, chip) = try kernel(gpu, heads: heads)
        let more = try self.kernel(gpu, heads: 2 * heads).kernel
        for batch in [1, 3, 64, 65, 66, 132, 133, 500] {
          for context in [1, 255, 256, 511, 512, 5000, 100_000] {
            let time = decode(kernel, batch, context)
            #expect(decode(kernel, batch + 1, context).time >= time.time)
            #expect(decode(kernel, batch, context + 1).time >= time.time)
            #expect(decode(more, batch, context).time >= time.time)
            let floor = max(time.operations / chip.tensorRate, time.bytes / chip.bandwidth)
            #expect(Double(time.time.nanoseconds) / 1000 >= floor)
          }
        }
      }
    }
  }

  /// 8 and 64 heads took no part in the fit of the constants.
  @Test("against TensorRT-LLM's kernels", .enabled(if: measured != nil, "no folder of measurements"))
  func againstMeasurements() throws {
    let rows = try table("attention_mla.csv")
    for (gpu, bounds) in [("H100-SXM", (12.0, 9.0)), ("B200-SXM", (13, 9.5)), ("GB200", (13, 10.5))] {
      var errors: [String: (sum: Double, signed: Double, count: Int)] = [:]
      for row in rows where row["gpu"] == gpu && row["kv_dtype"] == "bf16" {
        let heads = row.count("heads")
        let (kernel, _, chip) = try kernel(gpu, heads: heads)
        let (batch, context) = (row.count("batch"), row.count("kv_len"))
        let estimate: KernelEstimate
        if row["phase"] == "decode" {
          // Latent vectors that fit in the cache were read from there.
          guard Double(batch * context * 1152) > 1.1 * chip.cacheBytes else { continue }
          estimate = decode(kernel, batch, context)
        } else {
          var load = PrefillAttention.Load()
          for _ in 0..<batch { kernel.add(rows: row.count("q_len"), history: 0, to: &load) }
          estimate = kernel.prefill(load)
        }
        let error = Double(estimate.time.nanoseconds) / 1000 / row.number("latency_us") - 1
        for name in [row["phase"] ?? "", (row["phase"] ?? "") + (heads == 8 || heads == 64 ? " held out" : " fitted")] {
          var sum = errors[name] ?? (0, 0, 0)
          sum = (sum.sum + abs(error), sum.signed + error, sum.count + 1)
          errors[name] = sum
        }
      }
      for (name, sum) in errors.sorted(by: { $0.key < $1.key }) {
        let figures = [sum.sum, sum.signed].map { (1000 * $0 / Double(sum.count)).rounded() / 10 }
        print("attention_mla.csv, \(gpu) \(name): mean error \(figures[0]) %, bias \(figures[1]) %, \(sum.count) rows")
        if name == "decode" { #expect(figures[0] < bounds.0) }
        if name == "prefill" { #expect(figures[0] < bounds.1) }
      }
    }
  }
}
