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
  private struct Part: Sendable {
    var multiprocessors: Int
    /// The same GPU with these SMs only, with all the bandwidth they reach and with half of it.
    var full: ModelledGPU
    var halved: ModelledGPU
  }

  /// With all of its SMs.
  public let whole: ModelledGPU
  private var parts: [Part] = []

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
  /// - Complexity: That of two `ModelledGPU`s, once for each count.
  public mutating func prepare(_ count: Int) throws(DeviceError) {
    guard count >= 1, count <= multiprocessors else {
      throw DeviceError(device: whole.name, problem: .failed("\(count) SMs: 1 to \(multiprocessors) are there to be shared out"))
    }
    guard !parts.contains(where: { $0.multiprocessors == count }) else { return }
    let reach = Chip.bandwidthPart(of: count, in: multiprocessors)
    parts.append(
      Part(
        multiprocessors: count, full: try whole.limited(to: Chip.Share(multiprocessors: count, bandwidthPart: reach)),
        halved: try whole.limited(to: Chip.Share(multiprocessors: count, bandwidthPart: reach / 2))))
  }

  /// The kernels of a batch on `count` SMs, in order; `prepare` came before.
  public func kernels(of batch: Batch, on count: Int) -> [StreamKernel] {
    guard let part = parts.first(where: { $0.multiprocessors == count }) else {
      fatalError("\(count) SMs were not prepared: \(parts.map(\.multiprocessors)) were")
    }
    return zip(part.full.launches(of: batch), part.halved.launches(of: batch)).map {
      StreamKernel($0, halved: $1, multiprocessors: count, bandwidth: part.full.chip.bandwidth)
    }
  }

  /// The same with kernels of layers that are alike only once, as `ModelledGPU.launchesOnce` lists them.
  func kernelsOnce(of batch: Batch, on count: Int) -> [StreamKernel] {
    guard let part = parts.first(where: { $0.multiprocessors == count }) else {
      fatalError("\(count) SMs were not prepared: \(parts.map(\.multiprocessors)) were")
    }
    return zip(part.full.launchesOnce(of: batch), part.halved.launchesOnce(of: batch)).map {
      StreamKernel($0.launch, halved: $1.launch, multiprocessors: count, bandwidth: part.full.chip.bandwidth)
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
