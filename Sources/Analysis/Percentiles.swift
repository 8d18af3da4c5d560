import Core

/// How a latency is distributed, in nanoseconds.
///
/// Made from all values it is exact: the value at rank q·(n − 1) of the sorted
/// ones, and between two ranks on the straight line (numpy's default, "linear").
/// Made from a `LatencyHistogram`, mean and max are exact and the rest is within
/// 0.4 % (see there).
public struct Percentiles: Equatable, Sendable {
  public var count: Int
  public var mean, p50, p90, p95, p99, max: Double

  /// Nil without values.
  public init?(of values: [EngineTime]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    count = sorted.count
    mean = Double(sorted.reduce(Int128(0)) { $0 + Int128($1.nanoseconds) }) / Double(count)
    p50 = Self.quantile(0.50, ofSorted: sorted)
    p90 = Self.quantile(0.90, ofSorted: sorted)
    p95 = Self.quantile(0.95, ofSorted: sorted)
    p99 = Self.quantile(0.99, ofSorted: sorted)
    max = Double(sorted[count - 1].nanoseconds)
  }

  /// Nil without values.
  public init?(_ histogram: LatencyHistogram) {
    guard let mean = histogram.mean, let max = histogram.max else { return nil }
    func quantile(_ fraction: Double) -> Double { histogram.quantile(fraction) ?? mean }
    count = histogram.count
    self.mean = mean
    p50 = quantile(0.50)
    p90 = quantile(0.90)
    p95 = quantile(0.95)
    p99 = quantile(0.99)
    self.max = Double(max.nanoseconds)
  }

  /// - Parameter values: in ascending order, at least one.
  public static func quantile(_ fraction: Double, ofSorted values: [EngineTime]) -> Double {
    let (low, high, weight) = ranks(fraction, count: values.count)
    let below = Double(values[low].nanoseconds)
    return below + weight * (Double(values[high].nanoseconds) - below)
  }

  /// The two ranks beside q·(n − 1), and how far it is from the lower to the higher.
  static func ranks(_ fraction: Double, count: Int) -> (low: Int, high: Int, weight: Double) {
    let rank = Swift.min(Swift.max(fraction, 0), 1) * Double(count - 1)
    let low = Int(rank)
    return (low, Swift.min(low + 1, count - 1), rank - Double(low))
  }
}
