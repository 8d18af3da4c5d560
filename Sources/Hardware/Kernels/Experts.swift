/// The experts of one layer on one rank: routing, sorting tokens by expert, two grouped products, gating, adding up.
///
/// Few tokens wake few experts: of E, each token takes k, so with t tokens E · (1 − (1 − k/E)ᵗ) have work, and
/// only their weights are read. Weights stream while the tensor cores multiply; the rows of activations move
/// before, between and after.
public struct Experts: Equatable, Sendable {
  /// How tokens fall on experts.
  public enum Routing: Equatable, Sendable {
    /// Each token picks its experts at random.
    case random
    /// Shared out as evenly as can be, as a benchmark does it.
    case balanced
    /// Shared out so, but routing keeps the experts of `kept` groups only, as many groups as a token has experts: all tie,
    /// the first are kept, and the places left go to the first experts.
    case groupLimited(kept: Int)
    /// Loads drawn from a density ∝ x to the power of −`exponent`, on the rank with the most loaded expert.
    case powerLaw(exponent: Double)
  }

  public var shape: ModelCard.Experts
  public var hidden: Int
  /// Ranks that share the width of each expert.
  public var ranks: Int
  /// Ranks that share the experts.
  public var expertRanks: Int
  public var weights: NumberFormat
  public var routing: Routing

  public init(
    shape: ModelCard.Experts, hidden: Int, ranks: Int = 1, expertRanks: Int = 1, weights: NumberFormat = .bf16,
    routing: Routing = .random
  ) {
    self.shape = shape
    self.hidden = hidden
    self.ranks = ranks
    self.expertRanks = expertRanks
    self.weights = weights
    self.routing = routing
  }

  /// The library whose kernels run.
  public enum Backend: String, Sendable {
    case triton, cutlass = "flashinfer_cutlass", tensorRT = "flashinfer_trtllm", marlin
  }

  struct Constants: Equatable, Sendable {
    /// µs of its chain of kernels.
    var launch: Double
    var memoryEfficiency: Double
    var arithmeticEfficiency: Double
    var overlap: Double
    /// How often rows of the hidden width, and of the experts' width, move more than they must.
    var hiddenPasses: Double
    var widthPasses: Double
    /// The same for rows that belong to other ranks' experts and are carried along.
    var foreignPasses: Double
    /// Clock cycles that sorting one row holds an SM.
    var cyclesPerRow: Double
    /// Part of the SMs whose loads fill the memory bandwidth.
    var fillingPart: Double
    /// Part of the cache's bandwidth for weights that stayed there.
    var residentEfficiency: Double
    /// Bytes of an activation between the products.
    var activationBytes: Double
    /// Of kernels whose time is that of their tiles alone; nil for the others.
    var onePace: OnePace?
  }

  /// - Parameter residency: `.repeated` lets weights stay in the cache from call to call, as in a benchmark.
  public func estimate(rows: Int, on chip: Chip, residency: Residency = .cold) -> KernelEstimate {
    let constants = chip.experts
    if let pace = constants.onePace { return estimate(rows: rows, at: pace, on: chip) }
    let processors = Double(chip.multiprocessors)
    let tokens = Double(rows)
    let active = Double(shape.active)
    let width = Double(shape.intermediate) / Double(ranks)
    let depth = Double(hidden)
    let loads = self.loads(tokens: tokens)

    let weightBytes = loads.awake * 3 * depth * width * weights.bytes
    let resident =
      residency == .cold ? 0 : Residency.part(of: weightBytes, in: chip.cacheBytes, from: 0.8, over: 0.5)
    let streaming =
      (1 - resident) * weightBytes / (constants.memoryEfficiency * chip.bandwidth)
      + resident * weightBytes / (constants.residentEfficiency * chip.cacheBandwidth)
    let narrow = constants.activationBytes
    let hiddenBytes = loads.rows * (2 + 2 * narrow) * depth + 4 * tokens * depth
    let widthBytes = loads.rows * (4 + 2 * narrow) * width
    let foreign = tokens * active * (1 - 1 / Double(expertRanks)) * (2 * depth + 6 * width)
    let moving =
      (constants.hiddenPasses * hiddenBytes + constants.widthPasses * widthBytes + constants.foreignPasses * foreign)
      / chip.bandwidth
    let sorting = constants.cyclesPerRow * loads.rows / (processors * chip.clock)

    var best = (time: Double.infinity, compute: 0.0, memory: 0.0, units: 1.0)
    for tileRows in [16.0, 32, 64, 128] {
      let intensity = 256 * tileRows / (tileRows + 128)
      let perProcessor = constants.arithmeticEfficiency * min(1, intensity / 128) * chip.weightTensorRate / processors
      let rowTiles = loads.tiles(of: tileRows)
      // Gate and up together give 2 · width columns from `hidden`; down gives `hidden` from width.
      var compute = 0.0
      var fewest = Double.infinity
      for (columns, k) in [(2 * width, depth), (depth, width)] {
        let units = rowTiles * (columns / 128).rounded(.up)
        compute += max(1, (units / processors).rounded(.up)) * 2 * tileRows * 128 * k / perProcessor
        fewest = min(fewest, units)
      }
      let memory = streaming / min(1, fewest / (constants.fillingPart * processors))
      let time = together(compute, memory, overlap: constants.overlap)
      if time < best.time { best = (time, compute, memory, fewest) }
    }
    return KernelEstimate(
      microseconds: constants.launch + best.time + moving + sorting, launch: constants.launch + sorting,
      operations: loads.rows * 6 * depth * width, bytes: (1 - resident) * weightBytes, units: max(1, Int(best.units)),
      on: chip, tensorRate: chip.weightTensorRate,
      bound: KernelEstimate.bound(
        compute: best.compute, memory: best.memory + moving, latency: constants.launch + sorting))
  }

  /// The rows that fall on the experts of one rank.
  struct Loads {
    var rows: Double
    /// Experts with work; below one token, the chance that there is any.
    var awake: Double
    /// Runs of experts with equal loads; for a power law, each expert's.
    var runs: [(rows: Double, experts: Double)]

    /// Tiles of `tileRows` rows.
    func tiles(of tileRows: Double) -> Double {
      var sum = 0.0
      for run in runs { sum += run.experts * (run.rows / tileRows).rounded(.up) }
      return sum
    }
  }

  func loads(tokens: Double) -> Loads {
    let active = Double(shape.active)
    let all = Double(shape.count)
    let local = max(1, (all / Double(expertRanks)).rounded(.down))
    let routed = tokens * active / Double(expertRanks)
    switch routing {
    case .random:
      let missed = active < all ? power(1 - active / all, tokens) : 0
      let awake = min(local * (1 - missed), routed)
      return Loads(rows: routed, awake: awake, runs: [(routed / awake, awake)])
    case .balanced:
      if routed < 1 { return Loads(rows: routed, awake: routed, runs: [(1, routed)]) }
      let base = (routed / local).rounded(.down)
      let more = routed - base * local
      let awake = base > 0 ? local : more
      return Loads(rows: routed, awake: awake, runs: base > 0 ? [(base, local - more), (base + 1, more)] : [(1, more)])
    case .groupLimited(let kept):
      return groupLimitedLoads(tokens: Int(tokens), kept: kept, local: Int(local))
    case .powerLaw(let exponent):
      // Quantiles of the density on [1, 0.8 · tokens]; the rank holds the greatest and an even choice of the rest.
      let low = 1.0
      let high = power(max(1.0001, 0.8 * tokens), 1 - exponent)
      func load(_ quantile: Double) -> Double { power((high - low) * quantile + low, 1 / (1 - exponent)) }
      var sum = 0.0
      for index in 0..<shape.count { sum += load((Double(index) + 0.5) / all) }
      let scale = tokens * active / sum
      var loads = Loads(rows: 0, awake: 0, runs: [])
      for index in 0..<Int(local) {
        let quantile = index == Int(local) - 1 ? 1 - 0.5 / all : (Double(index) + 0.5) / local
        let rows = min(tokens, scale * load(quantile))
        let chance = rows >= 1 ? 1 : 1 - exponential2(-rows * 1.4426950408889634)
        loads.rows += rows
        loads.awake += chance
        loads.runs.append((max(1, rows), chance))
      }
      return loads
    }
  }
}
