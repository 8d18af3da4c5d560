import Core

/// Layers divided over the stages of a pipeline.
public enum PipelineStages {
  /// Consecutive layers of each stage: as many for each, and those that are left over one each to the last stages but the
  /// very last, which has the head.
  ///
  /// - Source: vLLM, `get_pp_indices`.
  public static func layers(_ count: Int, stages: Int) -> [Range<Int>] {
    let rest = count % stages
    var first = 0
    return (0..<stages).map { stage in
      let extra = stage < stages - 1 && stages - 1 - stage <= rest ? 1 : 0
      let size = count / stages + extra
      defer { first += size }
      return first..<first + size
    }
  }
}

/// How the activations of a batch go from a stage to the next.
public struct StageLink: Equatable, Sendable {
  /// GB/s of each GPU, one way; nil for the links of a node.
  public var network: Double?

  /// Seconds of a message over a network: two ends and a switch.
  static let networkLatency = 10e-6
  /// Part of a network's rate that messages reach.
  static let networkEfficiency = 0.8

  /// Between the stages of a pipeline of `ranks` GPUs each, in nodes of eight.
  ///
  /// - Parameter network: GB/s of each GPU between all stages; nil takes the links of the node within it and, beyond, the
  ///   network that such GPUs are sold with: 400 Gb/s a GPU from Hopper on, 200 with A100, 100 otherwise (DGX datasheets).
  static func links(_ accelerator: Accelerator, stages: Int, ranks: Int, network: Double?) -> [StageLink] {
    let generation = Int(accelerator.computeCapability.prefix { $0 != "." }) ?? 0
    let sold = generation >= 9 ? 50.0 : accelerator.computeCapability == "8.0" ? 25 : 12.5
    return (1..<max(1, stages)).map { stage in
      StageLink(network: network ?? (stage * ranks % 8 == 0 ? sold : nil))
    }
  }

  /// Hidden states and residual of each token, two bytes a number: each rank of a stage sends its part of them to one of
  /// the next, whose ranks then put them together.
  func estimate(tokens: Int, hidden: Int, ranks: Int, on chip: Chip) -> KernelEstimate {
    let message = 4 * hidden
    var estimate: KernelEstimate
    if let network {
      let bytes = Double(message * tokens) / Double(ranks)
      let latency = Self.networkLatency * 1e6
      let time = latency + bytes / (network * 1e3 * Self.networkEfficiency)
      estimate = KernelEstimate(
        microseconds: time, launch: latency, operations: 0, bytes: 2 * bytes, units: 16, on: chip, tensorRate: 0,
        bound: time > 2 * latency ? .link : .latency)
    } else {
      estimate = Communication(.send, bytesPerRow: Double(message) / Double(ranks), ranks: 2).estimate(rows: tokens, on: chip)
    }
    guard ranks > 1 else { return estimate }
    let gathered = Communication(.allGather, bytesPerRow: Double(message), ranks: ranks).estimate(rows: tokens, on: chip)
    estimate.time += gathered.time
    estimate.bytes += gathered.bytes
    return estimate
  }
}
