import Core
import KVMemory
import ServingEngine
import Testing

/// Nano-batches under an engine: the device alone knows of them.
@Suite("Nano-batches in a run")
struct NanoBatchRunTests {
  private func engine(_ placement: String) throws -> Engine {
    let arrivals = (0..<240).map { number in
      Arrival(time: .milliseconds(number / 20), prompt: Prompt(TokenRun(.own(number), count: 60 + number % 90)), outputLimit: 3 + number % 5)
    }
    var configuration = Configuration()
    configuration.device = "a100-80"
    configuration.model = "llama-3-8b"
    configuration.placement = placement
    return try configuration.engine(for: Trace(name: "nano", arrivals: arrivals))
  }

  @Test("switched at random no token is lost, and the same switches give the same run", arguments: 0..<2)
  func switching(seed: UInt64) throws {
    var digests: [Digest] = []
    for _ in 0..<2 {
      var engine = try engine("nano-batch")
      var random = SplitMix(seed: seed, purpose: "nano-batches in a run")
      var emitted = 0
      while let report = try engine.step() {
        for case .computed(_, _, _, _, _, let tokens) in report.events { emitted += Int(tokens) }
        guard random.below(3) == 0 else { continue }
        try engine.apply(Command(axis: "placement", choice: ["colocated", "nano-batch", "nano-batch:3"][random.below(3)]))
      }
      #expect(emitted == engine.trace.arrivals.reduce(0) { $0 + $1.outputLimit })
      #expect(engine.state.memory.pool.usedCount == 0)
      digests.append(engine.state.history)
    }
    #expect(digests[0] == digests[1])
  }

  @Test("a run takes less time than without them")
  func time() throws {
    var (cut, whole) = (try engine("nano-batch"), try engine("colocated"))
    while try cut.step() != nil {}
    while try whole.step() != nil {}
    #expect(cut.state.now < whole.state.now)
  }
}
