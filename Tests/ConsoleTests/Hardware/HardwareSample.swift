import Analysis
import Core
import Hardware
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

@testable import Console

/// The sample run on a modelled H100 with Llama 3.1 8B, and on a device without a datasheet.
enum HardwareSample {
  static func modelled(steps: Int, model: String = "llama-3.1-8b", tensorParallel: Int = 1) throws -> Snapshot {
    var limits = Limits()
    limits.maxSequences = 32
    return try snapshot(
      steps: steps, limits,
      ModelledGPU(
        accelerator: AcceleratorCatalogue.accelerator(named: "h100"), model: ModelCatalogue.model(named: model),
        tensorParallel: tensorParallel))
  }

  /// The same arrivals with prompts and decodes on SMs of their own.
  static func split(steps: Int) throws -> Snapshot {
    var limits = Limits()
    limits.maxSequences = 32
    return try snapshot(steps: steps, limits, SplitDevice())
  }

  /// The same arrivals placed by the engine on a modelled GPU, at the first step after `steps` in which `lanes` lanes work.
  static func placed(_ placement: String, steps: Int, stages: Int = 1, lanes: Int = 2) throws -> Snapshot {
    var limits = Limits()
    limits.maxSequences = 32
    limits.maxBatchedTokens = 256
    let gpu = try ModelledGPU(
      accelerator: AcceleratorCatalogue.accelerator(named: "h100"), model: ModelCatalogue.model(named: "llama-3.1-8b"))
    var run = try run(limits, stages > 1 ? PipelinedGPU(gpu, stages: stages) : gpu)
    if stages == 1 { try run.apply(Command(axis: "placement", choice: placement)) }
    while try run.advance() {
      guard run.step > steps, let last = run.last else { continue }
      var streams: [Bool] = Array(repeating: false, count: 8)
      for kernel in run.engine.kernels(of: last) { streams[kernel.stream] = true }
      if streams.count(where: \.self) == lanes { break }
    }
    return Snapshot(shown: run, head: run, transport: .paused)
  }

  /// Two streams whose picture no equation changes.
  static func sideBySide(steps: Int) throws -> Snapshot { try snapshot(steps: steps, Limits(), SideBySideDevice()) }

  private static func snapshot(steps: Int, _ limits: Limits, _ device: any Device) throws -> Snapshot {
    var run = try run(limits, device)
    for _ in 0..<steps { try run.advance() }
    return Snapshot(shown: run, head: run, transport: .paused)
  }

  private static func run(_ limits: Limits, _ device: any Device) throws -> Run {
    let engine = Engine(
      trace: SampleRun.engine().trace, planner: Planner(limits: limits, policy: FirstComeFirstServed()),
      memory: KVCache(blockCount: 1_024, tokensPerBlock: 16, reusesPrefixes: true), device: device)
    return Run(engine: engine, observatory: Observatory(slo: SLO(ttft: .milliseconds(500), tpot: .milliseconds(40))))
  }

  /// The page Hardware as the viewer sees it.
  static func scene(_ snapshot: Snapshot, focus: HardwarePanel = .grid, _ change: (inout ViewState) -> Void = { _ in }) -> Scene {
    var view = ViewState()
    view.page = 2
    view.focus[2] = focus.rawValue
    change(&view)
    return Scene(snapshot: snapshot, view: view)
  }

  static func picture(_ scene: Scene, _ width: Int, _ height: Int) -> String {
    var canvas = Canvas(width, height)
    HardwarePage().draw(scene, in: canvas.area, on: &canvas)
    return canvas.text
  }
}

/// The steady device with a second stream: prompts on two thirds of the SMs, decodes on the rest, kernels of fixed times.
struct SideBySideDevice: Device {
  private var steady = SteadyDevice()

  var name: String { "side by side" }
  var isModelled: Bool { true }

  mutating func execute(_ batch: Batch) -> BatchOutcome {
    var outcome = steady.execute(batch)
    outcome.duration = .microseconds(13_500)
    return outcome
  }

  func kernels(of batch: Batch) -> [KernelRun] {
    let parts: [(range: Range<Int>, kinds: [(KernelRun.Kind, microseconds: Int)])] = [
      (0..<88, [(.qkv, 420), (.attentionPrefill, 610), (.output, 300), (.gateUp, 1_250), (.down, 640)]),
      (88..<132, [(.qkv, 150), (.attentionDecode, 830), (.output, 120), (.gateUp, 400), (.down, 210)]),
    ]
    var kernels: [KernelRun] = []
    for (stream, part) in parts.enumerated() {
      var start = EngineTime.microseconds(300)
      for layer in 0..<4 {
        for (kind, microseconds) in part.kinds {
          kernels.append(
            KernelRun(
              kind: kind, layer: layer, start: start, duration: .microseconds(microseconds), operations: 2e9 * Double(microseconds),
              bytes: 1e6 * Double(microseconds), tiles: 3 * part.range.count - 20, waves: 3, activeSMs: part.range.count,
              tailFill: 0.5, bound: stream == 0 ? .compute : .memory, stream: stream, share: part.range))
          start += .microseconds(microseconds)
        }
      }
    }
    return kernels.sorted { ($0.start, $0.stream) < ($1.start, $1.stream) }
  }
}

/// Prompts on two thirds of the SMs, decodes on the rest, side by side; a step ends with the later of both.
struct SplitDevice: Device {
  private(set) var gpu: SharedGPU

  init() throws {
    gpu = try SharedGPU(
      accelerator: AcceleratorCatalogue.accelerator(named: "h100"), model: ModelCatalogue.model(named: "llama-3.1-8b"))
    for count in [88, 44] { try gpu.prepare(count) }
  }

  var name: String { gpu.whole.name + ", split" }
  var isModelled: Bool { true }
  var modelledGPU: ModelledGPU? { gpu.whole }

  private func streams(_ batch: Batch) -> ConcurrentStreams {
    var streams = gpu.streams(on: [0..<88, 88..<132])
    streams.start(gpu.kernels(of: Batch(slots: batch.slots.filter { !$0.isDecode }), on: 88), on: 0, after: gpu.hostTime)
    streams.start(gpu.kernels(of: Batch(slots: batch.slots.filter(\.isDecode)), on: 44), on: 1, after: gpu.hostTime)
    while streams.advance() {}
    return streams
  }

  mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    var whole = gpu.whole
    var outcome = try whole.execute(batch)
    let streams = streams(batch)
    outcome.duration = streams.now
    outcome.cost = streams.cost
    return outcome
  }

  func kernels(of batch: Batch) -> [KernelRun] { streams(batch).runs }
}

extension Canvas {
  /// Nothing was drawn on a canvas of `?` but inside `area`, which lies two cells from its edges.
  func isUntouched(outside area: Rect) -> Bool {
    (0..<height).allSatisfy { row in
      (0..<width).allSatisfy { column in
        area.contains(Point(column, row)) || cells[row * width + column].scalar == "?"
      }
    }
  }
}
