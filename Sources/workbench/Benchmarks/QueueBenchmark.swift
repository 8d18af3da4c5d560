import Core
import ServingEngine
import Workload

/// A step with many waiting requests against the same step with few, in one run.
struct QueueBenchmark: Benchmark {
  static let descriptor = Descriptor(
    name: "queue", summary: "cost of a step with 100,000 waiting requests against one with 100",
    source: "planning looks at the head of the queue only")

  func run() throws -> [Measurement] {
    let few = try secondsPerStep(waiting: 100)
    let many = try secondsPerStep(waiting: 100_000)
    return [
      Measurement(name: "step, 100 waiting", value: few * 1e6, unit: "CPU µs", target: nil),
      Measurement(name: "step, 100,000 waiting", value: many * 1e6, unit: "CPU µs", target: nil),
      Measurement(name: "ratio", value: many / few, unit: "×", target: .atMost(1.5)),
    ]
  }

  private func secondsPerStep(waiting: Int) throws -> Double {
    var configuration = Configuration()
    configuration.device = "a100-80"
    configuration.maxSequences = 64
    let trace = try Generator("all-at-once:\(waiting + 64),prompt=constant:64,output=constant:1200").trace()
    var engine = try configuration.engine(for: trace)
    for _ in 0..<100 { _ = try engine.step() }
    return try leastCPUSeconds(repeats: 10) {
      for _ in 0..<100 { _ = try engine.step() }
    } / 100
  }
}
