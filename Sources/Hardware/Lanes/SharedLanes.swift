public import Core

/// Two lanes on one GPU: the first on SMs from number 0 up, the second from the last down. Weights and KV memory are
/// there once.
///
/// What a share costs is `SharedGPU`'s; what company costs is `ConcurrentStreams`'.
public struct SharedLanes: BatchLanes {
  private var gpu: SharedGPU
  private var streams: ConcurrentStreams
  /// As they were when the last stretch began.
  private var before: ConcurrentStreams
  private var isFlying = [false, false]

  public init(_ whole: ModelledGPU) throws(DeviceError) {
    gpu = SharedGPU(whole)
    streams = gpu.streams(on: [0..<1, 1..<2])
    streams.isRecording = false
    before = streams
    shares = Self.shares(of: whole.accelerator)
    let all = whole.chip.multiprocessors
    for count in shares + shares.map({ all - $0 }) + [all] { try gpu.prepare(count) }
  }

  /// The division of a GPU nearest to each eleventh part of it: few, for each has tables of its own.
  static func shares(of accelerator: Accelerator) -> [Int] {
    let all = accelerator.multiprocessors
    let near = (1...10).compactMap { part in
      accelerator.divisions.min { abs(11 * $0 - part * all) < abs(11 * $1 - part * all) }
    }
    return near.indices.filter { $0 == 0 || near[$0] != near[$0 - 1] }.map { near[$0] }
  }

  public let shares: [Int]
  public var count: Int { 2 }
  public var multiprocessors: Int? { gpu.multiprocessors }

  public mutating func start(_ batch: Batch, on lane: Int, share: Int, after pause: EngineTime) {
    let all = gpu.multiprocessors
    streams.setShare(lane == 0 ? 0..<share : all - share..<all, of: lane)
    streams.start(
      gpu.kernels(of: batch, on: share), on: lane, after: pause + gpu.whole.hostTime(sequences: batch.slots.count))
    isFlying[lane] = true
  }

  public mutating func advance(for limit: EngineTime?) -> LaneStretch {
    streams.beginAccount()
    before = streams
    let end = limit.map { streams.now + $0 }
    while true {
      if let lane = isFlying.indices.first(where: { isFlying[$0] && !streams.isBusy($0) }) {
        isFlying[lane] = false
        return LaneStretch(duration: streams.now - before.now, landed: lane, cost: streams.cost)
      }
      if let end, streams.now >= end { break }
      guard streams.advance(until: end) else { break }
    }
    return LaneStretch(duration: streams.now - before.now, landed: nil, cost: streams.cost)
  }

  public func forecast(_ batches: [(batch: Batch, multiprocessors: Int)]) -> [EngineTime] { gpu.forecast(batches) }

  /// The stretch is lived once more, and written down.
  public var kernels: [KernelRun] {
    var again = before
    again.isRecording = true
    while again.now < streams.now, again.advance(until: streams.now) {}
    return (again.runs + again.running).map { $0.cut(from: before.now, to: streams.now) }.filter { $0.duration > .zero }
      .sorted { ($0.start, $0.stream) < ($1.start, $1.stream) }
  }
}

extension KernelRun {
  /// The part of it between two moments, as if they began there: with as much of its work.
  func cut(from first: EngineTime, to last: EngineTime) -> KernelRun {
    var cut = self
    let (start, end) = (max(start, first), min(start + duration, last))
    let part = duration > .zero ? Double((end - start).nanoseconds) / Double(duration.nanoseconds) : 1
    cut.start = start - first
    cut.duration = max(.zero, end - start)
    cut.operations *= part
    cut.bytes *= part
    return cut
  }
}
