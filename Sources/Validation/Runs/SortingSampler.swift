import Core
import Hardware

/// A device whose sampler sorts every row of logits.
///
/// vLLM's servers sample as the model's `generation_config.json` says (top-k and top-p for Llama and Qwen) unless a
/// client asks otherwise, and until 2026 they did it by sorting all logits in PyTorch. Replays of workloads that ask
/// for the likeliest token do not pay for it.
struct SortingSampler: Device {
  /// Source: vLLM pull requests 32558 and 40376, PyTorch columns: 256 rows of 131,072 logits in 3.8 ms, 128 of 32,768
  /// in 0.66 ms, 512 of 32,768 in 1.7 ms: 0.10 to 0.16 ns for each.
  static let nanosecondsPerLogit = 0.15

  var device: ModelledGPU

  var name: String { device.name }
  var isModelled: Bool { true }
  func kernels(of batch: Batch) -> [KernelRun] { device.kernels(of: batch) }

  mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    var outcome = try device.execute(batch)
    let logits = Double(batch.slots.count * device.model.vocabulary)
    outcome.duration += EngineTime(nanoseconds: Int64(logits * Self.nanosecondsPerLogit))
    return outcome
  }
}
