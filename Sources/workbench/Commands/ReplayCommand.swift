import ArgumentParser
import Analysis
import Core
import Hardware
import Host
import ServingEngine

/// A recording once more.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Run a recording again; --verify compares the histories.")

  @Argument(help: "A recording made with --record.")
  var recording: String

  @Flag(help: "Exit with status 1 when the history differs from the recorded one.")
  var verify = false

  @Option(help: "Stop when so many steps have been taken.")
  var to: Int?

  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    if let to, to < 0 { throw Fault("--to \(to): a step from 0 on is wanted") }
    let recorded = try open(recording)
    var run = try HeadlessRun(
      recorded.configuration, trace: recorded.trace, commands: recorded.commands, recording: recorded)
    let last = to ?? recorded.end?.step
    let steps = try output.stepsCsv.map(Output.init)
    steps?.write(StepsCSV.header)
    try recorded.configuration.checkOutputs(output.outputs)
    let writer = try output.outputs.map { try OutputsWriter($0, language: run.fleet.instances[0].device.language) }
    try run.advance(to: last) { report in
      steps?.append { StepsCSV.append(report.record, to: &$0) }
      writer?.fold(report)
    }
    try steps?.finish()
    try writer?.finish()
    guard verify else { return try run.finish(output, commands: recorded.commands) }

    guard let end = recorded.end else {
      throw Fault("\(recording): it has no end record, so there is nothing to compare with — it was cut off; record the run again")
    }
    guard to == nil else { throw Fault("--to and --verify: the history is known at the recorded end only — leave one out") }
    let digest = run.fleet.digest
    let agrees = digest == end.digest && run.fleet.stepsTaken == end.step
    if output.json {
      let verdict: JSONValue = [
        "schema": "workbench.verification/1", "agrees": .bool(agrees), "steps": .integer(run.fleet.stepsTaken),
        "recorded_steps": .integer(end.step), "history_digest": .string(digest.description),
        "recorded_digest": .string(end.digest.description),
      ]
      print(verdict.pretty())
    } else if agrees {
      print("\(recording): \(end.step.grouped) steps, digest \(digest): the same history")
    } else {
      complain(
        "workbench: \(recording): another history: \(run.fleet.stepsTaken) steps with digest \(digest), recorded were \(end.step) with \(end.digest)")
    }
    if !agrees { throw ExitCode(1) }
  }
}

/// Opens a recording, or says in one line why it is none.
func open(_ path: String) throws -> Recording {
  let source = try Source(path, WorkloadOptions.parseOrExit([]), seed: 0)
  guard let recording = source.recording else {
    throw Fault("\(path): this is a trace, not a recording — make one with `workbench run \(path) --record FILE`")
  }
  return recording
}
