/// A matrix product y[m, n] = x[m, k] · Wᵀ[n, k] with weights read once from memory.
///
/// The output is cut into tiles; tiles (times splits of k) are units of work that go over the SMs.
/// For each tile and split the kernel could use:
///
///     arithmetic = rounds · 2 · tile area · k/split / (efficiency · peak / SMs) + prologue · rounds
///     traffic    = (weights + part of the activations) / (efficiency · bandwidth) / min(1, units / units that fill it)
///
/// Both happen together; the library picks the fastest candidate. Narrow formats pay for the kernel that
/// makes narrow activations, a block of threads for each row.
///
/// Weights that the tensor cores cannot take as they are become 16-bit numbers on the way to them, in ordinary
/// instructions beside both, once for each row of tiles that meets them:
///
///     widening = tiles above each other · weights · instructions a weight / (64 lanes · SMs · clock)
public struct Gemm: Equatable, Sendable {
  public var columns: Int
  public var depth: Int
  public var weights: NumberFormat
  /// Part of the weights that are zero and not stored: 16-bit ones are loaded sparse and multiplied as if all were there.
  public var zeros: Double

  public init(columns: Int, depth: Int, weights: NumberFormat = .bf16, zeros: Double = 0) {
    self.columns = columns
    self.depth = depth
    self.weights = weights
    self.zeros = zeros
  }

  /// Instructions that widen a packed weight: of four, two masks, two subtractions or multiply-adds and two products with
  /// their scales, each for two numbers at once (Kim et al. 2022, arXiv 2211.10017; MARLIN, arXiv 2408.11743, 3.4).
  private static let instructionsPerPacked = 1.5
  /// And that put a stored weight of a sparse tile into its place: its bit's rank, its load, its address, its store
  /// (Flash-LLM, arXiv 2309.10285, 4.2). Counted from the algorithm, not measured.
  private static let instructionsPerStored = 4.0
  /// Of 32-bit whole numbers, on each SM and clock (CUDA C++ Programming Guide, throughput of native instructions).
  private static let integerLanes = 64.0

  /// The part of the model that is the same for every GPU whose tensor cores are fed the same way.
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
    /// µs for adding up the parts when k is split; nil where the kernels never split it.
    var reduction: Double?
    /// Bytes through the cache for each output of each part.
    var partialBytes: Double
    /// 0: rounds are whole; 1: tiles flow from one round into the next.
    var smoothing: Double
    /// Parts of the cache's bandwidth that are reached, by operands and by weights found there.
    var cacheEfficiency: Double
    var residentEfficiency: Double
    /// How often activations and outputs cross the memory interface.
    var activationPasses: Double
    /// Tiles are cut in steps of so many rows, to share the rows evenly; 0: tiles are what they are.
    var rowStep: Int
    /// Tiles of fewer than 128 rows are taken for at most so many of them, one above the other. In `layer_ops.csv` times
    /// of cuBLAS products step at multiples of 64 rows below 384, at multiples of 128 above.
    var narrowTiles: Int
    /// Row tiles come in groups of so many.
    var cluster: Int
    /// Part of the tensor peak, and of the memory bandwidth, that is reached.
    var arithmeticEfficiency: Double
    var memoryEfficiency: Double
    /// Part of the clock that is lost to the power limit in products that take milliseconds.
    var sustainedLoss: Double
    /// Weights (times this, for the copies a benchmark cycles) that stay in the cache: up to `residentFrom`
    /// of its size all, none above `residentFrom + residentOver`.
    var residentCopies: Double
    var residentFrom: Double
    var residentOver: Double
    /// Nil for 16-bit activations.
    var quantisation: Quantisation?
  }

  /// The kernel that makes narrow activations.
  struct Quantisation: Equatable, Sendable {
    /// µs around the work.
    var launch: Double
    /// Passes over the 16-bit activations.
    var passes: Double
    /// Clock cycles that one row holds an SM.
    var cyclesPerRow: Double
  }

  /// µs after which half of `sustainedLoss` is felt.
  static let settling = 2500.0

  /// What the kernel takes for `rows` rows.
  ///
  /// - Parameter residency: `.repeated` lets weights stay in the cache from call to call, as in a benchmark.
  /// - Complexity: 13 tiles × at most 8 splits; about a microsecond. Tabulate it.
  public func estimate(rows: Int, on chip: Chip, residency: Residency = .cold) -> KernelEstimate {
    let constants = weights == .bf16 ? chip.plainGemm : chip.gemm
    let peak = weights == .bf16 ? chip.tensorRate : chip.weightTensorRate
    let m = Double(rows)
    let n = Double(columns)
    let k = Double(depth)
    let processors = Double(chip.multiprocessors)
    let isWidened = constants.quantisation == nil && weights != .bf16
    let weightBytes = n * k * (zeros > 0 ? WeightFormat.sparseBytes(zeros: zeros) : weights.bytes)
    let activation = isWidened ? 2 : weights == .w4a4 ? 0.5 : min(2, max(1, weights.bytes))
    let activationBytes = m * k * activation + 2 * m * n
    // Packed weights reach the registers as they are stored, so small tiles feed the tensor cores better; sparse ones are
    // dense again in shared memory.
    let fed = isWidened ? weights.bytes / 2 : 1
    let instructions = isWidened ? Self.instructionsPerPacked : zeros > 0 ? Self.instructionsPerStored * (1 - zeros) : 0
    let widening = n * k * instructions / (Self.integerLanes * processors * chip.clock)
    let cacheRate = constants.cacheEfficiency * chip.cacheBandwidth
    let resident =
      residency == .cold
      ? 0
      : Residency.part(
        of: constants.residentCopies * weightBytes + activationBytes, in: chip.cacheBytes,
        from: constants.residentFrom, over: constants.residentOver)
    let bytes = (1 - resident) * weightBytes + constants.activationPasses * activationBytes
    let streaming = bytes / (constants.memoryEfficiency * chip.bandwidth)
    let fetching = resident * weightBytes / (constants.residentEfficiency * chip.cacheBandwidth)
    let throughCache = (weightBytes + activationBytes) / cacheRate

    var best = (time: Double.infinity, units: 1, compute: 0.0, memory: 0.0)
    for tile in Self.tiles {
      var rowTiles = (rows + tile.rows - 1) / tile.rows
      if tile.rows < 128, rowTiles > constants.narrowTiles { continue }
      var tileRows = tile.rows
      if constants.rowStep > 0 {
        let step = constants.rowStep
        tileRows = min(tileRows, ((rows + rowTiles * step - 1) / (rowTiles * step)) * step)
      }
      if constants.cluster > 1 { rowTiles = (rowTiles + constants.cluster - 1) / constants.cluster * constants.cluster }
      let perTile = rowTiles * ((columns + tile.columns - 1) / tile.columns)
      let area = Double(2 * tileRows * tile.columns)
      let intensity = area / (Double(tileRows) + Double(tile.columns) * fed)
      let rate = constants.arithmeticEfficiency * min(1, intensity / constants.fullIntensity) * peak / processors
      for split in Self.splits where split == 1 || depth / split >= 128 {
        if split > 1, constants.reduction == nil { break }
        let units = Double(perTile * split)
        let wholeRounds = (units / processors).rounded(.up)
        let rounds = max(1, (1 - constants.smoothing) * wholeRounds + constants.smoothing * units / processors)
        let slice = Double((depth + 64 * split - 1) / (64 * split) * 64)
        let compute = rounds * area * slice / rate + constants.prologue * wholeRounds
        let memory =
          max(streaming / min(1, units / (constants.fillingPart * processors)) + fetching, throughCache)
          + constants.prologue
        let adding = split > 1 ? (constants.reduction ?? 0) + constants.partialBytes * m * n * Double(split) / cacheRate : 0
        // `together` is never below its greatest part.
        guard max(compute, memory) + adding < best.time else { continue }
        let time = together(compute, memory, widening * Double(rowTiles), overlap: constants.overlap) + adding
        if time < best.time { best = (time, perTile * split, compute, memory) }
      }
    }
    let operations = 2 * m * n * k
    // The longer the tensor cores are busy, the nearer the clock comes to what the power limit sustains.
    let heat = constants.sustainedLoss * min(1, operations / (0.4 * peak * best.time))
    let product = best.time / (1 - heat * best.time / (best.time + Self.settling))
    var preparation = 0.0
    if let quantisation = constants.quantisation, weights != .bf16 {
      preparation =
        quantisation.launch + quantisation.passes * 2 * m * k / chip.bandwidth
        + m * quantisation.cyclesPerRow / (processors * chip.clock)
    }
    return KernelEstimate(
      microseconds: constants.launch + product + preparation, launch: constants.launch + preparation,
      operations: operations, bytes: bytes, units: best.units, on: chip, tensorRate: peak,
      bound: KernelEstimate.bound(compute: best.compute, memory: best.memory, latency: constants.launch + preparation))
  }

  private static let tiles: [(rows: Int, columns: Int)] = [
    (256, 128), (128, 256), (128, 128), (128, 64), (64, 128), (64, 64), (64, 256), (256, 64), (32, 64), (64, 32),
    (32, 128), (16, 64), (16, 128),
  ]
  private static let splits = [1, 2, 3, 4, 6, 8, 12, 16]
}
