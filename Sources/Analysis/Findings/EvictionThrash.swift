import Core

/// Cached blocks are evicted, asked for again and computed again: memory is a little too small for what comes back.
///
/// The way out is more memory, host memory behind the cache, or an eviction that knows what is worth keeping.
public struct EvictionThrash: Finding {
  public static let descriptor = Descriptor(
    name: "eviction-thrash", summary: "of 64 or more blocks evicted in 128 steps, as many as a quarter were computed again",
    source: "thrashing: Denning, The Working Set Model for Program Behavior, CACM 11(5), 1968")

  static let window = 128
  static let least = 64

  private var steps = 0
  private var evicted = 0
  private var recomputed = 0
  private var isThrashing = false
  private var cases = 0
  private var recomputedInAll = 0

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    steps += 1
    evicted += Int(evidence.step.evictedBlocks)
    recomputed += Int(evidence.step.recomputedBlocks)
    guard steps == Self.window else { return [] }
    let (evicted, recomputed) = (evicted, recomputed)
    (steps, self.evicted, self.recomputed) = (0, 0, 0)
    let wasThrashing = isThrashing
    isThrashing = evicted >= Self.least && recomputed * 4 >= evicted
    if isThrashing { recomputedInAll += recomputed }
    guard isThrashing, !wasThrashing else { return [] }
    cases += 1
    return [
      "\(recomputed.grouped) blocks that had been evicted were computed again in \(Self.window) steps; \(evicted.grouped) were evicted meanwhile"
    ]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "\(cases.grouped) \(cases == 1 ? "time" : "times") evicted content was asked for again; "
      + "\(recomputedInAll.grouped) blocks were computed again"
  }
}
