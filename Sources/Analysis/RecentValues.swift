import Core

/// The last values of a quantity, for percentiles of what is happening now.
public struct RecentValues: Equatable, Sendable {
  public let limit: Int
  private var values: [EngineTime] = []
  /// Where the oldest is, once `limit` values are held.
  private var oldest = 0

  public init(limit: Int = 512) {
    self.limit = max(1, limit)
  }

  public var count: Int { values.count }

  public mutating func add(_ value: EngineTime) {
    if values.count < limit {
      values.append(value)
    } else {
      values[oldest] = value
      oldest = (oldest + 1) % limit
    }
  }

  /// Exact over the values held; nil without any. Sorts them.
  public var percentiles: Percentiles? { Percentiles(of: values) }

  /// Share of the values held that are above `bound`; nil without any.
  public func share(above bound: EngineTime) -> Double? {
    values.isEmpty ? nil : Double(values.count { $0 > bound }) / Double(values.count)
  }
}
