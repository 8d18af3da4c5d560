import Core

/// The kernels of a nano-batch in order, priced for each number of SMs that they may have. Attention over prompts and over
/// decodes are kernels of their own, whatever the backend does in a batch that is not cut.
struct NanoProgram {
  /// Priced once for layers that are alike: by size, then by kernel.
  private var priced: [(multiprocessors: Int, kernels: [StreamKernel])]
  /// Kernel and layer, in the order in which they run.
  private(set) var sequence: [(kernel: Int, layer: Int?)] = []

  /// - Parameter layers: The first so many layers and nothing besides; nil: all.
  init(_ batch: Batch, on gpu: SharedGPU, sizes: [Int], layers: Int?) {
    priced = sizes.map { ($0, gpu.kernelsOnce(of: batch, on: $0)) }
    let places = gpu.whole.launchesOnce(of: batch).map(\.place)
    func append(_ place: StepKernels.Place, layer: Int?) {
      for kernel in places.indices where places[kernel] == place { sequence.append((kernel, layer)) }
    }
    if layers == nil { append(.opening, layer: nil) }
    for (layer, variant) in gpu.whole.kernels.program.order.prefix(layers ?? .max).enumerated() {
      append(.layer(variant: variant), layer: layer)
    }
    if layers == nil { append(.closing, layer: nil) }
  }

  func resource(at position: Int) -> NanoSchedule.Resource {
    NanoSchedule.resource(of: priced[0].kernels[sequence[position].kernel].kind)
  }

  func kernel(at position: Int, on zone: Range<Int>) -> StreamKernel {
    guard let size = priced.first(where: { $0.multiprocessors == zone.count }) else {
      fatalError("kernels were not priced on \(zone.count) SMs")
    }
    var kernel = size.kernels[sequence[position].kernel]
    kernel.layer = sequence[position].layer
    kernel.zone = zone
    return kernel
  }
}

/// Nano-batches side by side: from the end of one kernel to the next, each begins what it can.
struct NanoPipeline {
  private let schedule: NanoSchedule
  private let all: Int
  private let programs: [NanoProgram]
  var streams: ConcurrentStreams
  /// The next kernel of each nano-batch, and where the present one runs.
  private var next: [Int]
  private var zones: [Range<Int>?]

  init(_ programs: [NanoProgram], _ schedule: NanoSchedule, on gpu: SharedGPU, after pause: EngineTime) {
    self.programs = programs
    self.schedule = schedule
    all = gpu.multiprocessors
    streams = gpu.streams(on: Array(repeating: nil, count: programs.count))
    next = Array(repeating: 0, count: programs.count)
    zones = Array(repeating: nil, count: programs.count)
    for number in programs.indices { streams.start([], on: number, after: pause) }
  }

  /// To the end of the last.
  mutating func run() {
    repeat {
      for number in programs.indices where !streams.isBusy(number) { zones[number] = nil }
      for number in programs.indices where !streams.isBusy(number) && next[number] < programs[number].sequence.count { begin(number) }
    } while streams.advance()
  }

  private mutating func begin(_ number: Int) {
    let resource = programs[number].resource(at: next[number])
    guard !runs(resource) else { return }
    let zone: Range<Int>
    if resource == .arithmetic {
      let bound = zones.compactMap { $0?.lowerBound }.min() ?? all
      var size = schedule.multiprocessors(for: .arithmetic, of: all, memory: claims(.memory), network: claims(.network))
      // Where the others lie apart, what is between them is lost.
      if size > bound { size = schedule.multiprocessors(for: .arithmetic, of: all, memory: true, network: true) }
      guard size <= bound else { return }
      zone = 0..<size
    } else {
      let size = schedule.multiprocessors(for: resource, of: all, memory: true, network: true)
      guard let place = highest(size) else { return }
      zone = place
    }
    zones[number] = zone
    streams.start([programs[number].kernel(at: next[number], on: zone)], on: number)
    next[number] += 1
  }

  /// A kernel of this kind runs.
  private func runs(_ resource: NanoSchedule.Resource) -> Bool {
    programs.indices.contains { zones[$0] != nil && programs[$0].resource(at: next[$0] - 1) == resource }
  }

  /// One runs, or would begin now.
  private func claims(_ resource: NanoSchedule.Resource) -> Bool {
    runs(resource)
      || programs.indices.contains {
        zones[$0] == nil && !streams.isBusy($0) && next[$0] < programs[$0].sequence.count && programs[$0].resource(at: next[$0]) == resource
      }
  }

  /// The uppermost SMs in a row on which nothing runs.
  private func highest(_ size: Int) -> Range<Int>? {
    var top = all
    for zone in zones.compactMap({ $0 }).sorted(by: { $0.lowerBound > $1.lowerBound }) {
      if top - zone.upperBound >= size { break }
      top = zone.lowerBound
    }
    return top >= size ? top - size..<top : nil
  }
}
