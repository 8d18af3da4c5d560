/// A matrix product y[m, n] = x[m, k] · Wᵀ[n, k] with weights read once from memory.
///
/// The output is cut into tiles; tiles (times splits of k) are units of work that go over the SMs.
/// For each tile and split the kernel could use:
///
///     arithmetic = rounds · 2 · tile area · k/split / (efficiency · peak / SMs) + prologue · rounds
///     traffic    = (weights + half the activations) / (efficiency · bandwidth) / min(1, units / units that fill it)
///
/// Both happen together; the library picks the fastest candidate. Median error 6 to 10 % over
/// measured shapes with caches cold.
public struct Gemm: Equatable, Sendable {
  public var columns: Int
  public var depth: Int
  public var weights: NumberFormat

  public init(columns: Int, depth: Int, weights: NumberFormat = .bf16) {
    self.columns = columns
    self.depth = depth
    self.weights = weights
  }

  struct Constants: Equatable, Sendable {
    /// µs around the work.
    var launch: Double
    /// 2·m·n/(m+n) of the tile from which the tensor cores are fed at full rate.
    var fullIntensity: Double
    /// µs at the start of each tile before the pipeline is full.
    var prologue: Double
    /// Part of the SMs whose loads fill the memory bandwidth.
    var fillingPart: Double
    /// Overlap of arithmetic and traffic, see `together`.
    var overlap: Double
    /// µs for adding up the parts when k is split.
    var reduction: Double
    /// 0: rounds are whole; 1: tiles flow from one round into the next.
    var smoothing: Double
    /// Part of the cache's bandwidth that is reached.
    var cacheEfficiency: Double
    /// Part of the tensor peak, and of the memory bandwidth, that is reached.
    var arithmeticEfficiency: Double
    var memoryEfficiency: Double
    /// Nil for 16-bit activations.
    var quantisation: Quantisation?
  }

  /// The kernel that makes narrow activations.
  struct Quantisation: Equatable, Sendable {
    /// µs around the work.
    var launch: Double
    /// Passes over the 16-bit activations.
    var passes: Double
    /// µs for each doubling of the rows beyond 16.
    var doubling: Double
  }

  /// What the kernel takes for `rows` rows.
  ///
  /// - Complexity: 13 tiles × at most 8 splits; about a microsecond. Tabulate it.
  public func estimate(rows: Int, on chip: Chip) -> KernelEstimate {
    let constants = weights == .bf16 ? chip.plainGemm : chip.gemm
    let peak = weights == .bf16 ? chip.tensorRate : chip.weightTensorRate
    let m = Double(rows)
    let n = Double(columns)
    let k = Double(depth)
    let processors = Double(chip.multiprocessors)
    let weightBytes = n * k * weights.bytes
    let activationBytes = m * k * min(2, max(1, weights.bytes)) + 2 * m * n
    let cacheRate = constants.cacheEfficiency * chip.cacheBandwidth
    let streaming = (weightBytes + 0.5 * activationBytes) / (constants.memoryEfficiency * chip.bandwidth)
    let throughCache = (weightBytes + activationBytes) / cacheRate

    var best = (time: Double.infinity, units: 1, compute: 0.0, memory: 0.0)
    for tile in Self.tiles {
      let perTile = ((rows + tile.rows - 1) / tile.rows) * ((columns + tile.columns - 1) / tile.columns)
      let area = Double(2 * tile.rows * tile.columns)
      let intensity = area / Double(tile.rows + tile.columns)
      let rate = constants.arithmeticEfficiency * min(1, intensity / constants.fullIntensity) * peak / processors
      for split in Self.splits where split == 1 || depth / split >= 128 {
        let units = Double(perTile * split)
        let wholeRounds = (units / processors).rounded(.up)
        let rounds = max(1, (1 - constants.smoothing) * wholeRounds + constants.smoothing * units / processors)
        let slice = Double((depth + 64 * split - 1) / (64 * split) * 64)
        let compute = rounds * area * slice / rate + constants.prologue * wholeRounds
        let memory =
          max(streaming / min(1, units / (constants.fillingPart * processors)), throughCache) + constants.prologue
        let adding = split > 1 ? constants.reduction + 4 * m * n * Double(split) / cacheRate : 0
        // `together` is never below its greatest part.
        guard max(compute, memory) + adding < best.time else { continue }
        let time = together(compute, memory, overlap: constants.overlap) + adding
        if time < best.time { best = (time, perTile * split, compute, memory) }
      }
    }
    var preparation = 0.0
    if let quantisation = constants.quantisation, weights != .bf16 {
      preparation =
        quantisation.launch + quantisation.passes * 2 * m * k / chip.bandwidth
        + quantisation.doubling * logarithm2(1 + m / 16)
    }
    return KernelEstimate(
      microseconds: constants.launch + best.time + preparation, launch: constants.launch + preparation,
      operations: 2 * m * n * k, bytes: weightBytes + 0.5 * activationBytes, units: best.units, on: chip,
      tensorRate: peak,
      bound: KernelEstimate.bound(compute: best.compute, memory: best.memory, latency: constants.launch + preparation))
  }

  private static let tiles: [(rows: Int, columns: Int)] = [
    (256, 128), (128, 256), (128, 128), (128, 64), (64, 128), (64, 64), (64, 256), (256, 64), (32, 64), (64, 32),
    (32, 128), (16, 64), (16, 128),
  ]
  private static let splits = [1, 2, 3, 4, 6, 8, 12, 16]
}

extension Gemm.Constants {
  init(_ accelerator: Accelerator, weights: NumberFormat) {
    switch accelerator.tensorIssue {
    case .warpGroup, .tensorMemory:
      self.init(
        launch: 1.3, fullIntensity: 128, prologue: 0.80, fillingPart: 0.515, overlap: 3.28, reduction: 2.7,
        smoothing: 1, cacheEfficiency: 0.35, arithmeticEfficiency: 0, memoryEfficiency: 0)
    case .synchronous:
      self.init(
        launch: 0.3, fullIntensity: 103, prologue: 2.15, fillingPart: 0.05, overlap: 2.5, reduction: 1.6,
        smoothing: 0.17, cacheEfficiency: 0.16, arithmeticEfficiency: 0, memoryEfficiency: 0)
    case .matrixCore:  // The set fitted to all GPUs at once.
      self.init(
        launch: 1.0, fullIntensity: 127, prologue: 1.05, fillingPart: 0.51, overlap: 2.7, reduction: 2.7,
        smoothing: 0.70, cacheEfficiency: 0.36, arithmeticEfficiency: 0, memoryEfficiency: 0)
    }
    let isRTX = accelerator.tensorIssue == .synchronous
    let isBlackwell = accelerator.isDataCentreBlackwell
    switch weights {
    case .bf16:
      arithmeticEfficiency = accelerator.efficiency.gemm
      memoryEfficiency = accelerator.efficiency.memory
    case .fp8:
      (arithmeticEfficiency, memoryEfficiency) = isRTX ? (0.97, 0.92) : isBlackwell ? (0.72, 0.72) : (0.66, 0.79)
      quantisation =
        isRTX
        ? .init(launch: 1.0, passes: 2.9, doubling: 0.61)
        : isBlackwell
          ? .init(launch: 2.6, passes: 9.2, doubling: 0.75) : .init(launch: 1.6, passes: 5.0, doubling: 1.05)
    case .fp4, .mxfp4, .int4:
      (arithmeticEfficiency, memoryEfficiency) = isRTX ? (0.775, 0.74) : (0.475, 0.63)
      quantisation =
        isRTX ? .init(launch: 2.7, passes: 1.4, doubling: 0) : .init(launch: 2.3, passes: 2.3, doubling: 0.14)
    }
  }
}
