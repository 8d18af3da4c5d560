/// What a cell means, never what colour it has: themes decide that.
///
/// A role is one byte, so that a cell is eight. Bytes are given out in three
/// runs: words (`fg.muted`), the 24 request slots, and eight ramps of 16 levels.
public struct Role: Hashable, Sendable {
  public let index: UInt8

  init(_ index: UInt8) { self.index = index }

  /// No role: as a background, whatever lies below; as a foreground, `fg`.
  public static let none = Role(0)

  /// The colour of a request slot. Slots beyond the last start over.
  public static func request(_ slot: Int) -> Role {
    Role(UInt8(firstRequest + ((slot % requestCount) + requestCount) % requestCount))
  }

  /// A step of a ramp, 0 the least and 15 the most. Levels beyond either end are that end.
  public static func ramp(_ ramp: Ramp, _ level: Int) -> Role {
    Role(UInt8(firstRamp + Int(ramp.rawValue) * Ramp.levels + min(max(level, 0), Ramp.levels - 1)))
  }

  /// The step of a ramp for a fraction of its range, 0…1. What is not a number is the least.
  public static func ramp(_ ramp: Ramp, at fraction: Double) -> Role {
    let safe = fraction.isNaN ? 0 : min(max(fraction, 0), 1)
    return self.ramp(ramp, Int(safe * Double(Ramp.levels - 1) + 0.5))
  }

  public static let requestCount = 24
  /// All roles that there are, `none` included.
  public static let count = firstRamp + Ramp.allCases.count * Ramp.levels

  static var firstRequest: Int { words.count }
  static var firstRamp: Int { firstRequest + requestCount }
}

/// A quantity that is shown by shade: each has its own sixteen steps in a theme.
public enum Ramp: UInt8, CaseIterable, Sendable {
  case util, occupancy, latency, age, heat, temperature, power, diverging

  public static let levels = 16
  public var name: String { "ramp.\(self)" }
}
