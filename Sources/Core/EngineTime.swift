/// A moment of engine time counted from the start of the run, or the time
/// between two such moments. Whole nanoseconds, so that sums are exact.
///
/// It moves only when a step says how long it took; it is not wall time.
public struct EngineTime: Hashable, Comparable, Sendable, Codable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  @inlinable public static func nanoseconds(_ count: Int) -> Self { Self(nanoseconds: Int64(count)) }
  @inlinable public static func microseconds(_ count: Int) -> Self { Self(nanoseconds: Int64(count) * 1_000) }
  @inlinable public static func milliseconds(_ count: Int) -> Self { Self(nanoseconds: Int64(count) * 1_000_000) }

  /// Rounded to the nearest nanosecond; outside ±292 years, or not a number, it is clamped (0 for NaN).
  public static func seconds(_ count: Double) -> Self {
    let nanoseconds = (count * 1e9).rounded()
    guard nanoseconds.isFinite || nanoseconds.isInfinite else { return .zero }
    return Self(nanoseconds: Int64(exactly: min(max(nanoseconds, -9.2e18), 9.2e18)) ?? 0)
  }

  /// Later than everything.
  public static let never = EngineTime(nanoseconds: .max)
  public static let zero = Self(nanoseconds: 0)

  @inlinable public var seconds: Double { Double(nanoseconds) / 1e9 }
  @inlinable public var milliseconds: Double { Double(nanoseconds) / 1e6 }

  @inlinable public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
  @inlinable public static func + (left: Self, right: Self) -> Self { Self(nanoseconds: left.nanoseconds + right.nanoseconds) }
  @inlinable public static func - (left: Self, right: Self) -> Self { Self(nanoseconds: left.nanoseconds - right.nanoseconds) }
  @inlinable public static func += (left: inout Self, right: Self) { left = left + right }

  public init(from decoder: any Decoder) throws {
    nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(nanoseconds)
  }
}

/// Engine time, moved only by what a step says it took or by a jump to the next arrival.
public struct EngineClock: Equatable, Sendable, Codable {
  public private(set) var now: EngineTime = .zero

  public init() {}

  public mutating func advance(by duration: EngineTime) {
    require(duration >= .zero, "a step took \(duration.nanoseconds) ns: time cannot run backwards")
    now += duration
  }

  /// Skips idle time; does nothing when `moment` has passed.
  public mutating func jump(to moment: EngineTime) {
    now = max(now, moment)
  }
}
