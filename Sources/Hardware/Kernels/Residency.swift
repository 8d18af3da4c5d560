/// Whether a kernel finds its operands in the last-level cache.
///
/// In serving, weights and KV have been pushed out by the layers between: they come from memory. A benchmark
/// repeats the same operands, and small ones stay.
public enum Residency: Sendable {
  case cold
  case repeated

  /// Part of `bytes` that stays in a cache: all up to `from` of its size, none from `from + over` on.
  static func part(of bytes: Double, in cache: Double, from: Double, over: Double) -> Double {
    min(1, max(0, 1 - (bytes - from * cache) / (over * cache)))
  }
}
