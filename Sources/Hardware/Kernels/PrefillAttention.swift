public import Core

/// Attention of chunks of prompts: many query rows over the context before and inside the chunk.
///
/// A unit is a tile of query rows of one head; it walks the context block by block, where the
/// tensor cores score while the exponentials of the block before are taken. With more work than SMs
/// the units queue; `queued` says how long that takes. What FlashAttention-2 pays for decodes in the
/// same grid is in `Grid`.
public struct PrefillAttention: Equatable, Sendable {
  /// What a batch asks of it, gathered in one pass with `add`.
  public struct Load: Equatable, Sendable {
    public var units = 0
    /// µs of one SM: all units together, and the longest one.
    public var work = 0.0
    public var longest = 0.0
    public var operations = 0.0
    /// Queries, keys, values and results.
    public var bytes = 0.0
    /// Tokens whose keys and values are written.
    public var tokens = 0
    public var sequences = 0
    /// Tiles of the sequence that has most.
    public var mostTiles = 0
    /// Keys and values of all sequences.
    public var contextBytes = 0.0

    public init() {}

    @inline(__always)
    public static func + (left: Self, right: Self) -> Self {
      var sum = left
      sum.units += right.units
      sum.work += right.work
      sum.longest = max(left.longest, right.longest)
      sum.operations += right.operations
      sum.bytes += right.bytes
      sum.tokens += right.tokens
      sum.sequences += right.sequences
      sum.mostTiles = max(left.mostTiles, right.mostTiles)
      sum.contextBytes += right.contextBytes
      return sum
    }
  }

  struct Constants: Equatable, Sendable {
    /// How decodes in the same batch are carried out.
    enum Mixing: Equatable, Sendable {
      /// Every sequence goes through this kernel, so a decode is a tile of one row.
      case asPrefill
      /// Decodes are packed as ever, in the same launch.
      case oneLaunch
      /// Two kernels, one after the other.
      case apart
    }
    var mixing: Mixing
    /// Query rows of a tile.
    var tileRows: Int
    /// µs around the work.
    var launch: Double
    /// Parts of the tensor peak and of the exponential rate.
    var arithmeticEfficiency: Double
    var exponentialEfficiency: Double
    /// µs each unit costs its SM.
    var unit: Double
    /// Part of the memory bandwidth.
    var memoryEfficiency: Double
    /// Of the queue of units with the traffic, and of scores with exponentials.
    var trafficOverlap: Double
    var exponentialOverlap: Double
    /// Cost of the last units while the others are done, see `queued`.
    var tail: Double
    /// True when the query heads that share a KV head fill a tile together.
    var packs: Bool
    /// Clock cycles of one SM for writing a token's new keys and values: for the token, and for each KV head.
    var cyclesPerToken: Double
    var cyclesPerHead: Double
    /// log₂ of the tokens of a block.
    var blockShift = 6
    /// Nil where decodes never share the grid.
    var grid: Grid?
  }

  /// The grid of FlashAttention-2 when chunks and decodes share it: as many tiles for each head of every sequence as the
  /// longest chunk needs. A decode has work for one of them; the others end as soon as they have begun.
  ///
  /// Heads run one after the other over all sequences, so query heads that share keys find them in the cache only
  /// while they run at the same time or the keys of one head fit; otherwise each reads them from memory again.
  struct Grid: Equatable, Sendable {
    /// Clock cycles for which a tile without work holds its SM.
    var emptyCycles: Double
    /// Parts of the cache up to which keys of a head all stay, and over which they stop to.
    var residentFrom, residentOver: Double
    /// How much more often keys are read than if heads that could share them ran exactly together.
    var drift: Double
  }

  let constants: Constants
  let chip: Chip
  /// Units' heads: query heads, or KV heads where queries are packed; rows of a unit for each token.
  let heads: Int
  let rowsPerToken: Int
  let tileRows: Int
  /// Tokens of a tile.
  private let tileTokens: Int
  var window: Int?
  /// Tiles walk a window's length of keys, but between them they read all.
  var readsAll = false
  /// µs one tile needs for a block of context.
  let step: Double
  private let kvHeads: Int
  let operationsPerPair: Double
  let rowBytes: Double
  let contextBytes: Double
  /// µs for each token written.
  private let writing: Double

  /// - Parameter pageTokens: Tokens in a KV block; FlashAttention-2 is slower through small ones.
  public init(
    heads: Int, kvHeads: Int, headDimension: Int, kvFormat: KVFormat = .f16, window: Int? = nil,
    pageTokens: Int = 16, on chip: Chip
  ) {
    constants =
      kvFormat == .f8 ? chip.narrowPrefillAttention : pageTokens < 64 ? chip.prefillAttention : chip.widePagePrefillAttention
    let reading = KVReading(kvFormat, headDimension: headDimension)
    self.chip = chip
    self.window = window
    rowsPerToken = constants.packs ? (heads + kvHeads - 1) / kvHeads : 1
    self.heads = constants.packs ? kvHeads : heads
    self.kvHeads = kvHeads
    tileRows = constants.tileRows
    tileTokens = max(1, tileRows / rowsPerToken)
    let rows = Double(tileRows)
    let rate = constants.arithmeticEfficiency * chip.tensorRate / Double(chip.multiprocessors)
    step =
      Double(1 << constants.blockShift)
      * together(
        4 * rows * Double(headDimension) / rate, rows / (chip.exponentialRate * constants.exponentialEfficiency),
        overlap: constants.exponentialOverlap)
      + reading.microseconds(tokens: Double(1 << constants.blockShift), headDimension: headDimension, on: chip)
    operationsPerPair = Double(4 * heads * headDimension)
    rowBytes = Double(4 * heads * headDimension)
    contextBytes = Double(2 * kvHeads * headDimension) * reading.bytesPerElement
    writing =
      (constants.cyclesPerToken + constants.cyclesPerHead * Double(kvHeads))
      / (Double(chip.multiprocessors) * chip.clock)
  }

  /// Adds a sequence that computes `rows` tokens after `history` computed ones.
  @inline(__always)
  public func add(rows: Int, history: Int, to load: inout Load) {
    let tiles = (rows * rowsPerToken + tileRows - 1) / tileRows
    let all = history + rows
    var lastWalk = all
    // A causal tile walks up to its own diagonal: on average to the middle of the chunk.
    var meanWalk = tiles > 1 ? history + (rows + tileTokens) / 2 : all
    if let window {
      // Or at most through the window before it.
      let limit = window + tileTokens
      if all > limit {
        lastWalk = limit
        let first = history + tileTokens
        if tiles == 1 || first >= limit {
          meanWalk = limit
        } else {
          let part = Double(limit - first) / Double(max(1, all - first))
          meanWalk = Int(part * Double(first + limit) / 2 + (1 - part) * Double(limit))
        }
      }
    }
    let shift = constants.blockShift
    let rest = (1 << shift) - 1
    let last = step * Double((lastWalk + rest) >> shift) + constants.unit
    let mean = tiles > 1 ? step * Double((meanWalk + rest) >> shift) + constants.unit : last
    load.units += heads * tiles
    load.work += Double(heads * tiles) * mean
    load.longest = max(load.longest, last)
    load.operations += operationsPerPair * pairs(rows: rows, history: history)
    let context = contextBytes * Double(readsAll ? all : min(all, window.map { $0 + rows } ?? all))
    load.bytes += rowBytes * Double(rows) + context
    load.tokens += rows
    load.sequences += 1
    load.mostTiles = max(load.mostTiles, tiles)
    load.contextBytes += context
  }

  /// Query and key pairs that are scored: no window, or full ones after the first tokens.
  @inline(__always)
  private func pairs(rows: Int, history: Int) -> Double {
    let growing: Int
    if let window { growing = min(rows, max(0, window - history)) } else { growing = rows }
    let first = Double(growing)
    return first * Double(history) + first * (first + 1) * 0.5 + Double(rows - growing) * Double(window ?? 0)
  }

  public func estimate(_ load: Load) -> KernelEstimate {
    let processors = Double(chip.multiprocessors)
    var queue = Self.queued(work: load.work / processors, longest: load.longest, tail: constants.tail)
    var traffic = load.bytes / (constants.memoryEfficiency * chip.bandwidth)
    let launch = constants.launch + writing * Double(load.tokens)
    if let grid = constants.grid, load.sequences > 1 {
      if load.units >= chip.multiprocessors {
        // The longest of the last head begins late and ends alone, see `FlashAttention2Decode`; the slope is such that
        // more work never takes less.
        let share = Double(heads) / Double(load.units) + 1 / (2 * processors)
        let left = load.longest - load.work * share / Double(heads)
        let slope = min(1 - Double(heads) / processors, Double(heads) / processors / share)
        queue = max(queue, load.work / processors + max(0, left) * max(0, slope))
      }
      let empty = heads * load.mostTiles * load.sequences - load.units
      queue += Double(empty) * grid.emptyCycles / (processors * chip.clock)
      let group = Double(heads) / Double(kvHeads)
      let passes = min(group, max(1, grid.drift * group / max(1, processors / Double(load.sequences))))
      let lost = 1 - Residency.part(
        of: load.contextBytes / Double(kvHeads), in: chip.cacheBytes, from: grid.residentFrom, over: grid.residentOver)
      traffic += (passes - 1) * lost * load.contextBytes / (constants.memoryEfficiency * chip.bandwidth)
    }
    let work = together(queue, traffic, overlap: constants.trafficOverlap)
    return KernelEstimate(
      microseconds: launch + work, launch: launch, operations: load.operations, bytes: load.bytes, units: load.units,
      on: chip, tensorRate: chip.tensorRate,
      bound: KernelEstimate.bound(compute: queue, memory: traffic, latency: max(constants.launch, constants.unit)))
  }

  /// Time until all units are done, from the work of one SM when it is shared evenly.
  ///
  /// While there is little work the longest unit decides. With more, the SMs are evenly full except for
  /// the last units, whose cost shrinks as their number grows: work + tail · longest² / (4 · work). The least
  /// of that is √tail · longest, at work = √tail · longest / 2; below it the time comes down to one unit's.
  static func queued(work: Double, longest: Double, tail: Double) -> Double {
    let root = tail.squareRoot()
    let least = root * longest / 2
    if work >= least { return max(longest, work > 0 ? work + tail * longest * longest / (4 * work) : 0) }
    return root > 1 ? longest + (root - 1) * longest * work / least : longest
  }
}
