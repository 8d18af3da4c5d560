extension Chip {
  /// What of a chip the kernels of one stream may use.
  struct Share: Equatable, Sendable {
    var multiprocessors: Int
    /// Part of the memory bandwidth within their reach, 0...1.
    var bandwidthPart: Double
  }

  /// Part of the memory bandwidth that `count` of `total` SMs draw when nobody else draws any: 1 − (1 − s)^3.2
  /// for a part s of the SMs.
  ///
  /// An SM can have more loads in flight than its even share of the bandwidth needs, so few SMs draw much; the
  /// last ones add little. Published points, and what the curve says:
  ///
  ///     part of the SMs      0.24   0.36   0.40   0.48   0.61   0.73
  ///     decode attention                   0.80                        A100, NanoFlow
  ///     a decode step        0.75   0.83          0.92   0.93   0.94   H200, green contexts
  ///     curve                0.58   0.76   0.80   0.88   0.95   0.98
  ///
  /// A decode step also waits for launches, which fewer SMs do not lengthen, so it falls less than its traffic does.
  ///
  /// - Source: Zhu et al. 2025, "NanoFlow", OSDI, section 4.1 (decode attention with 0.4 of the GPU reaches 0.8);
  ///   sgl-project/sglang-omni pull request 1934 (time on 32 … 96 of 132 SMs over time on all).
  static func bandwidthPart(of count: Int, in total: Int) -> Double {
    1 - power(max(0, 1 - Double(count) / Double(total)), 3.2)
  }

  /// The same chip as kernels see it that may use a share of it; all of it for nil.
  ///
  /// Arithmetic goes with the SMs, the way to the cache as the way to memory. A kernel of few units draws what it would draw on the whole
  /// chip, as long as that is within reach.
  func limited(to share: Share?) -> Chip {
    guard let share else { return self }
    var chip = self
    let part = Double(share.multiprocessors) / Double(multiprocessors)
    chip.multiprocessors = share.multiprocessors
    chip.tensorRate *= part
    chip.weightTensorRate *= part
    // Loads in flight limit an SM's way to the cache as they limit its way to memory; they are far below 64 bytes a clock.
    chip.cacheBandwidth *= Self.bandwidthPart(of: share.multiprocessors, in: multiprocessors)
    chip.bandwidth *= share.bandwidthPart
    let filling = share.bandwidthPart / part
    chip.gemm.fillingPart *= filling
    chip.plainGemm.fillingPart *= filling
    chip.decodeAttention.fillingPart *= filling
    chip.narrowDecodeAttention.fillingPart *= filling
    chip.experts.fillingPart *= filling
    return chip
  }
}

extension Accelerator {
  /// Numbers of SMs into which the driver divides this GPU (green contexts), from the least to all but the least.
  ///
  /// - Source: CUDA driver API, green contexts: from compute capability 9.0 on 8 SMs and multiples of 8, before 4 and
  ///   multiples of 2.
  public var divisions: [Int] {
    let (least, step) = (Int(computeCapability.prefix { $0 != "." }) ?? 0) >= 9 ? (8, 8) : (4, 2)
    return Array(stride(from: least, through: multiprocessors - least, by: step))
  }
}
