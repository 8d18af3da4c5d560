/// A grouped product that nobody tuned: it cuts everything into tiles of 128 rows and takes each at one pace, full or
/// not, whatever memory and tensor cores could do.
///
/// Seen in measurements of CUTLASS fp8 experts on Hopper: an expert takes as long for one row as for a hundred, and 128 rows
/// take about half as long as 127, for then another kernel is chosen.
extension Experts {
  struct OnePace: Equatable, Sendable {
    static let rows = 128.0

    /// µs between an expert's tile of rows and the next.
    var change: Double
    /// Clock cycles of an SM for 128 × 128 weights against a tile that has fewer rows than it could.
    var partCycles: Double
    /// The same for a full tile.
    var fullCycles: Double
  }

  func estimate(rows: Int, at pace: OnePace, on chip: Chip) -> KernelEstimate {
    let (processors, width) = (Double(chip.multiprocessors), Double(shape.intermediate) / Double(ranks))
    let loads = self.loads(tokens: Double(rows))
    var (full, part) = (0.0, 0.0)
    for run in loads.runs {
      let tiles = (run.rows / OnePace.rows).rounded(.down)
      full += run.experts * tiles
      if run.rows > tiles * OnePace.rows { part += run.experts }
    }
    let weights = 3 * Double(hidden) * width
    let pieces = weights / (128 * 128)
    let working = (part * pace.partCycles + full * pace.fullCycles) * pieces / (processors * chip.clock)
    let between = chip.experts.launch + (part + full) * pace.change
    return KernelEstimate(
      microseconds: between + working, launch: between, operations: loads.rows * 2 * weights, bytes: loads.awake * weights * self.weights.bytes,
      units: max(1, Int((part + full) * pieces)), on: chip, tensorRate: chip.weightTensorRate,
      bound: KernelEstimate.bound(compute: working, memory: 0, latency: between))
  }
}
