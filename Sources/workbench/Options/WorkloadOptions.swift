import ArgumentParser
import Workload

/// The options of the workload: which part of a trace, how fast.
struct WorkloadOptions: ParsableArguments {
  @Option(help: "Format of the trace (default: recognised by its content).")
  var format: String?

  @Option(help: "Read so many requests at most.")
  var limit: Int?

  @Option(help: "Leave out so many requests at the start.")
  var skip: Int?

  @Option(help: "Times the request rate of the trace.")
  var rateScale: Double?

  @Option(help: "Arrivals: trace, poisson:RATE, all-at-once.")
  var arrivals: String?

  @Flag(help: "Skip and count bad rows instead of stopping at the first.")
  var lenient = false

  func options(seed: UInt64) throws -> TraceOptions {
    var options = TraceOptions()
    options.format = format
    options.limit = limit
    options.skip = skip ?? 0
    options.rateScale = rateScale ?? 1
    options.lenient = lenient
    options.seed = seed
    guard (limit ?? 0) >= 0 else { throw Fault("--limit \(limit ?? 0): a whole number from 0 on is wanted") }
    guard options.skip >= 0 else { throw Fault("--skip \(options.skip): a whole number from 0 on is wanted") }
    guard options.rateScale > 0, options.rateScale.isFinite else {
      throw Fault("--rate-scale \(options.rateScale): a number above 0 is wanted; 2 doubles the request rate")
    }
    switch arrivals {
    case nil, "trace": options.arrivals = .trace
    case "all-at-once": options.arrivals = .allAtOnce
    case let text?:
      guard text.hasPrefix("poisson:"), let rate = Double(text.dropFirst("poisson:".count)), rate > 0, rate.isFinite else {
        throw Fault("--arrivals \(text): trace, all-at-once or poisson:RATE (requests per second) is wanted")
      }
      options.arrivals = .poisson(ratePerSecond: rate)
    }
    return options
  }

  /// Something was asked that only a file can answer.
  var isDefault: Bool { format == nil && limit == nil && skip == nil && rateScale == nil && arrivals == nil && !lenient }
}
