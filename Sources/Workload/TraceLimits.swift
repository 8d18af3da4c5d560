/// What a row may say at most. Larger numbers are damage more often than work,
/// and below these no sum in the engine can overflow.
enum TraceLimits {
  /// Tokens of one prompt or of one output.
  static let tokens = 10_000_000
  /// Nanoseconds, about 126 years: room for times counted from 1970.
  static let time: Int64 = 4_000_000_000_000_000_000
  /// Bytes of one line.
  static let line = 32 << 20
  /// Open brackets inside one JSON line.
  static let nesting = 64
  /// Requests of one run.
  static let requests = 100_000_000
  /// Faults kept to be shown; all are counted.
  static let faultsKept = 1_000
}
