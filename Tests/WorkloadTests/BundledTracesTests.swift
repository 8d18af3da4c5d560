import Core
import Foundation
import Testing

@testable import Workload

@Suite("Bundled traces")
struct BundledTracesTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "traces")

  /// Tokens held at a moment on a simple device: a prompt is read at 10,000 tokens a
  /// second, an answer written at 50, and a request holds all its tokens from arrival to end.
  static func demand(_ trace: Trace, at second: Double) -> (requests: Int, tokens: Int) {
    var requests = 0
    var tokens = 0
    for arrival in trace.arrivals where arrival.time.seconds <= second {
      let reading = Double(arrival.prompt.count) / 10_000
      let written = min(Double(arrival.outputLimit), max(0, second - arrival.time.seconds - reading) * 50)
      if written >= Double(arrival.outputLimit) { continue }
      requests += 1
      tokens += arrival.prompt.count + Int(written)
    }
    return (requests, tokens)
  }

  @Test("each file in traces/ is exactly what its recipe gives", arguments: BundledTraces.all.map(\.name))
  func files(name: String) throws {
    let bundled = try #require(BundledTraces.named(name))
    let path = Self.folder.appending(path: bundled.fileName)
    if ProcessInfo.processInfo.environment["WORKBENCH_WRITE_TRACES"] != nil {
      try Data(bundled.file()).write(to: path)
    }
    let file = Array(try Data(contentsOf: path))
    #expect(file == bundled.file(), "run the tests with WORKBENCH_WRITE_TRACES=1 to write traces/ again")
    #expect(file.count < 1_500_000)
    #expect(try TraceReader.read(file, name: "x").trace == bundled.trace())
    let table = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
    #expect(table.contains(bundled.recipe), "traces/README.md does not hold the recipe of \(name)")
  }

  @Test("the demo asks for sixty to ninety thousand tokens within its first thirty seconds")
  func demoDemand() {
    let trace = BundledTraces.demo.trace()
    let peak = stride(from: 0.0, through: 30, by: 0.25).map { Self.demand(trace, at: $0).tokens }.max() ?? 0
    #expect((60_000...90_000).contains(peak), "\(peak) tokens")
    #expect((120...240).contains(trace.arrivals.last?.time.seconds ?? 0))
  }
}
