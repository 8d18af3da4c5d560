import Core
import Hardware

/// Prompts have a fixed part of the SMs, decodes the rest.
struct StaticSplit: SMSplit {
  static let descriptor = Descriptor(
    name: "split-static", summary: "prompts and decodes side by side on SMs of their own, a fixed part each",
    source: "semi-PD (Hong et al., arXiv 2504.19867) without its controller; CUDA MPS, green contexts",
    parameters: [Parameter("prompts", "per cent of the SMs for prompts, to the nearest of ten divisions", range: 1...99, standard: 60)])

  var percent: Int

  init(_ values: [Int]) { percent = values[0] }

  var choice: Choice { Choice(Self.descriptor, [percent]) }

  func promptShare(_ moment: SplitMoment) -> Int { moment.share(nearestTo: Double(percent) / 100) }
}
