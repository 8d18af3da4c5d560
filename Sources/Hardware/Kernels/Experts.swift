/// The experts of one layer on one rank: routing, sorting tokens by expert, two grouped products, gating, adding up.
///
/// Tokens fall on experts evenly. Few tokens wake few experts: of E, each token takes k, so with t tokens
/// E · (1 − (1 − k/E)ᵗ) have work, and only their weights are read.
public struct Experts: Equatable, Sendable {
  public var shape: ModelCard.Experts
  public var hidden: Int
  /// Ranks that share the width of each expert.
  public var ranks: Int
  public var weights: NumberFormat

  public init(shape: ModelCard.Experts, hidden: Int, ranks: Int = 1, weights: NumberFormat = .bf16) {
    self.shape = shape
    self.hidden = hidden
    self.ranks = ranks
    self.weights = weights
  }

  struct Constants: Equatable, Sendable {
    /// µs of its chain of kernels.
    var launch: Double
    var memoryEfficiency: Double
    var arithmeticEfficiency: Double
    var overlap: Double
    /// How often activations move more than they must.
    var activationPasses: Double
  }

  public func estimate(rows: Int, on chip: Chip) -> KernelEstimate {
    let constants = chip.experts
    let processors = Double(chip.multiprocessors)
    let tokens = Double(rows)
    let count = Double(shape.count)
    let active = Double(shape.active)
    let width = Double(shape.intermediate) / Double(ranks)
    let depth = Double(hidden)

    let routed = tokens * active
    let missed = active < count ? power(1 - active / count, tokens) : 0
    let awake = min(count * (1 - missed), routed)
    let perExpert = routed / awake
    let rate = chip.bandwidth * constants.memoryEfficiency
    let weightBytes = awake * 3 * depth * width * weights.bytes
    let activationBytes = routed * (4 * depth + 6 * width) + 4 * tokens * depth
    let memory = weightBytes / rate
    let moving = constants.activationPasses * activationBytes / rate

    var compute = Double.infinity
    var units = 1.0
    for tileRows in [16.0, 32, 64, 128] {
      let intensity = 256 * tileRows / (tileRows + 128)
      let perProcessor =
        constants.arithmeticEfficiency * min(1, intensity / 128) * chip.weightTensorRate / processors
      let rowTiles = awake * (perExpert / tileRows).rounded(.up)
      // Gate and up together give 2 · width columns from `hidden`; down gives `hidden` from width.
      var time = 0.0
      var tiles = 0.0
      for (columns, k) in [(2 * width, depth), (depth, width)] {
        let product = rowTiles * (columns / 128).rounded(.up)
        time += max(1, product / processors) * 2 * tileRows * 128 * k / perProcessor
        tiles = max(tiles, product)
      }
      if time < compute { (compute, units) = (time, tiles) }
    }
    let time = constants.launch + together(compute, memory, overlap: constants.overlap) + moving
    return KernelEstimate(
      microseconds: time, launch: constants.launch, operations: routed * 6 * depth * width,
      bytes: weightBytes + activationBytes, units: Int(units), on: chip, tensorRate: chip.weightTensorRate,
      bound: KernelEstimate.bound(compute: compute, memory: memory + moving, latency: constants.launch))
  }
}

extension Experts.Constants {
  init(_ accelerator: Accelerator, weights: NumberFormat) {
    let (launch, memory, arithmetic, overlap, passes): (Double, Double, Double, Double, Double) =
      if accelerator.isDataCentreBlackwell {
        // TensorRT-LLM's kernels.
        switch weights {
        case .bf16: (10, 0.89, 0.37, 3.75, 1.2)
        case .fp8: (14, 1.0, 0.51, 1.6, 1.6)
        case .fp4, .mxfp4, .int4: (15.5, 0.97, 0.64, 1.6, 2.0)
        }
      } else if accelerator.architecture == .blackwellRTX {
        // CUTLASS through FlashInfer. The fit's 1.05 of the bandwidth for fp8 came with warm caches.
        switch weights {
        case .bf16: (3, 0.96, 0.47, 2.9, 1.8)
        case .fp8: (13, 1.0, 0.40, 2.1, 1.6)
        case .fp4, .mxfp4, .int4: (39, 1.0, 0.73, 1.8, 1.3)
        }
      } else {
        // Triton for 16 bit, CUTLASS for 8.
        weights == .bf16 ? (30, 1.0, 0.64, 1.3, 2.4) : (35, 0.85, 0.56, 4.7, 4.6)
      }
    self.init(
      launch: launch, memoryEfficiency: memory, arithmeticEfficiency: arithmetic, overlap: overlap,
      activationPasses: passes)
  }
}
