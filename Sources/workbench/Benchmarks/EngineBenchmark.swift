import Analysis
import Core
import Hardware
import ServingEngine
import Workload

/// Steps for each CPU second: planning, block tables, the modelled chip, events, digest and scoreboard together.
struct EngineBenchmark: Benchmark {
  static let descriptor = Descriptor(
    name: "engine", summary: "engine steps for each CPU second with 128 running sequences, scoreboard included",
    source: "Llama-3.1-8B on a modelled A100 80 GB; peers take 3,500 to 19,800 steps")

  func run() throws -> [Measurement] {
    var configuration = Configuration()
    configuration.device = "a100-80"
    let trace = try Generator("all-at-once:128,prompt=constant:512,output=constant:2000").trace()
    let fresh = try configuration.engine(for: trace)
    var steps = 0
    var tokens = 0
    let seconds = try leastCPUSeconds(repeats: 7) {
      var engine = fresh
      var scoreboard = Scoreboard(slo: SLO())
      while let report = try engine.step() { scoreboard.fold(report.events, report.record, arrivals: engine.trace.arrivals) }
      steps = engine.state.step
      tokens = scoreboard.emittedTokens
    }
    return [
      Measurement(name: "steps, 128 sequences", value: Double(steps) / seconds, unit: "1/CPU s", target: .atLeast(50_000)),
      Measurement(name: "output tokens", value: Double(tokens) / seconds, unit: "1/CPU s", target: nil),
      Measurement(
        name: "cost estimate, 256 decodes", value: try costEstimate(configuration), unit: "CPU µs", target: .atMost(5)),
    ]
  }

  /// CPU µs for what the modelled chip makes of a step in which each of 256 sequences decodes.
  private func costEstimate(_ configuration: Configuration) throws -> Double {
    let trace = try Generator("all-at-once:1,prompt=constant:512,output=constant:1").trace()
    var device = try configuration.engine(for: trace).device
    let batch = Batch(
      slots: (0..<256).map { number in
        Batch.Slot(
          request: RequestID(number), first: 512 + number, count: 1, promptCount: 512, outputs: number + 1, samples: true)
      })
    let times = 10_000
    let seconds = try leastCPUSeconds(repeats: 7) {
      for _ in 0..<times { _ = try device.execute(batch) }
    }
    return seconds / Double(times) * 1e6
  }
}
