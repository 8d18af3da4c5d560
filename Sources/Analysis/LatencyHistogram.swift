import Core

/// Latencies counted in buckets of equal relative width, so that percentiles are at hand in every frame.
///
/// Each doubling is cut into 128 buckets: a bucket is at most 1/128 = 0.78 % of
/// its value wide, and its middle, which stands for what it holds, is off by at
/// most 1/256 = 0.4 %. Below 128 ns buckets are 1 ns. Mean, least and greatest are exact.
/// Storage covers only the range that was seen: 512 bytes a doubling, 4 kB for 10 ms to 2 s.
///
/// - Source: the bucket scheme of HdrHistogram (G. Tene), seven significant bits.
public struct LatencyHistogram: Equatable, Sendable {
  public private(set) var count = 0
  public private(set) var min: EngineTime?
  public private(set) var max: EngineTime?
  private var sum = Int128(0)
  /// `counts[i]` belongs to bucket `first + i`.
  private var counts: [UInt32] = []
  private var first = 0

  public init() {}

  /// Nanoseconds.
  public var mean: Double? { count == 0 ? nil : Double(sum) / Double(count) }

  /// Adds `times` equal values; negative ones count as zero.
  public mutating func add(_ value: EngineTime, times: Int = 1) {
    let value = Swift.max(value, .zero)
    count += times
    sum += Int128(value.nanoseconds) * Int128(times)
    if let least = min, least <= value {} else { min = value }
    if let greatest = max, greatest >= value {} else { max = value }
    let bucket = Self.bucket(of: value.nanoseconds)
    if bucket < first || bucket >= first + counts.count { cover(bucket) }
    counts[bucket - first] &+= UInt32(truncatingIfNeeded: times)
  }

  /// Nanoseconds; linear between ranks as in `Percentiles`; nil without values.
  public func quantile(_ fraction: Double) -> Double? {
    guard count > 0 else { return nil }
    let (low, high, weight) = Percentiles.ranks(fraction, count: count)
    let below = value(atRank: low)
    return below + weight * (value(atRank: high) - below)
  }

  /// Share of values at most `bound`, to within the bucket that holds it; nil without values.
  public func share(upTo bound: EngineTime) -> Double? {
    guard count > 0 else { return nil }
    let last = Self.bucket(of: Swift.max(bound.nanoseconds, 0)) - first
    guard last >= 0 else { return 0 }
    let below = counts.prefix(last + 1).reduce(0) { $0 + Int($1) }
    return Double(below) / Double(count)
  }

  private func value(atRank rank: Int) -> Double {
    guard let min, let max else { return 0 }
    if rank == 0 { return Double(min.nanoseconds) }
    if rank == count - 1 { return Double(max.nanoseconds) }
    var before = 0
    for (index, held) in counts.enumerated() {
      before += Int(held)
      if before > rank {
        return Swift.min(Swift.max(Self.middle(of: first + index), Double(min.nanoseconds)), Double(max.nanoseconds))
      }
    }
    return Double(max.nanoseconds)
  }

  private mutating func cover(_ bucket: Int) {
    let octave = bucket & ~127
    if counts.isEmpty { first = octave }
    if octave < first {
      counts.insert(contentsOf: repeatElement(0, count: first - octave), at: 0)
      first = octave
    }
    let missing = octave + 128 - (first + counts.count)
    if missing > 0 { counts.append(contentsOf: repeatElement(0, count: missing)) }
  }

  /// The top bit and the seven after it.
  private static func bucket(of nanoseconds: Int64) -> Int {
    guard nanoseconds >= 128 else { return Int(nanoseconds) }
    let drop = 56 - nanoseconds.leadingZeroBitCount
    return (drop << 7) + Int(nanoseconds >> Int64(drop))
  }

  private static func middle(of bucket: Int) -> Double {
    guard bucket >= 256 else { return Double(bucket) }
    let drop = (bucket >> 7) - 1
    let low = (bucket - (drop << 7)) << drop
    return Double(low) + Double((1 << drop) - 1) / 2
  }
}
