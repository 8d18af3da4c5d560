import Analysis
import Core
import Foundation
import TestSupport
import Testing

@testable import Validation

@Suite("Runs beside measurements")
struct RunComparisonTests {
  static let configuration = """
    {"gpu":"RTX-4090","model":"meta-llama/Llama-3.1-8B","max_num_seqs":null,"num_gpu_blocks":500,"async_scheduling":null}
    """
  static let workload = """
    request_index,arrival_s,input_tokens,output_tokens,shared_prefix_blocks
    1,0.5,40,3,7 8
    0,0.25,40,1,7 8
    """

  static func run(measured: String) throws -> MeasuredRun {
    try MeasuredRun(
      name: "tiny", configuration: Array(configuration.utf8), workload: workload,
      measured: "request_index,frontend_arrival_s,first_token_s,last_token_s\n" + measured)
  }

  @Test("latencies count from the workload's arrival, whatever the front end stamped")
  func stamps() throws {
    let run = try Self.run(measured: "0,0.30,0.35,0.35\n1,0.51,0.6,0.7")
    #expect(run.trace.arrivals.map(\.time) == [.milliseconds(250), .milliseconds(500)])
    #expect(run.latencies[0]?.tpot == nil)
    #expect(abs((run.latencies[0]?.ttft ?? 0) - 0.1) < 1e-9)
    #expect(abs((run.latencies[1]?.tpot ?? 0) - 0.05) < 1e-9)
    #expect(run.trace.arrivals[0].prompt.runs?.map(\.count) == [16, 16, 8])
  }

  @Test("JSON holds exactly the agreed members, and an error for each quantity and statistic")
  func json() throws {
    let comparison = try RunComparison(of: Self.run(measured: "0,0.30,0.35,0.35\n1,0.51,0.6,0.7"))
    guard case .object(let members) = comparison.json else { Issue.record("no object"); return }
    #expect(members.map(\.name) == ["schema", "name", "predicted", "measured", "errors_percent"])
    guard case .object(let errors)? = comparison.json["errors_percent"] else { Issue.record("no errors"); return }
    #expect(
      errors.map(\.name) == ["ttft", "tpot", "e2e"].flatMap { quantity in ["mean", "p50", "p90", "p99"].map { "\(quantity)_\($0)" } })
    #expect(comparison.error(.ttft, .mean) == (comparison.predicted(.ttft, .mean) / comparison.measured(.ttft, .mean) - 1) * 100)
  }

  @Test("what is missing or wrong in a run is said with file and line")
  func faults() {
    #expect(throws: ValidationFault("tiny/measured.csv:1: column last_token_s is missing; the header names request_index, first_token_s")) {
      try MeasuredRun(
        name: "tiny", configuration: Array(Self.configuration.utf8), workload: Self.workload,
        measured: "request_index,first_token_s\n0,1")
    }
    #expect(throws: ValidationFault("tiny/config.json: gpu is missing")) {
      try MeasuredRun(name: "tiny", configuration: Array("{}".utf8), workload: Self.workload, measured: "")
    }
  }

  @Test(
    "real vLLM runs are predicted within their bounds",
    .enabled(if: SharedData.has("measured/e2e"), "no measured runs: set WORKBENCH_SHARED, or lay shared/ beside the repository"),
    arguments: [
      // Percent: mean TTFT, mean and p99 of TPOT and end to end.
      ("rtx4090_llama-3.1-8b", 2.0, 3.0, 3.0), ("rtxpro6000_llama-3.1-8b", 8.0, 3.0, 3.0),
    ])
  func real(name: String, ttft: Double, tpot: Double, e2e: Double) throws {
    let folder = SharedData.root.appendingPathComponent("measured/e2e/\(name)")
    let text = { (file: String) in try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8) }
    let comparison = try RunComparison(
      of: MeasuredRun(
        name: name, configuration: Array(try text("config.json").utf8), workload: try text("workload.csv"),
        measured: try text("measured.csv")))
    #expect(abs(comparison.error(.ttft, .mean)) <= ttft)
    for statistic in [RunComparison.Statistic.mean, .p99] {
      #expect(abs(comparison.error(.tpot, statistic)) <= tpot, "TPOT \(statistic)")
      #expect(abs(comparison.error(.e2e, statistic)) <= e2e, "E2E \(statistic)")
    }
    #expect((comparison.correlation(.e2e) ?? 0) > 0.99)
  }
}
