import Analysis
import ArgumentParser
import Core
import Dispatch
import Hardware
import Host
import ServingEngine

/// The same run without a screen.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a trace without a screen.",
    discussion: """
      TRACE is a file in any format of `list formats`, recognised by its content; `-` is standard input; \
      poisson:RATE, gamma:RATE:CV and all-at-once:N make one (see `list generators`).
      """)

  @Argument(help: "A trace, a generator's words, or a recording.")
  var trace: String

  @OptionGroup(title: "Engine") var engine: EngineOptions
  @OptionGroup(title: "Workload") var workload: WorkloadOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  @Option(help: ArgumentHelp("Switch while it runs: lines of STEP AXIS CHOICE.", valueName: "file"))
  var script: String?

  @Option(help: "Exit with status 1 when not every request met its targets: slo.")
  var failOn: String?

  func run() throws {
    if let failOn, failOn != "slo" { throw Fault("--fail-on \(failOn): only slo is known") }
    let source = try Source(trace, workload, seed: engine.seed ?? 0)
    let configuration = try engine.configuration(over: source.recording?.configuration ?? Configuration())
    try configuration.checkOutputs(output.outputs)
    let commands = try script.map(Script.read) ?? []
    source.remarks.forEach(complain)

    var headless = try HeadlessRun(configuration, trace: source.trace, commands: commands)
    try headless.run(output)
    let summary = headless.summary
    if failOn == "slo" {
      guard let attainment = summary.scoreboard.attainment else {
        throw Fault("--fail-on slo: no target is set — give --slo-ttft-ms or --slo-tpot-ms")
      }
      if attainment < 1 { throw ExitCode(1) }
    }
  }
}

extension Configuration {
  func checkOutputs(_ path: String?) throws {
    if path != nil, tokens == nil { throw Fault("--outputs: a modelled GPU has no real tokens — give --device cpu, or --tokens-from") }
  }
}

/// A run from the first arrival to the last token, as fast as the machine can.
struct HeadlessRun {
  let configuration: Configuration
  private(set) var fleet: Fleet
  private(set) var scoreboard: Scoreboard
  private var deviations = DeviationLog()
  private var commands: ArraySlice<PlacedCommand>
  /// What came of each step when it was recorded.
  private let told: [BatchOutcome]
  private var outcomes: [BatchOutcome] = []
  private var wallSeconds = 0.0

  /// - Parameter recording: Its outcomes are told and not computed again, where they are inputs.
  init(_ configuration: Configuration, trace: Trace, commands: [PlacedCommand], recording: Recording? = nil) throws {
    self.configuration = configuration
    do {
      fleet = try configuration.fleet(for: trace, recorded: recording?.device)
    } catch {
      throw Fault(error.description)
    }
    told = recording?.outcomes ?? []
    scoreboard = Scoreboard(slo: configuration.slo)
    self.commands = commands[...]
  }

  var summary: Summary { Summary(scoreboard, deviations, of: fleet, configuration: configuration, wallSeconds: wallSeconds) }

  /// - Parameter last: Stop when so many steps have been taken; nil runs to the end.
  mutating func advance(to last: StepIndex? = nil, each: (StepReport) -> Void = { _ in }) throws {
    let start = DispatchTime.now().uptimeNanoseconds
    defer { wallSeconds += Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }
    while last.map({ fleet.stepsTaken < $0 }) ?? true {
      while let placed = commands.first, placed.step <= fleet.stepsTaken {
        commands.removeFirst()
        do { try fleet.apply(placed.command) } catch { throw Fault("step \(placed.step): \(error)") }
      }
      let report: StepReport?
      let step = fleet.stepsTaken
      do { report = try fleet.step(told: step < told.count ? told[step] : nil) } catch { throw Fault(error.description) }
      guard let report else { return }
      if fleet.outcomesAreInputs { outcomes.append(report.outcome) }
      scoreboard.fold(report.events, report.record, arrivals: fleet.trace.arrivals)
      deviations.fold(report.outcome, report.events, step: report.record.step)
      each(report)
    }
  }

  mutating func run(_ output: OutputOptions) throws {
    let steps = try output.stepsCsv.map(Output.init)
    steps?.write(StepsCSV.header)
    let planned = Array(commands)
    let writer = try output.outputs.map { try OutputsWriter($0, language: fleet.instances[0].device.language) }
    try advance { report in
      steps?.append { StepsCSV.append(report.record, to: &$0) }
      writer?.fold(report)
    }
    try steps?.finish()
    try writer?.finish()
    try finish(output, commands: planned)
  }

  func finish(_ output: OutputOptions, commands: [PlacedCommand]) throws {
    if let path = output.requestsCsv {
      let requests = try Output(path)
      requests.write(RequestsCSV.header)
      for (number, record) in scoreboard.requests.enumerated() {
        requests.append { RequestsCSV.append(record, number: number, to: &$0) }
      }
      try requests.finish()
    }
    if let path = output.record {
      let recording = Recording(configuration: configuration, fleet: fleet, commands: commands, outcomes: outcomes)
      try Files.write(recording.bytes(), to: path)
    }
    let screen = try Output("-")
    screen.write(output.json ? summary.json.pretty() + "\n" : summary.text)
    try screen.finish()
  }
}
