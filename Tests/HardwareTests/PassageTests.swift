import Core
import Hardware
import Testing

/// Steps in which prompts go through a part of the layers.
@Suite("Passages")
struct PassageTests {
  /// A prompt of `count` tokens from one depth to another, beside `decoding` requests.
  private func passing(_ count: Int, from: Depth, to: Depth, decoding: Int = 0) -> Batch {
    let slot = Batch.Slot(request: RequestID(0), first: 0, count: count, promptCount: count, outputs: 0, samples: to == .end)
    var batch = Batch(slots: decodes(decoding, context: 900).slots + [slot])
    if from != .start || to != .end { batch.passages = [.init(slot: decoding, from: from, to: to)] }
    return batch
  }

  private let machines = [("h100", "llama-3.1-8b", 1), ("h100", "qwen3-30b-a3b", 2), ("h200", "deepseek-v3", 8), ("h100", "gpt-oss-20b", 1)]

  @Test("a prompt's parts together take what it takes whole, but for the host's time of each step")
  func sum() throws {
    for (name, model, ranks) in machines {
      let device = try gpu(name, model, ranks: ranks)
      let third = Depth(layers: device.layers / 3)
      let within = Depth(layers: device.layers / 2, operators: 3)
      let parts: [Batch] = [
        passing(3_000, from: .start, to: third), passing(3_000, from: third, to: within), passing(3_000, from: within, to: .end),
      ]
      let host = device.hostTime(sequences: 1)
      var sum = EngineTime.zero
      for part in parts { sum = try sum + duration(device, part) - host }
      #expect(try sum == duration(device, passing(3_000, from: .start, to: .end)) - host, "\(device.name)")
    }
  }

  @Test("decodes go through every layer; the prompt's tokens only through its own")
  func layers() throws {
    let device = try gpu("h100", "qwen3-30b-a3b")
    let batch = passing(2_048, from: Depth(layers: 8), to: Depth(layers: 16), decoding: 16)
    let alone = device.kernels(of: decodes(16, context: 900))
    let both = device.kernels(of: batch)
    #expect(both.filter { $0.kind == .head }.count == 1)
    #expect(!both.contains { $0.kind == .attentionPrefill && !(8..<16).contains($0.layer ?? -1) })
    for layer in [0, 7, 16, 47] {
      let (here, there) = (both.filter { $0.layer == layer }, alone.filter { $0.layer == layer })
      #expect(here.map(\.kind) == there.map(\.kind) && here.map(\.duration) == there.map(\.duration))
    }
    let part = passing(2_048, from: Depth(layers: 8), to: Depth(layers: 16))
    #expect(!device.kernels(of: part).contains { $0.kind == .head || $0.kind == .sampler })
  }

  @Test("experts are loaded once for a prompt that goes by layers, and once for each chunk of one that is cut")
  func experts() throws {
    let device = try gpu("h100", "qwen3-30b-a3b")
    func traffic(_ batches: [Batch]) -> Double {
      batches.reduce(0) { $0 + device.kernels(of: $1).filter { $0.kind == .experts }.reduce(0) { $0 + $1.bytes } }
    }
    let depths = (0...4).map { $0 == 4 ? Depth.end : Depth(layers: 12 * $0) }
    let layered = traffic((0..<4).map { passing(2_048, from: depths[$0], to: depths[$0 + 1]) })
    let chunked = traffic(
      (0..<4).map { chunk in
        Batch(slots: [.init(request: RequestID(0), first: chunk * 512, count: 512, promptCount: 2_048, outputs: 0, samples: chunk == 3)])
      })
    #expect(chunked / layered > 3.9 && chunked / layered <= 4, "\(chunked / layered)")
  }

  @Test("an interruption ends the step with the operator that runs, and what is left takes what it would have taken")
  func interruption() throws {
    for (name, model, ranks) in machines {
      var device = try gpu(name, model, ranks: ranks)
      let whole = passing(4_096, from: .start, to: .end)
      let time = try duration(device, whole)
      let kernels = device.kernels(of: whole)
      for percent in [1, 17, 50, 93] {
        var batch = whole
        let moment = EngineTime(nanoseconds: time.nanoseconds * Int64(percent) / 100)
        batch.interruption = moment
        let outcome = try device.execute(batch)
        let stopped = try #require(outcome.stopped)
        #expect(outcome.duration >= moment && outcome.tokens.isEmpty && outcome.slots == [.init(accepted: 0, emitted: 0)])
        // Attention's two kernels are one operator, so at most two kernels run over.
        let longest = kernels.map(\.duration).max() ?? .zero
        #expect(outcome.duration - moment <= longest + longest)
        #expect(device.kernels(of: batch) == Array(kernels.prefix(device.kernels(of: batch).count)))
        let rest = try duration(device, passing(4_096, from: stopped, to: .end))
        #expect(outcome.duration + rest == time + device.hostTime(sequences: 1), "\(device.name), \(percent) %")
      }
      var late = whole
      late.interruption = time
      #expect(try device.execute(late).stopped == nil)
    }
  }
}
