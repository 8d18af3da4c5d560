import Core
import Hardware

/// What an engine stands on. Nothing of it is switched in place: a fork serves the same trace with another one.
extension AxisCatalogue {
  public static let hardware: [Axis] = [device, model, tensorParallel, pipelineParallel]

  /// Those that can be switched, and those that fork.
  public static let everything: [Axis] = all + hardware

  private static let device = Axis(
    name: "device", summary: "the GPU; another one serves a fork",
    members: AcceleratorCatalogue.all.map { gpu in
      Descriptor(
        name: gpu.name, summary: "\(gpu.multiprocessors) SMs, \(Int(gpu.memory)) GiB at \(Int(gpu.bandwidth)) GB/s", source: "")
    },
    current: { $0.device.modelledGPU?.accelerator.name ?? "cpu" },
    obstacle: { _, _ in reason }, wantsFork: always, change: never)

  private static let model = Axis(
    name: "model", summary: "the model that is served; another one is served by a fork",
    members: ModelCatalogue.all.map { Descriptor(name: $0.name, summary: "\($0.layers) layers, \($0.parameterCount / 1_000_000) M parameters", source: "") },
    current: { $0.device.modelledGPU?.model.name ?? $0.device.name },
    obstacle: { _, _ in "keys and values of one model mean nothing to another — fork the run" }, wantsFork: always, change: never)

  private static let tensorParallel = Axis(
    name: "tp", summary: "GPUs that share every layer; another number of them serves a fork", members: [], range: 1...64,
    current: { String($0.device.modelledGPU?.tensorParallel ?? 1) },
    obstacle: { _, _ in reason }, wantsFork: always, change: never)

  private static let pipelineParallel = Axis(
    name: "pp", summary: "stages that share out the layers; another number of them serves a fork", members: [], range: 1...64,
    current: { String(($0.device as? PipelinedGPU)?.stages.count ?? 1) },
    obstacle: { _, _ in reason }, wantsFork: always, change: never)

  private static let reason = "a run keeps its GPUs — fork it"
  private static let always: @Sendable (Engine, Choice) -> Bool = { _, _ in true }
  private static let never: @Sendable (inout Engine, Choice) -> [Settlement] = { _, _ in [] }
}
