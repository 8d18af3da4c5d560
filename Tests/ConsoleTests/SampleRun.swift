import Analysis
import Core
import Hardware
import Host
import KVMemory
import Scheduling
import ServingEngine

/// A device with a simple price: 5 ms a step and 20 µs a token.
struct SteadyDevice: Device {
  var name: String { "steady" }
  var isModelled: Bool { true }

  mutating func execute(_ batch: Batch) -> BatchOutcome {
    var cost = StepCost()
    cost.operations = Double(batch.tokenCount) * 16e9
    cost.bytes = 16e9
    cost.smBusy = 0.93
    cost.tensorBusy = min(1, Double(batch.tokenCount) / 2_048)
    cost.bandwidthBusy = 0.5
    return BatchOutcome(
      slots: batch.slots.map { BatchOutcome.Slot(accepted: 0, emitted: $0.samples ? 1 : 0) },
      tokens: batch.slots.filter(\.samples).map { TokenStream.output(of: $0.request).token(at: Int($0.outputs)) },
      duration: .microseconds(5_000 + 20 * batch.tokenCount), cost: cost)
  }

  func kernels(of batch: Batch) -> [KernelRun] {
    let tokens = batch.tokenCount
    guard tokens > 0 else { return [] }
    var kernels: [KernelRun] = []
    var start = EngineTime.microseconds(300)
    for layer in 0..<4 {
      for (kind, share) in [(KernelRun.Kind.normalise, 2), (.qkv, 6), (.attentionPrefill, 4), (.attentionDecode, 3), (.output, 4), (.gateUp, 10), (.down, 6)] {
        let duration = EngineTime.microseconds(share * (40 + tokens / 8))
        kernels.append(
          KernelRun(
            kind: kind, layer: layer, start: start, duration: duration, operations: Double(tokens) * 1e9 * Double(share),
            bytes: 1e8 * Double(share), tiles: 16 * share * max(1, tokens / 128), waves: 1 + share * tokens / 1_024,
            activeSMs: min(132, 16 * share), tailFill: 0.62, bound: share > 5 ? .compute : .memory))
        start += duration
      }
    }
    return kernels
  }
}

/// Runs that are the same at every call: for pictures of pages.
enum SampleRun {
  /// A burst of chats with shared system prompts and a few long documents on a small pool, so that
  /// prefix hits, preemptions, waiting requests and a rejection all happen.
  static func engine(requests: Int = 60, blocks: Int = 1_024, policy: String = "fcfs") -> Engine {
    var random = SplitMix(seed: 7, purpose: "sample run")
    var arrivals: [Arrival] = []
    for number in 0..<requests {
      let shared = TokenRun(.shared(UInt64(number % 3)), count: 160)
      let own = TokenRun(.own(number), count: number % 17 == 5 ? 4_000 : 40 + random.below(700))
      arrivals.append(
        Arrival(
          time: .milliseconds(40 * number + random.below(30)), prompt: Prompt([shared, own]),
          outputLimit: number == 30 ? 20_000 : 16 + random.below(240), priority: number % 4))
    }
    var limits = Limits()
    limits.maxSequences = 32
    return Engine(
      trace: Trace(name: "sample", arrivals: arrivals),
      planner: Planner(limits: limits, policy: PolicyCatalogue.member(named: policy)!.init()),
      memory: KVCache(blockCount: blocks, tokensPerBlock: 16, reusesPrefixes: true), device: SteadyDevice())
  }

  static func timeline(steps: Int = 200, requests: Int = 60) -> Timeline {
    let slo = SLO(ttft: .milliseconds(500), tpot: .milliseconds(40))
    var timeline = Timeline(Run(engine: engine(requests: requests), observatory: Observatory(slo: slo)))
    for _ in 0..<steps { _ = try? timeline.advance() }
    return timeline
  }

  static func snapshot(steps: Int = 200, requests: Int = 60) -> Snapshot {
    let timeline = timeline(steps: steps, requests: requests)
    return Snapshot(
      shown: timeline.head, head: timeline.head, transport: .paused, pace: .times(1), stepsPerSecond: nil,
      branches: 0, notice: nil, commands: [])
  }
}
