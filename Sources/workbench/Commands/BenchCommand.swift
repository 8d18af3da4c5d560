import Analysis
import ArgumentParser
import Core

/// The benchmarks: what is promised, measured here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure what is promised: \(BenchmarkCatalogue.members.map { $0.descriptor.name }.joined(separator: ", ")).")

  @Argument(help: "One benchmark; without it, all.")
  var name: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let chosen = BenchmarkCatalogue.members.filter { name == nil || $0.descriptor.name == name }
    guard !chosen.isEmpty else {
      throw Fault("bench \(name ?? ""): there is no such benchmark; choose \(BenchmarkCatalogue.members.map { $0.descriptor.name }.joined(separator: ", "))")
    }
    #if DEBUG
      complain("workbench: this is a debug build; figures are of interest from `swift run -c release` only")
    #endif
    var results: [JSONValue] = []
    var isMet = true
    for benchmark in chosen {
      if !json { print("\(benchmark.descriptor.name): \(benchmark.descriptor.summary)") }
      for measurement in try benchmark.init().run() {
        if measurement.isMet == false { isMet = false }
        results.append(measurement.json)
        if !json { print("  " + line(measurement)) }
      }
    }
    if json { print(JSONValue([("schema", "workbench.benchmark/1"), ("measurements", .array(results))]).pretty()) }
    if !isMet { throw ExitCode(1) }
  }

  private func line(_ measurement: Measurement) -> String {
    let value = measurement.value >= 1_000 ? Int(measurement.value).grouped : measurement.value.fixed(measurement.value < 10 ? 3 : 1)
    var text = measurement.name.padded(28) + value.padded(leading: 12) + " " + measurement.unit.padded(10)
    switch measurement.target {
    case nil: break
    case .atLeast(let bound): text += "  target at least \(bound >= 1_000 ? Int(bound).grouped : bound.fixed(1))"
    case .atMost(let bound): text += "  target at most \(bound.fixed(1))"
    }
    if let isMet = measurement.isMet { text += isMet ? "  met" : "  NOT MET" }
    return text
  }
}
