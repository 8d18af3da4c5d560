public import Core

/// Sequences of kernels that run at the same time on one chip, from event to event.
///
/// Within a stream kernels follow each other. Between two ends of kernels everything goes at a constant speed: each kernel
/// draws bytes/time, and while all together draw more than the memory gives, moving bytes takes longer for every one of
/// them by the same factor, found so that they draw just what it gives. So who asks for more gets more, the total never
/// passes the bandwidth, and what is bound by arithmetic is hardly slowed.
///
///     stream 0   |  gemm  |  gemm   |      prefill attention      |
///     stream 1   | decode attention | gemm | decode attention |
///                ^ both stream: stretched  ^ only one does
///
/// It is a value: a copy goes its own way.
public struct ConcurrentStreams: Sendable {
  private enum Item: Sendable {
    /// Nothing runs: the host prepares.
    case pause(EngineTime)
    case kernel(StreamKernel)
  }

  private struct Running: Sendable {
    /// Nil during a pause.
    var kernel: StreamKernel?
    var start: EngineTime
    /// Nanoseconds at full speed.
    var remaining: Double
    var share: Range<Int>
  }

  private struct Stream: Sendable {
    var share: Range<Int>?
    var waiting: [Item] = []
    var next = 0
    var running: Running?
  }

  /// Since the beginning.
  public private(set) var now = EngineTime.zero
  /// Whether what ends is written down in `runs`.
  public var isRecording = true
  private var streams: [Stream]
  private var ended: [KernelRun] = []
  private let multiprocessors: Int
  /// Bytes per ns of the memory, and the part of them that several streams get together.
  private let bandwidth: Double
  private let reachable: Double
  private let energy: EnergyModel?
  private let ranks: Int
  private var operations = 0.0
  private var bytes = 0.0
  private var joules = 0.0
  /// Nanoseconds during which SMs, and tensor cores at their peak, had work.
  private var smTime = 0.0
  private var tensorTime = 0.0
  /// Since when is accounted.
  private var accountStart = EngineTime.zero

  /// - Parameter ranks: GPUs that all do the same; energy is that of all.
  init(chip: Chip, reachable: Double, energy: EnergyModel?, ranks: Int = 1, shares: [Range<Int>?]) {
    multiprocessors = chip.multiprocessors
    bandwidth = chip.bandwidth / 1000
    self.reachable = reachable
    self.energy = energy
    self.ranks = ranks
    streams = shares.map { Stream(share: $0) }
    require(!shares.contains(nil) || shares.allSatisfy { $0 == nil }, "some streams have SMs of their own and some have none: \(shares)")
    for (number, share) in shares.enumerated() {
      guard let share else { continue }
      require(
        share.lowerBound >= 0 && share.upperBound <= multiprocessors && !share.isEmpty,
        "SMs \(share) of \(multiprocessors) were given to stream \(number)")
      for other in shares[..<number] {
        guard let other else { continue }
        require(!share.overlaps(other), "streams share SMs: \(share) and \(other)")
      }
    }
  }

  /// Gives a stream without work other SMs.
  public mutating func setShare(_ share: Range<Int>, of stream: Int) {
    require(!isBusy(stream), "stream \(stream) was given SMs \(share) while it runs")
    require(
      share.lowerBound >= 0 && share.upperBound <= multiprocessors && !share.isEmpty,
      "SMs \(share) of \(multiprocessors) were given to stream \(stream)")
    for (number, other) in streams.enumerated() where number != stream && isBusy(number) {
      require(other.share.map { !share.overlaps($0) } ?? false, "stream \(number) runs on some of SMs \(share)")
    }
    streams[stream].share = share
  }

  /// Appends work to a stream, after a pause in which the host prepares it.
  public mutating func start(_ kernels: [StreamKernel], on stream: Int, after pause: EngineTime = .zero) {
    if !isBusy(stream) {
      streams[stream].waiting.removeAll(keepingCapacity: true)
      streams[stream].next = 0
    }
    let limit = streams[stream].share?.count ?? multiprocessors
    if pause > .zero { streams[stream].waiting.append(.pause(pause)) }
    for kernel in kernels {
      require(kernel.multiprocessors <= limit, "a kernel for \(kernel.multiprocessors) SMs in a stream that has \(limit)")
      streams[stream].waiting.append(.kernel(kernel))
    }
  }

  /// Whether a stream has work left.
  public func isBusy(_ stream: Int) -> Bool {
    streams[stream].running != nil || streams[stream].next < streams[stream].waiting.count
  }

  /// Goes on to the next end of a kernel or pause, or to `limit` if that comes first; false when nothing is left.
  @discardableResult
  public mutating func advance(until limit: EngineTime? = nil) -> Bool {
    for stream in streams.indices where streams[stream].running == nil { admit(stream) }
    let stretch = self.stretch()
    var least = Double.infinity
    var first: Int?
    for (number, stream) in streams.enumerated() {
      guard let running = stream.running else { continue }
      let left = running.remaining / speed(running, stretch)
      if left < least { (least, first) = (left, number) }
    }
    guard let first else { return false }
    var elapsed = max(1, least.rounded(.up))
    var isCut = false
    if let limit, Double((limit - now).nanoseconds) < elapsed {
      elapsed = Double((limit - now).nanoseconds)
      isCut = true
      guard elapsed > 0 else { return true }
    }
    account(elapsed, stretch)
    now += EngineTime(nanoseconds: Int64(elapsed))
    for number in streams.indices {
      guard var running = streams[number].running else { continue }
      running.remaining -= elapsed * speed(running, stretch)
      // What is left of rounding, below a millionth of a nanosecond, is nothing.
      if (number != first || isCut) && running.remaining > 1e-6 {
        streams[number].running = running
      } else {
        end(running, of: number)
      }
    }
    return true
  }

  /// What has ended, in order of start, then of stream.
  public var runs: [KernelRun] { ended.sorted { ($0.start, $0.stream) < ($1.start, $1.stream) } }

  /// What has begun and not ended, as far as it has come.
  public var running: [KernelRun] {
    streams.indices.compactMap { number in
      streams[number].running.flatMap { running in running.kernel.map { run($0, running, of: number) } }
    }
  }

  /// Forgets what has ended, and what it cost.
  public mutating func beginAccount() {
    ended.removeAll(keepingCapacity: true)
    (operations, bytes, joules, smTime, tensorTime) = (0, 0, 0, 0, 0)
    accountStart = now
  }

  /// Totals since the account began: of one rank, but for the energy, which is that of all; fractions are of all SMs and
  /// of all the time.
  public var cost: StepCost {
    var cost = StepCost()
    cost.operations = operations
    cost.bytes = bytes
    cost.energy = energy == nil ? nil : joules
    let time = max(1, Double((now - accountStart).nanoseconds))
    cost.smBusy = min(1, smTime / time)
    cost.tensorBusy = min(1, tensorTime / time)
    cost.bandwidthBusy = min(1, bytes / (bandwidth * time))
    return cost
  }

  // MARK: Parts of an advance

  /// Begins the next work of a stream, when its SMs are free.
  private mutating func admit(_ number: Int) {
    guard streams[number].next < streams[number].waiting.count else { return }
    switch streams[number].waiting[streams[number].next] {
    case .pause(let time):
      streams[number].running = Running(kernel: nil, start: now, remaining: Double(time.nanoseconds), share: 0..<0)
    case .kernel(let kernel):
      guard let share = streams[number].share ?? kernel.zone.map({ isFree($0) ? $0 : nil }) ?? free(kernel.multiprocessors) else { return }
      streams[number].running = Running(kernel: kernel, start: now, remaining: kernel.alone, share: share)
    }
    streams[number].next += 1
  }

  private func isFree(_ zone: Range<Int>) -> Bool { !streams.contains { $0.running?.share.overlaps(zone) ?? false } }

  /// The first so many SMs in a row on which nothing runs.
  private func free(_ count: Int) -> Range<Int>? {
    let taken = streams.compactMap { $0.running?.share }.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
    var first = 0
    for range in taken {
      if range.lowerBound - first >= count { break }
      first = max(first, range.upperBound)
    }
    return first + count <= multiprocessors ? first..<first + count : nil
  }

  /// By how much moving bytes takes longer than for each kernel by itself: 1 while all get what they ask for.
  private func stretch() -> Double {
    var asked = 0.0
    var greatest = 0.0
    for stream in streams {
      guard let kernel = stream.running?.kernel else { continue }
      asked += kernel.bytes / kernel.alone
      greatest = max(greatest, kernel.bytes / kernel.alone)
    }
    // One kernel by itself may draw more than several get together.
    let given = max(greatest, reachable * bandwidth)
    guard asked > given else { return 1 }
    // At `high` even kernels that only stream draw no more than is given.
    var (low, high) = (1.0, 1 + Double(streams.count) * bandwidth / given)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      var drawn = 0.0
      for stream in streams {
        if let kernel = stream.running?.kernel { drawn += kernel.bytes / kernel.time(stretch: middle) }
      }
      if drawn > given { low = middle } else { high = middle }
    }
    return high
  }

  private func speed(_ running: Running, _ stretch: Double) -> Double {
    guard stretch > 1, let kernel = running.kernel else { return 1 }
    return kernel.alone / kernel.time(stretch: stretch)
  }

  private mutating func account(_ elapsed: Double, _ stretch: Double) {
    var (sm, tensor, memory, link) = (0.0, 0.0, 0.0, 0.0)
    for stream in streams {
      guard let running = stream.running, let kernel = running.kernel else { continue }
      // Time is whole nanoseconds, so the first to end may have done a little less than they would allow.
      let done = min(running.remaining, elapsed * speed(running, stretch)) / kernel.alone
      let part = Double(kernel.multiprocessors) / Double(multiprocessors)
      operations += kernel.operations * done
      sm += kernel.estimate.smBusy * part * elapsed
      tensor += kernel.estimate.tensorBusy * part * kernel.alone * done
      memory += kernel.bytes * done
      if kernel.kind == .allReduce { link += kernel.bytes * done }
    }
    bytes += memory
    smTime += sm
    tensorTime += tensor
    guard let energy else { return }
    let watts = energy.watts(
      sm: sm / elapsed, tensor: tensor / elapsed, memory: min(1, memory / (bandwidth * elapsed)), link: link / elapsed * 1e9)
    joules += Double(ranks) * watts * elapsed * 1e-9
  }

  private mutating func end(_ running: Running, of number: Int) {
    streams[number].running = nil
    guard isRecording, let kernel = running.kernel else { return }
    ended.append(run(kernel, running, of: number))
  }

  private func run(_ kernel: StreamKernel, _ running: Running, of number: Int) -> KernelRun {
    let share = running.share.lowerBound..<running.share.lowerBound + kernel.multiprocessors
    var run = KernelRun(kernel.kind, kernel.estimate, layer: kernel.layer, start: running.start)
    run.duration = now - running.start
    run.stream = number
    run.share = share.count == multiprocessors ? nil : share
    return run
  }
}
