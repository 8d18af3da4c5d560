import Core
import Hardware
import Testing

@Suite("Speed")
struct SpeedTests {
  @Test("a step of 128 decodes is estimated in a few microseconds")
  func execute() throws {
    let clock = ContinuousClock()
    for (name, model) in [("h100", "llama-3.1-8b"), ("4090", "llama-3.1-8b"), ("b200", "qwen3-30b-a3b")] {
      var made: ModelledGPU?
      let making = try clock.measure { made = try gpu(name, model) }
      var device = try #require(made)
      let plain = decodes(128, context: 2000)
      let mixed = Batch(slots: [.chunk(500, after: 1024, count: 512, of: 9000)] + decodes(127, context: 2000).slots)
      var line = "\(name) \(model): made in \(making / .microseconds(1)) µs;"
      for (label, batch) in [("128 decodes", plain), ("chunk + 127 decodes", mixed)] {
        let rounds = 4000
        var sum = EngineTime.zero
        let time = try clock.measure { for _ in 0..<rounds { sum += try device.execute(batch).duration } }
        #expect(sum > .zero)
        line += " \(label) \((time / rounds / .nanoseconds(1)).rounded()) ns a step;"
      }
      print(line)
    }
  }
}
