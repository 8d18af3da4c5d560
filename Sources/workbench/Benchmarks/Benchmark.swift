import Analysis
import Core

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Something whose speed or memory is promised, and the measurement that shows it.
protocol Benchmark: Sendable {
  static var descriptor: Descriptor { get }
  init()
  func run() throws -> [Measurement]
}

/// One measured figure. Times are CPU seconds of this process, so that a busy machine spoils them least.
struct Measurement {
  var name: String
  var value: Double
  var unit: String
  /// What the project promises, in the same unit; nil for a figure that is only shown.
  var target: Target?

  enum Target {
    case atLeast(Double)
    case atMost(Double)
  }

  var isMet: Bool? {
    switch target {
    case nil: nil
    case .atLeast(let bound): value >= bound
    case .atMost(let bound): value <= bound
    }
  }

  var json: JSONValue {
    let bound: Double? =
      switch target {
      case nil: nil
      case .atLeast(let bound), .atMost(let bound): bound
      }
    return [
      "name": .string(name), "value": JSONValue(value), "unit": .string(unit), "target": JSONValue(bound),
      "met": JSONValue(isMet),
    ]
  }
}

/// The benchmarks. Adding one is a file and a line here.
enum BenchmarkCatalogue {
  static let members: [any Benchmark.Type] = [
    EngineBenchmark.self, QueueBenchmark.self, ReaderBenchmark.self, FrameBenchmark.self,
    CPUBenchmark.self, KVFormatBenchmark.self,
  ]
}

/// CPU seconds that this process has used.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The least CPU time of `repeats` runs: what the code costs when nothing else disturbs it.
func leastCPUSeconds(repeats: Int, _ body: () throws -> Void) rethrows -> Double {
  var least = Double.infinity
  for _ in 0..<repeats {
    let start = cpuSeconds()
    try body()
    least = min(least, cpuSeconds() - start)
  }
  return least
}

/// The most memory this process has held, in bytes.
func peakMemory() -> Double {
  var usage = rusage()
  #if canImport(Glibc)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) * 1_024
  #else
    getrusage(RUSAGE_SELF, &usage)
    return Double(usage.ru_maxrss)
  #endif
}
