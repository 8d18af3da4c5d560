import Core
import Hardware
import KVMemory
import Scheduling

/// Policies that take something of every token: what is in memory is converted, as where `--kv-format` is switched.
extension Engine {
  /// How keys and values are kept under a policy.
  func format(with retention: any Retention) -> KVFormat { retention.format ?? kvFormat.stored }

  /// Why keys and values cannot be kept as a policy wants them now; nil when they can.
  func obstacle(toFormatOf retention: any Retention) -> String? {
    if retention.format != nil, kvFormat.stored != .f16 {
      return "elements that are kept are in half precision (--kv-format \(kvFormat.rawValue)) — choose --kv-format f16 first"
    }
    let format = format(with: retention)
    return format == kvFormat ? nil : obstacle(toKVFormat: format)
  }

  /// What a policy that takes something of every token takes for good.
  func warning(before retention: any Retention) -> String? {
    let format = format(with: retention)
    if format == kvFormat { return nil }
    if kvFormat.isLossy, kvFormat != kvFormat.stored { return "elements that were given up stay zero in what is in memory, until it is computed again" }
    return format.isLossy ? "elements of what is in memory are given up; only computing it again brings them back" : nil
  }
}
