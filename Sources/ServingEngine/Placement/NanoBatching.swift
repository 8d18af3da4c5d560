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

  /// Nano-batches of a batch under a placement; 1 where it is not cut.
  static func parts(_ choice: Choice) -> Int { choice.name == descriptor.name ? choice.values[0] : 1 }
}
