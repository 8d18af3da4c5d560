public import Core

/// A GPU that cuts batches into nano-batches, so that operators of one run beside operators of another: products on most
/// SMs while decode attention streams keys and values on some, and collectives wait for the link on others.
///
/// ```
/// nano-batch 0   │ qkv │ attention │ out │ all-reduce │ gate up │ …
/// nano-batch 1         │ qkv │     │ attention         │   out   │ …
/// ```
///
/// Each nano-batch reads all weights, so little batches lose. The schedule (how many nano-batches, how many SMs for whom) is
/// searched once for each class of batches, among those of `NanoSchedule` and not cutting at all, with the first layers of a
/// typical batch; a batch that would take longer cut than whole is not cut. The paper searches in finer steps, sizes and
/// shares for each operator, with a solver and measured interference.
///
/// What shares cost is `SharedGPU`'s, what company costs `ConcurrentStreams`'; not modelled is more.
///
/// - Source: Zhu et al., NanoFlow, OSDI 2025 (arXiv 2408.12757).
public struct NanoBatchedGPU: Device {
  public let whole: ModelledGPU
  /// Nano-batches of a batch at most.
  public let most: Int
  private let gpu: SharedGPU
  private let candidates: [NanoSchedule]
  /// By class of batches; nil where cutting costs more than it gives. It follows from the class alone.
  private var schedules: [BatchClass: NanoSchedule?] = [:]

  /// - Parameter whole: Its times come from equations, not from a profile.
  /// - Complexity: Tables for each share of SMs that is tried: some 20 to 40 ms in release.
  public init(_ whole: ModelledGPU, most: Int) throws(DeviceError) {
    self.whole = whole
    self.most = most
    var gpu = SharedGPU(whole)
    candidates = NanoSchedule.candidates(upTo: most, on: whole.accelerator, ranks: whole.tensorParallel)
    for candidate in candidates {
      for count in candidate.sizes(of: gpu.multiprocessors) { try gpu.prepare(count) }
    }
    self.gpu = gpu
  }

  public var name: String { whole.name }
  public var isModelled: Bool { true }
  public var layers: Int { whole.layers }
  public var modelledGPU: ModelledGPU? { whole }
  public var sharesSMs: Bool { whole.sharesSMs }
  public func sharedLanes() -> (any BatchLanes)? { whole.sharedLanes() }
  public var kvFormat: KVFormat { whole.kvFormat }
  public var weights: WeightFormat { whole.weights }
  public func obstacle(toWeights format: WeightFormat) -> String? { whole.obstacle(toWeights: format) }
  public func obstacle(toKVFormat format: KVFormat, tokensPerBlock: Int) -> String? {
    whole.obstacle(toKVFormat: format, tokensPerBlock: tokensPerBlock)
  }
  public mutating func convert(to format: KVFormat, held: Int, tokensPerBlock: Int, filling: [BlockID]) throws(DeviceError) -> KVConversion {
    var gpu = whole
    let conversion = try gpu.convert(to: format, held: held, tokensPerBlock: tokensPerBlock, filling: filling)
    self = try NanoBatchedGPU(gpu, most: most)
    return conversion
  }
  public var nanoBatches: Int { most }
  public func nanoBatched(_ most: Int) -> (any Device)? { whole.nanoBatched(most) }

  public mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    var whole = whole
    var outcome = try whole.execute(batch)
    let kind = BatchClass(batch)
    if schedules[kind] == nil { schedules[kind] = .some(schedule(for: kind)) }
    guard let streams = streams(batch, isRecorded: false), streams.now < outcome.duration else { return outcome }
    outcome.duration = streams.now
    outcome.cost = streams.cost
    return outcome
  }

  public func kernels(of batch: Batch) -> [KernelRun] {
    let alone = whole.kernels(of: batch)
    guard let streams = streams(batch, isRecorded: true), let last = alone.last, streams.now < last.start + last.duration else { return alone }
    return streams.runs
  }

  /// Its nano-batches side by side, from the start of the step to its end; nil when it is not cut.
  private func streams(_ batch: Batch, isRecorded: Bool) -> ConcurrentStreams? {
    // Who goes through a part of the layers, or may be stopped, has the GPU alone.
    guard batch.passages.isEmpty, batch.interruption == nil else { return nil }
    let kind = BatchClass(batch)
    guard let schedule = schedules[kind] ?? schedule(for: kind) else { return nil }
    return run(batch, schedule, isRecorded: isRecorded)
  }

  private func run(_ batch: Batch, _ schedule: NanoSchedule, upTo layers: Int? = nil, isRecorded: Bool = false) -> ConcurrentStreams? {
    let nano = batch.nanoBatches(schedule.parts)
    guard nano.count == schedule.parts else { return nil }
    let sizes = schedule.sizes(of: gpu.multiprocessors)
    let programs = nano.map { NanoProgram($0, on: gpu, sizes: sizes, layers: layers) }
    let pause = layers == nil ? whole.hostTime(sequences: batch.slots.count) : .zero
    var pipeline = NanoPipeline(programs, schedule, on: gpu, after: pause)
    pipeline.streams.isRecording = isRecorded
    pipeline.run()
    return pipeline.streams
  }

  /// Layers that are priced in the search: enough for the nano-batches to fall into step.
  private static let layersTried = 4

  /// The candidate under which the first layers of a typical batch of the class take least; nil when whole is best.
  private func schedule(for kind: BatchClass) -> NanoSchedule? {
    let batch = kind.typical
    var best: NanoSchedule?
    var least = whole.kernels(of: batch).reduce(EngineTime.zero) {
      $1.layer ?? .max < Self.layersTried ? $0 + $1.duration : $0
    }
    for candidate in candidates {
      guard let time = run(batch, candidate, upTo: Self.layersTried)?.now, time < least else { continue }
      (best, least) = (candidate, time)
    }
    return best
  }
}

/// Batches for which one schedule is good: alike in their decodes, the contexts of these, the tokens of prompts and what
/// these have before them, each within a factor of √2.
struct BatchClass: Hashable, Sendable {
  private var decodes = 0
  private var context = 0
  private var tokens = 0
  private var history = 0

  init(_ batch: Batch) {
    var sums = (decodes: 0, contexts: 0, tokens: 0, histories: 0.0)
    for slot in batch.slots where slot.count > 0 {
      if slot.isDecode {
        sums.decodes += Int(slot.count)
        sums.contexts += slot.context
      } else {
        sums.tokens += Int(slot.count)
        sums.histories += Double(slot.count) * (Double(slot.held) + Double(slot.count) / 2)
      }
    }
    decodes = Self.rung(Double(sums.decodes))
    context = Self.rung(Double(sums.contexts) / Double(max(1, sums.decodes)))
    tokens = Self.rung(Double(sums.tokens))
    history = Self.rung(sums.histories / Double(max(1, sums.tokens)))
  }

  /// A batch in the middle of the class.
  var typical: Batch {
    var slots = (0..<Self.size(decodes)).map {
      Batch.Slot(request: RequestID($0), first: max(1, Self.size(context) - 1), count: 1, promptCount: 1, outputs: 1, samples: true)
    }
    let count = Self.size(tokens)
    if count > 0 {
      let first = max(0, Self.size(history) - count / 2)
      slots.append(
        Batch.Slot(request: RequestID(slots.count), first: first, count: count, promptCount: first + count + 1, outputs: 0, samples: false))
    }
    return Batch(slots: slots)
  }

  /// 0 for nothing, then 1 for 1, 3 for 2, 5 for 4.
  private static func rung(_ value: Double) -> Int {
    guard value >= 1 else { return 0 }
    var (rung, bound) = (1, 1.189207115002721)
    while value >= bound {
      rung += 1
      bound *= 1.4142135623730951
    }
    return rung
  }

  private static func size(_ rung: Int) -> Int {
    guard rung > 0 else { return 0 }
    var size = 1.0
    for _ in 1..<rung { size *= 1.4142135623730951 }
    return Int(size.rounded())
  }
}
