import Core
import Hardware

/// Batches are cut into nano-batches whose operators run side by side: `NanoBatchedGPU` does it, and the scheduler knows
/// nothing of it. A switch changes how the next batch is carried out and moves no request.
enum NanoBatching {
  static let descriptor = Descriptor(
    name: "nano-batch",
    summary: "a batch cut into N at most: products, decode attention and collectives of different ones side by side",
    source: "NanoFlow (Zhu et al., OSDI 2025)",
    parameters: [Parameter("N", "nano-batches of a batch at most; fewer or none where that takes less", range: 2...4, standard: 2)])

  static func choice(_ parts: Int) -> Choice { Choice(descriptor, [parts]) }

  /// Why a device cannot do it; nil when it can.
  static func obstacle(_ device: any Device) -> String? {
    if device.nanoBatched(2) != nil { return nil }
    return device.isModelled && device.modelledGPU?.isProfiled == true
      ? "the times of a profile are those of the whole GPU — leave --profile out"
      : "\(device.name) has no SMs to divide — choose a modelled GPU"
  }
}
