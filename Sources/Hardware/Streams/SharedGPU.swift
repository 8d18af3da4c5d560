public import Core

/// A GPU whose SMs are divided between streams that run at the same time: what placements within a GPU price steps with.
///
///     var gpu = try SharedGPU(accelerator: h100, model: llama)
///     try gpu.prepare(88)
///     try gpu.prepare(44)
///     var streams = gpu.streams(on: [0..<88, 88..<132])
///     streams.start(gpu.kernels(of: prefill, on: 88), on: 0, after: gpu.hostTime)
///     streams.start(gpu.kernels(of: decodes, on: 44), on: 1, after: gpu.hostTime)
///     while streams.isBusy(1) { streams.advance() }   // the decodes are through, the prefill goes on
///     streams.start(…, on: 1)
///
/// A kernel on some of the SMs has its arithmetic on those SMs, tile by tile and round by round, and the bandwidth they
/// reach (`Chip.bandwidthPart`). Streams share weights and KV memory but nothing else: two batches read the weights twice.
///
/// What is not modelled: streams pushing each other out of the L2 cache, and the clock at higher power.
public struct SharedGPU: Sendable {
  /// With all of its SMs.
  public let whole: ModelledGPU
  private var parts: [GPUPart] = []

  public init(
    accelerator: Accelerator, model: ModelCard, tensorParallel: Int = 1,
    hostTime: EngineTime = ModelledGPU.defaultHostTime, linkBandwidth: Double? = nil
  ) throws(DeviceError) {
    self.init(
      try ModelledGPU(
        accelerator: accelerator, model: model, tensorParallel: tensorParallel, hostTime: hostTime, linkBandwidth: linkBandwidth))
  }

  /// - Parameter whole: Its times come from equations, not from a profile.
  public init(_ whole: ModelledGPU) { self.whole = whole }

  public var multiprocessors: Int { whole.chip.multiprocessors }
  public var hostTime: EngineTime { whole.hostTime }

  /// Makes the tables for kernels on `count` SMs.
  ///
  /// - Complexity: That of two `ModelledGPU`s, once for each count of a GPU and all that was copied from it.
  public mutating func prepare(_ count: Int) throws(DeviceError) {
    guard count >= 1, count <= multiprocessors else {
      throw DeviceError(device: whole.name, problem: .failed("\(count) SMs: 1 to \(multiprocessors) are there to be shared out"))
    }
    guard !parts.contains(where: { $0.multiprocessors == count }) else { return }
    parts.append(try whole.parts.part(count, of: whole))
  }

  private func part(_ count: Int) -> GPUPart {
    guard let part = parts.first(where: { $0.multiprocessors == count }) else {
      fatalError("\(count) SMs were not prepared: \(parts.map(\.multiprocessors)) were")
    }
    return part
  }

  /// The kernels of a batch on `count` SMs, in order; `prepare` came before.
  public func kernels(of batch: Batch, on count: Int) -> [StreamKernel] {
    let part = part(count)
    return zip(part.full.launches(of: batch), part.halved.launches(of: batch)).map {
      StreamKernel($0, halved: $1, multiprocessors: count, bandwidth: part.full.chip.bandwidth)
    }
  }

  /// The same with kernels of layers that are alike only once, as `ModelledGPU.launchesOnce` lists them.
  func kernelsOnce(of batch: Batch, on count: Int) -> [StreamKernel] {
    let part = part(count)
    return zip(part.full.launchesOnce(of: batch), part.halved.launchesOnce(of: batch)).map {
      StreamKernel($0.launch, halved: $1.launch, multiprocessors: count, bandwidth: part.full.chip.bandwidth)
    }
  }

  /// Foretells how long batches take that begin together, each on so many SMs, host's time included.
  ///
  /// A batch is taken as one kernel with the sums of its kernels, drawing on memory evenly; all slow by the factor at
  /// which together they draw no more than memory gives. When a batch ends, the others no longer feel it, so a batch that
  /// takes longer than another is slowed for that one's time only.
  ///
  /// - Returns: A time for each batch; zero for an empty one.
  public func forecast(_ batches: [(batch: Batch, multiprocessors: Int)]) -> [EngineTime] {
    let loads = batches.map { part($0.multiprocessors).load(of: $0.batch) }
    var stretch = 1.0
    let given = whole.accelerator.efficiency.memory * whole.chip.bandwidth / 1000
    if loads.count(where: { $0.alone > 0 }) > 1 {
      func drawn(_ stretch: Double) -> Double {
        loads.reduce(0) { $1.alone > 0 ? $0 + $1.bytes / $1.time(stretch: stretch) : $0 }
      }
      if drawn(1) > given {
        var (low, high) = (1.0, Double(loads.count + 1))
        for _ in 0..<16 {
          let middle = (low + high) / 2
          if drawn(middle) > given { low = middle } else { high = middle }
        }
        stretch = high
      }
    }
    let side = loads.map { $0.time(stretch: stretch) }
    let hosts = batches.map { Double(whole.hostTime(sequences: $0.batch.slots.count).nanoseconds) }
    return loads.indices.map { place in
      guard loads[place].alone > 0 else { return .zero }
      // What others leave of it when they have ended goes on by itself.
      let company = loads.indices.reduce(0.0) { $1 == place ? $0 : max($0, side[$1]) }
      let time = side[place] <= company ? side[place] : company + loads[place].alone * (1 - company / side[place])
      return EngineTime(nanoseconds: Int64((time + hosts[place]).rounded()))
    }
  }

  /// Streams without work, each with its SMs by number; nil where each kernel takes the first that are free.
  public func streams(on shares: [Range<Int>?]) -> ConcurrentStreams {
    ConcurrentStreams(
      chip: whole.chip, reachable: whole.accelerator.efficiency.memory, energy: whole.energy, ranks: whole.tensorParallel,
      shares: shares)
  }

  /// Batches side by side, from the start of a step to the end of the last: each on so many SMs, numbered in order.
  ///
  /// The host's time comes once, before all of them.
  public mutating func step(_ batches: [(batch: Batch, multiprocessors: Int)]) throws(DeviceError) -> ConcurrentStreams {
    var first = 0
    var shares: [Range<Int>?] = []
    for (_, count) in batches {
      try prepare(count)
      shares.append(first..<first + count)
      first += count
    }
    guard first <= multiprocessors else {
      throw DeviceError(device: whole.name, problem: .failed("\(first) SMs were shared out, \(multiprocessors) are there"))
    }
    var streams = streams(on: shares)
    let hostTime = whole.hostTime(sequences: batches.reduce(0) { $0 + $1.batch.slots.count })
    for (number, (batch, count)) in batches.enumerated() {
      streams.start(kernels(of: batch, on: count), on: number, after: hostTime)
    }
    while streams.advance() {}
    return streams
  }
}
