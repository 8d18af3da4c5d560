import Analysis
import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing

/// A device that takes a millisecond for every step.
///
/// Side by side it has ten SMs, and prompts take three milliseconds; as a pipeline each of its stages takes one.
struct MillisecondDevice: Device {
  var stages = 1
  var name: String { "a millisecond a step" }
  var isModelled: Bool { true }
  var nanoBatches = 1
  var sharesSMs: Bool { stages == 1 }
  func nanoBatched(_ most: Int) -> (any Device)? {
    var device = self
    device.nanoBatches = most
    return device
  }
  func sharedLanes() -> (any BatchLanes)? { TinyLanes(count: 2, multiprocessors: 10) }
  func stageLanes() -> (any BatchLanes)? { stages > 1 ? TinyLanes(count: stages) : nil }
  func kernels(of batch: Batch) -> [KernelRun] { [] }

  mutating func execute(_ batch: Batch) -> BatchOutcome {
    BatchOutcome(
      slots: batch.slots.map { BatchOutcome.Slot(accepted: 0, emitted: $0.samples ? 1 : 0) },
      tokens: batch.slots.filter(\.samples).map { TokenStream.output(of: $0.request).token(at: Int($0.outputs)) },
      duration: .milliseconds(1))
  }
}

/// Lanes of fixed times: three milliseconds for prompts and one for decodes on shares; in a pipeline a batch
/// goes through every stage, one a millisecond.
struct TinyLanes: BatchLanes {
  var count: Int
  var multiprocessors: Int?
  /// When the batch on each lane ends, in microseconds.
  private var ends: [Int?] = []
  private var now = 0
  /// When the first stage is free.
  private var entrance = 0

  init(count: Int, multiprocessors: Int? = nil) {
    self.count = count
    self.multiprocessors = multiprocessors
    ends = Array(repeating: nil, count: count)
  }

  var shares: [Int] { multiprocessors == nil ? [] : [2, 4, 6, 8] }
  var kernels: [KernelRun] { [] }

  mutating func start(_ batch: Batch, on lane: Int, share: Int, after pause: EngineTime) {
    require(ends[lane] == nil, "two batches on lane \(lane)")
    let begin = now + Int(pause.nanoseconds / 1_000)
    if multiprocessors == nil {
      entrance = max(begin, entrance) + 1_000
      ends[lane] = entrance + (count - 1) * 1_000
    } else {
      ends[lane] = begin + (lane == 0 ? 3_000 : 1_000)
    }
  }

  mutating func advance(for limit: EngineTime?) -> LaneStretch {
    let first = ends.indices.filter { ends[$0] != nil }.min { (ends[$0]!, $0) < (ends[$1]!, $1) }
    let end = limit.map { now + Int($0.nanoseconds / 1_000) }
    let start = now
    if let first, ends[first]! <= end ?? .max {
      now = ends[first]!
      ends[first] = nil
      return LaneStretch(duration: .microseconds(now - start), landed: first)
    }
    now = first == nil ? now : end ?? now
    return LaneStretch(duration: .microseconds(now - start), landed: nil)
  }

  /// A token takes ten milliseconds on one SM.
  func forecast(_ batches: [(batch: Batch, multiprocessors: Int)]) -> [EngineTime] {
    batches.map { .microseconds($0.batch.tokenCount * 10_000 / $0.multiprocessors) }
  }
}

/// A device of four layers with two operators each: half a millisecond an operator that somebody goes through.
struct LayeredDevice: Device {
  var name: String { "four layers" }
  var sharesSMs: Bool { true }
  func sharedLanes() -> (any BatchLanes)? { TinyLanes(count: 2, multiprocessors: 10) }
  var isModelled: Bool { true }
  var layers: Int { 4 }
  func kernels(of batch: Batch) -> [KernelRun] { [] }

  mutating func execute(_ batch: Batch) -> BatchOutcome {
    var duration = EngineTime.zero
    for layer in 0..<layers {
      for number in 0..<2 {
        let depth = Depth(layers: layer, operators: number)
        let isUsed = batch.slots.indices.contains { slot in
          guard let passage = batch.passages.first(where: { Int($0.slot) == slot }) else { return true }
          return passage.from <= depth && depth < passage.to
        }
        guard isUsed else { continue }
        duration += .microseconds(500)
        let next = number == 0 ? Depth(layers: layer, operators: 1) : Depth(layers: layer + 1)
        if let interruption = batch.interruption, duration >= interruption, next < Depth(layers: layers) {
          return BatchOutcome(
            slots: batch.slots.map { _ in BatchOutcome.Slot(accepted: 0, emitted: 0) }, tokens: [], duration: duration, stopped: next)
        }
      }
    }
    let tokens = batch.slots.filter(\.samples).map { TokenStream.output(of: $0.request).token(at: Int($0.outputs)) }
    return BatchOutcome(
      slots: batch.slots.map { BatchOutcome.Slot(accepted: 0, emitted: $0.samples ? 1 : 0) }, tokens: tokens, duration: duration)
  }
}

/// An engine small enough to work out by hand.
struct TinyBench {
  var engine: Engine

  /// - Parameter arrivals: Milliseconds, and so the number of the first step that can serve it; all at the start when empty.
  init(
    policy: some SchedulingPolicy = FirstComeFirstServed(), batching: Batching = .continuous, tokensPerStep: Int = 8,
    sequences: Int = 8, blocks: Int = 100, blockSize: Int = 4, reuses: Bool = false, arrivals: [Int] = [],
    prompts: [Int], outputs: [Int], priorities: [Int] = [], contents: [Prompt]? = nil, plansAhead: Bool = false,
    aborts: [Int: Int] = [:], labels: [Int] = [], prefill: PrefillShape = .chunked(0), reservation: any Reservation = Paged(),
    preemption: Preemption = .recompute, hostBlocks: Int = 0, outlook: Outlook = Outlook(), device: any Device = MillisecondDevice(),
    placement: String = "colocated"
  ) {
    var limits = Limits()
    limits.maxBatchedTokens = tokensPerStep
    limits.maxSequences = sequences
    limits.maxModelLength = 1_000
    let requests = prompts.indices.map { number in
      Arrival(
        time: .milliseconds(arrivals.isEmpty ? 0 : arrivals[number]),
        prompt: contents?[number] ?? Prompt(TokenRun(.own(number), count: prompts[number])), outputLimit: outputs[number],
        priority: priorities.isEmpty ? 0 : priorities[number], abortTime: aborts[number].map { .milliseconds($0) },
        label: labels.isEmpty ? 0 : UInt16(labels[number]))
    }
    var planner = Planner(limits: limits, batching: batching, policy: policy)
    planner.prefill = prefill
    planner.reservation = reservation
    planner.preemption = preemption
    engine = Engine(
      trace: Trace(name: "tiny", arrivals: requests), planner: planner,
      memory: KVCache(blockCount: blocks, tokensPerBlock: blockSize, reusesPrefixes: reuses), device: device,
      plansAhead: plansAhead, hostLink: hostBlocks > 0 ? .tiny(blocks: hostBlocks) : nil, outlook: outlook)
    if placement != "colocated" { try? engine.apply(Command(axis: "placement", choice: placement)) }
  }

  /// Runs to the end, checking memory after every step.
  mutating func lanes(switching: [Int: Command] = [:]) throws -> String {
    var recorder = LaneRecorder(limit: nil)
    while engine.state.step < 1_000 {
      if let command = switching[engine.state.step] { try engine.apply(command) }
      guard let report = try engine.step() else { break }
      recorder.fold(report.events, report.record)
      if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) {
        Issue.record("step \(report.record.step): \(sentence)")
      }
    }
    return recorder.lanes.description
  }
}

extension HostLink {
  /// A millisecond a block, each way.
  static func tiny(blocks: Int) -> HostLink {
    guard var tier = (try? AcceleratorCatalogue.accelerator(named: "h100")).map({ MemoryTier.host(of: $0) }) else {
      fatalError("there is no h100")
    }
    tier.capacity = blocks * 8_000
    tier.bandwidth = 1e6
    tier.sharedBandwidth = 1e6
    tier.latency = 0
    return HostLink(tier: tier, bytesPerBlock: 1_000, copiesPerBlock: 1)
  }
}

/// Rows are requests, columns steps, cells the tokens computed; `x` marks a preemption.
func expectLanes(
  _ bench: TinyBench, switching: [Int: Command] = [:], _ picture: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var bench = bench
  let lanes = try bench.lanes(switching: switching)
  let plain = { (text: String) in
    text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: "\n")
  }
  #expect(plain(lanes) == plain(picture), "\n\(lanes)", sourceLocation: sourceLocation)
}

/// Requests at random, close together, with prefixes in common.
struct RandomLoad {
  var arrivals: [Int] = []
  var contents: [Prompt] = []
  var outputs: [Int] = []
  var prompts: [Int] { contents.map(\.count) }

  /// - Parameter gap: Milliseconds between two arrivals are less.
  init(_ count: Int, gap: Int, _ random: inout SplitMix) {
    for _ in 0..<count { arrivals.append((arrivals.last ?? 0) + random.below(gap)) }
    for number in 0..<count {
      contents.append(
        Prompt([TokenRun(.shared(UInt64(random.below(3))), count: 1 + random.below(16)), TokenRun(.own(number), count: 1 + random.below(24))]))
    }
    for _ in 0..<count { outputs.append(1 + random.below(14)) }
  }
}
