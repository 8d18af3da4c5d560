/// Multi-head latent attention (DeepSeek): one short vector a token is all that is kept.
///
/// A decode is absorbed: queries are turned into the latent space, so that all heads of a sequence walk the
/// same latent vectors. Traffic is the latent cache once a sequence; work is every head over every vector:
///
///     traffic    = 2 · (rank + rotary) · Σ context / (efficiency · bandwidth)
///     arithmetic = 2 · (2 · rank + rotary) · Σ context · heads↑16 / (efficiency · peak)
///     time       = launch + merge + unit · rounds + together(traffic, arithmetic, walk)
///
/// A chunk of a prompt is plain attention of heads expanded from the latent vectors, with keys of
/// plain + rotary numbers and values of their own width; the expansion is a matrix product of its own.
///
/// Fitted to TensorRT-LLM's kernels with 8 and 64 heads held out. Mean absolute error on those: decode 10 %
/// (H100), 9 % (B200, GB200) with a cold cache; prefill 7 to 8 %. With 32 heads data-centre Blackwell takes half as long
/// again as the same bytes with 16 or 64 heads: a property of that kernel that is not modelled. Other GPUs take
/// Hopper's constants; nothing is measured there.
///
/// - Source: DeepSeek-V2, 2024, section 2.1.3 and appendix C.
public final class LatentAttention: Sendable {
  /// What the decodes of a batch ask of it.
  public struct Load: Equatable, Sendable {
    public var sequences = 0
    /// Query tokens.
    public var tokens = 0
    /// Tokens of all contexts, and of the longest.
    public var contexts = 0
    public var longest = 0
    /// Tiles of 64 query rows; and the sum of tiles × context.
    public var tiles = 0
    public var tileContexts = 0
    /// Sum of context × query rows, rounded up to 16.
    public var packedContexts = 0

    public init() {}
  }

  struct Constants: Equatable, Sendable {
    /// µs around the work, and for adding up the parts when contexts are split.
    var launch: Double
    var merge: Double
    var memoryEfficiency: Double
    var arithmeticEfficiency: Double
    /// µs a tile costs its SM, and for each 128 tokens it walks.
    var unit: Double
    var walk: Double
    var overlap: Double

    var prefillTileRows: Int
    var prefillLaunch: Double
    var prefillMemoryEfficiency: Double
    var prefillArithmeticEfficiency: Double
    var exponentialEfficiency: Double
    var prefillUnit: Double
    var trafficOverlap: Double
    var exponentialOverlap: Double
  }

  public let heads: Int
  public let latent: ModelCard.Latent
  let constants: Constants
  private let chip: Chip
  /// µs one prefill tile needs for 64 tokens of context.
  private let step: Double

  /// - Parameter heads: Of one rank.
  public init(heads: Int, latent: ModelCard.Latent, on chip: Chip, isBlackwell: Bool) {
    self.heads = heads
    self.latent = latent
    self.chip = chip
    constants = isBlackwell ? .tensorMemory : .warpGroup
    let rows = Double(constants.prefillTileRows)
    let rate = constants.prefillArithmeticEfficiency * chip.tensorRate / Double(chip.multiprocessors)
    step =
      64
      * together(
        2 * rows * Double(latent.plain + latent.rotary + latent.value) / rate,
        rows / (chip.exponentialRate * constants.exponentialEfficiency), overlap: constants.exponentialOverlap)
  }

  /// Adds a sequence that computes `tokens` tokens, at the end of `context` ones.
  @inline(__always)
  public func add(tokens: Int, context: Int, to load: inout Load) {
    let rows = (heads * tokens + 15) & ~15
    let tiles = (rows + 63) >> 6
    load.sequences += 1
    load.tokens += tokens
    load.contexts += context
    load.longest = max(load.longest, context)
    load.tiles += tiles
    load.tileContexts += tiles * context
    load.packedContexts += rows * context
  }

  public func decode(_ load: Load) -> KernelEstimate {
    let processors = Double(chip.multiprocessors)
    let bytes = Double(2 * latent.width * load.contexts)
    let operations = Double(2 * (latent.width + latent.rank)) * Double(load.packedContexts)
    let memory = bytes / (constants.memoryEfficiency * chip.bandwidth)
    let compute = operations / (constants.arithmeticEfficiency * chip.tensorRate)
    // Contexts are split down to 256 tokens while SMs are idle, so an SM walks its share of all.
    let walked = max(Double(load.tileContexts) / processors, Double(min(load.longest, 256)))
    let serial = constants.walk / 128 * walked
    let units = constants.unit * max(1, Double(load.tiles) / processors)
    let merge = load.longest >= 512 ? constants.merge : 0
    let time = constants.launch + merge + units + together(memory, compute, serial, overlap: constants.overlap)
    let parts = max(1, min(chip.multiprocessors / max(1, load.tiles), load.longest / 256))
    return KernelEstimate(
      microseconds: time, launch: constants.launch, operations: operations, bytes: bytes, units: load.tiles * parts,
      on: chip, tensorRate: chip.tensorRate,
      bound: KernelEstimate.bound(compute: compute, memory: memory, latency: max(constants.launch + units, serial)))
  }

  /// Adds a sequence that computes `rows` tokens after `history` computed ones.
  @inline(__always)
  public func add(rows: Int, history: Int, to load: inout PrefillAttention.Load) {
    let tile = constants.prefillTileRows
    let tiles = (rows + tile - 1) / tile
    let all = history + rows
    let last = step * Double((all + 63) >> 6) + constants.prefillUnit
    let mean = tiles > 1 ? step * Double((history + (rows + tile) / 2 + 63) >> 6) + constants.prefillUnit : last
    load.units += heads * tiles
    load.work += Double(heads * tiles) * mean
    load.longest = max(load.longest, last)
    let pairs = Double(rows) * Double(history) + Double(rows) * Double(rows + 1) * 0.5
    let numbers = heads * (latent.plain + latent.rotary + latent.value)
    load.operations += 2 * Double(numbers) * pairs
    // Queries and results of the chunk, keys and values of the whole context.
    load.bytes += Double(2 * numbers) * Double(rows + all)
  }

  public func prefill(_ load: PrefillAttention.Load) -> KernelEstimate {
    let queue = PrefillAttention.queued(work: load.work / Double(chip.multiprocessors), longest: load.longest, tail: 1)
    let traffic = load.bytes / (constants.prefillMemoryEfficiency * chip.bandwidth)
    let time = constants.prefillLaunch + together(queue, traffic, overlap: constants.trafficOverlap)
    return KernelEstimate(
      microseconds: time, launch: constants.prefillLaunch, operations: load.operations, bytes: load.bytes,
      units: load.units, on: chip, tensorRate: chip.tensorRate,
      bound: KernelEstimate.bound(compute: queue, memory: traffic, latency: constants.prefillLaunch))
  }
}

extension LatentAttention.Constants {
  static let warpGroup = Self(
    launch: 4.6, merge: 1.1, memoryEfficiency: 1.0, arithmeticEfficiency: 1.0, unit: 9.0, walk: 0.4, overlap: 1.133,
    prefillTileRows: 128, prefillLaunch: 12.9, prefillMemoryEfficiency: 0.68, prefillArithmeticEfficiency: 0.727,
    exponentialEfficiency: 0.622, prefillUnit: 2.37, trafficOverlap: 1.708, exponentialOverlap: 1.379)

  static let tensorMemory = Self(
    launch: 4.5, merge: 1.7, memoryEfficiency: 0.738, arithmeticEfficiency: 1.0, unit: 6.34, walk: 0, overlap: 2.7,
    prefillTileRows: 256, prefillLaunch: 12.1, prefillMemoryEfficiency: 0.866, prefillArithmeticEfficiency: 1.0,
    exponentialEfficiency: 0.525, prefillUnit: 2.0, trafficOverlap: 1.0, exponentialOverlap: 3)
}
