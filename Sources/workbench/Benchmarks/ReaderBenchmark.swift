import Core
import Workload

/// A million rows of an Azure trace.
struct ReaderBenchmark: Benchmark {
  static let descriptor = Descriptor(
    name: "reader", summary: "seconds to read a million rows of an Azure trace, in pieces of 1 MiB",
    source: "rows made here, 38 MB")

  func run() throws -> [Measurement] {
    let rows = 1_000_000
    var text = Array("TIMESTAMP,ContextTokens,GeneratedTokens\n".utf8)
    for row in 0..<rows {
      let (minute, second) = (row / 60_000, row / 1_000 % 60)
      let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
      text += "2024-05-10 00:\(two(minute)):\(two(second)).\(1_000 + row % 1_000),\(1 + row % 4_000),\(1 + row % 500)\n".utf8
    }
    let before = peakMemory()
    let seconds = try leastCPUSeconds(repeats: 3) {
      var reader = TraceReader(name: "made", options: TraceOptions())
      try text.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          try reader.feed(UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20)))
          rest = rest.dropFirst(1 << 20)
        }
      }
      let count = try reader.finish().trace.arrivals.count
      guard count == rows else { throw Fault("bench reader: \(count) of \(rows) rows were read") }
    }
    return [
      Measurement(name: "a million rows", value: seconds, unit: "CPU s", target: .atMost(1)),
      Measurement(name: "memory for them", value: (peakMemory() - before) / 1e6, unit: "MB", target: nil),
    ]
  }
}
