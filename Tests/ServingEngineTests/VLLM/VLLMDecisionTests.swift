import Core
import Foundation
import ServingEngine
import TestSupport
import Testing

@Suite("VLLM decisions")
struct VLLMDecisionTests {
  static let scenarios: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: SharedData.vllmDecisions.path)) ?? []
    return names.filter { name in
      FileManager.default.fileExists(atPath: SharedData.vllmDecisions.appendingPathComponent("\(name)/steps.jsonl").path)
    }.sorted()
  }()

  @Test(
    "every decision of the recorded scheduler is ours, block ids included",
    .enabled(
      if: !scenarios.isEmpty,
      "no recorded decisions: set WORKBENCH_GOLDEN_VLLM to a folder of scenarios, or lay shared/ beside the repository"),
    arguments: scenarios)
  func decisions(name: String) throws {
    let folder = SharedData.vllmDecisions.appendingPathComponent(name)
    try expectAgreement(with: Scenario(folder: folder))
  }
}

/// Replays a scenario and compares every line; stops at the first that differs.
func expectAgreement(with scenario: Scenario) throws {
  let data = try Data(contentsOf: scenario.folder.appendingPathComponent("steps.jsonl"))
  let lines = data.split(separator: UInt8(ascii: "\n"))
  let indices = scenario.requests.map(\.index)
  let decoder = JSONDecoder()
  var engine = scenario.engine()
  for line in lines {
    var expected = try decoder.decode(DecisionLine.self, from: Data(line))
    if expected.idle == true { (expected.hashes, expected.fq) = (nil, nil) }
    guard let report = try engine.step() else {
      Issue.record("\(scenario.folder.lastPathComponent): we stop before step \(expected.step)")
      return
    }
    let actual = DecisionLine(report, after: engine, indices: indices)
    guard actual == expected else {
      Issue.record("\(scenario.folder.lastPathComponent), step \(expected.step):\nvLLM \(expected)\nours \(actual)")
      return
    }
  }
  if scenario.settings.max_steps == nil {
    #expect(engine.isDone, "\(scenario.folder.lastPathComponent): requests are left after the last recorded step")
  }
}
