import Core
import Hardware
import Host
import ServingEngine

/// The last step taken apart into its kernels: what the page Hardware is a picture of.
///
/// The time of the step is the time of its kernels and a rest, in which no kernel runs (the host
/// schedules, launches and reads back), so the rows of the table always add up to the step.
///
/// - Complexity: Expands and groups every kernel; made anew for every frame: 5 µs for 290 kernels, 8 µs for
///   890, in release. So nothing is remembered between frames.
struct StepAnatomy {
  /// Number of the step.
  let step: StepIndex
  let duration: EngineTime
  /// The part of it, at its end, in which drafts for the next step were made.
  let drafting: EngineTime
  let cost: StepCost
  /// In order of their start. Those of one stream follow each other; streams run side by side.
  let kernels: [KernelRun]
  /// Positions of each stream's kernels; one stream on nearly every device.
  let streams: [[Int]]
  /// What runs in the step, one for each kind, in the order of a layer.
  let groups: [KernelGroup]
  /// Nil for a device that no datasheet describes.
  let roof: Roof?
  let device: String
  let isModelled: Bool
  /// Of each thread, the part of the step in which it was on a core; empty for a modelled device.
  let threadsBusy: [Double]
  /// Of a device that measures.
  let facts: RecordedDevice.Facts?
  /// How far the model's times are from measured ones; nil for a device that is none of ours.
  let modelError: String?

  /// Nil before the first step.
  init?(_ run: Run) {
    guard let last = run.last else { return nil }
    self.init(last, device: run.engine.device, kernels: run.engine.kernels(of: last))
  }

  init(_ report: StepReport, device: any Device, kernels: [KernelRun]) {
    step = report.record.step
    duration = report.outcome.duration
    drafting = report.outcome.drafting
    cost = report.outcome.cost
    self.kernels = kernels
    threadsBusy = report.outcome.measurement?.threadsBusy ?? []
    facts = device.isModelled ? nil : device.recordedFacts
    streams = Self.streams(of: kernels)
    roof = Roof(device)
    self.device = device.name
    isModelled = device.isModelled
    modelError = device.modelledGPU?.accelerator.modelError
    groups = Self.groups(of: kernels)
  }

  /// Time in which no kernel of the step runs, and no draft is made.
  var rest: EngineTime { duration - drafting - groups.reduce(.zero) { $0 + $1.time } }

  /// Streams run side by side on the SMs of one GPU; otherwise each of several has GPUs of its own.
  var sharesSMs: Bool { streams.count > 1 && kernels.contains { $0.share != nil } }

  func group(of kind: KernelRun.Kind) -> KernelGroup? { groups.first { $0.kind == kind } }

  /// The end of the picture: the step, or its last kernel where a device counts that differently.
  var end: EngineTime {
    streams.reduce(duration) { end, stream in max(end, stream.last.map { kernels[$0].end } ?? .zero) }
  }

  /// The kernels that run at `time`: at most one for each stream.
  func kernels(at time: EngineTime) -> [Int] {
    streams.compactMap { stream in
      let after = partition(of: stream.count) { kernels[stream[$0]].start <= time }
      guard after > 0, time < kernels[stream[after - 1]].end else { return nil }
      return stream[after - 1]
    }
  }

  /// Position of the first kernel that starts after `time`; the number of kernels when none does.
  func firstKernel(after time: EngineTime) -> Int { partition(of: kernels.count) { kernels[$0].start <= time } }

  /// The first of `count` positions that is not `early`, which all before it are.
  private func partition(of count: Int, early: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if early(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The middle launch of the kind that takes most of the step: where to look first. Nil without kernels.
  var heaviest: Int? {
    guard var heaviest = groups.first else { return nil }
    for group in groups where group.time > heaviest.time { heaviest = group }
    var left = heaviest.launches / 2
    return kernels.firstIndex { kernel in
      guard kernel.kind == heaviest.kind else { return false }
      left -= 1
      return left < 0
    }
  }

  private static func streams(of kernels: [KernelRun]) -> [[Int]] {
    var streams = [[Int]](repeating: [], count: kernels.reduce(0) { max($0, $1.stream + 1) })
    for (index, kernel) in kernels.enumerated() { streams[kernel.stream].append(index) }
    return streams
  }

  private static func groups(of kernels: [KernelRun]) -> [KernelGroup] {
    var groups = KernelRun.Kind.allCases.map { KernelGroup(kind: $0) }
    for kernel in kernels { groups[Int(kernel.kind.rawValue)].add(kernel) }
    return groups.filter { $0.launches > 0 }
  }
}

/// All kernels of a kind in one step.
struct KernelGroup: Equatable {
  let kind: KernelRun.Kind
  private(set) var launches = 0
  private(set) var time = EngineTime.zero
  private(set) var operations = 0.0
  private(set) var bytes = 0.0
  /// Time for each bound, in the order of `KernelRun.Bound.all`.
  private var boundTimes = [EngineTime](repeating: .zero, count: KernelRun.Bound.all.count)

  init(kind: KernelRun.Kind) { self.kind = kind }

  mutating func add(_ kernel: KernelRun) {
    launches += 1
    time += kernel.duration
    operations += kernel.operations
    bytes += kernel.bytes
    boundTimes[kernel.bound.place] += kernel.duration
  }

  /// What holds it back for the longest part of its time.
  var bound: KernelRun.Bound {
    var longest = 0
    for place in boundTimes.indices where boundTimes[place] > boundTimes[longest] { longest = place }
    return KernelRun.Bound.all[longest]
  }

  /// Operations per byte; nil without either.
  var intensity: Double? { operations > 0 && bytes > 0 ? operations / bytes : nil }
  /// Operations per second.
  var achieved: Double? { time > .zero && operations > 0 ? operations / time.seconds : nil }
}

extension KernelRun {
  var end: EngineTime { start + duration }
  var intensity: Double? { operations > 0 && bytes > 0 ? operations / bytes : nil }
  var achieved: Double? { duration > .zero && operations > 0 ? operations / duration.seconds : nil }

  /// The round, from 1, in which its tiles are at `time`: rounds are taken as equally long.
  func wave(at time: EngineTime) -> Int {
    guard waves > 1, duration > .zero else { return 1 }
    let part = Double((time - start).nanoseconds) / Double(duration.nanoseconds)
    return min(max(Int(part * Double(waves)) + 1, 1), waves)
  }

  /// SMs with work in the last round.
  var tailSMs: Int { min(activeSMs, max(0, Int((tailFill * Double(activeSMs)).rounded()))) }

  func workingSMs(wave: Int) -> Int { wave < waves ? activeSMs : tailSMs }

  /// The first SM it may use.
  var firstSM: Int { share?.lowerBound ?? 0 }

  /// `SM 88–131`; nil when it may use them all.
  var shareText: String? { share.map { "SM \($0.lowerBound)–\($0.upperBound - 1)" } }

  /// Part of the kernel's time during which an SM has work; SMs are filled from its first.
  func share(ofSM chipNumber: Int) -> Double {
    let number = chipNumber - firstSM
    if number < 0 { return 0 }
    if number < tailSMs { return 1 }
    return number < activeSMs ? Double(max(0, waves - 1)) / Double(max(1, waves)) : 0
  }
}

extension KernelRun.Bound {
  static let all: [Self] = [.compute, .memory, .latency, .link]

  var place: Int {
    switch self {
    case .compute: 0
    case .memory: 1
    case .latency: 2
    case .link: 3
    }
  }

  /// In a cell of the grid.
  var letter: Unicode.Scalar {
    switch self {
    case .compute: "c"
    case .memory: "m"
    case .latency: "l"
    case .link: "k"
    }
  }
}
