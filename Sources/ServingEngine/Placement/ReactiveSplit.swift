import Core
import Hardware

/// SMs go to the phase that misses its target by more.
///
/// After each window of batches the 90th percentiles of what was promised are compared: TTFT over its target, the time of
/// a decode step over the target between tokens. While both are met nothing moves. Otherwise the phase that is worse off,
/// by a tenth at least, gets the next larger share.
///
/// - Source: semi-PD (Hong et al., arXiv 2504.19867): feedback from the SLO over windows. It also fits how latency falls
///   with SMs to choose how far to go; here each move is one division, and the next window tells whether it was enough.
struct ReactiveSplit: SMSplit {
  static let descriptor = Descriptor(
    name: "split-reactive", summary: "the same, SMs moved to the phase that misses its target by more",
    source: "semi-PD (Hong et al., arXiv 2504.19867)")
  static let needsTargets = true

  /// Batches between two moves.
  static let window = 32

  private var share: Int?
  private var landings = 0
  private var ttft: [Double] = []
  private var tpot: [Double] = []
  /// Divisions to go, below zero towards decodes.
  private var move = 0

  init(_ values: [Int]) {}

  var choice: Choice { Choice(Self.descriptor, []) }

  mutating func promptShare(_ moment: SplitMoment) -> Int {
    let shares = moment.lanes.shares
    let present = share ?? moment.share(nearestTo: 0.5)
    let place = (shares.firstIndex(of: present) ?? 0) + move
    move = 0
    let chosen = shares.isEmpty ? present : shares[min(max(place, 0), shares.count - 1)]
    share = chosen
    return chosen
  }

  mutating func observe(_ landing: SplitLanding) {
    ttft += landing.ttft
    if let time = landing.tpot { tpot.append(time) }
    landings += 1
    guard landings == Self.window else { return }
    let (prompts, decodes) = (Self.high(ttft), Self.high(tpot))
    if max(prompts, decodes) > 1 {
      if prompts > 1.1 * decodes { move = 1 } else if decodes > 1.1 * prompts { move = -1 }
    }
    landings = 0
    ttft.removeAll(keepingCapacity: true)
    tpot.removeAll(keepingCapacity: true)
  }

  /// The 90th percentile; 0 of nothing.
  private static func high(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[(values.count * 9 - 1) / 10]
  }
}
