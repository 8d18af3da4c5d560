import Analysis
import ArgumentParser
import Core
import Validation

/// Predictions beside measurements.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Compare predictions with measurements of real servers.",
    discussion: """
      DIR holds config.json, workload.csv and measured.csv of a run: it is replayed with the run's own settings, and \
      the latencies of its requests are compared. --sweep takes tables of serving benchmarks, recognised by their header.
      """)

  @Argument(help: ArgumentHelp("Folders of measured runs.", valueName: "dir"))
  var folders: [String] = []

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Tables of closed-loop, open-loop or static-batch benchmarks.", valueName: "file"))
  var sweep: [String] = []

  @Option(help: "Milliseconds that a step of a replayed run costs beside its kernels (default 0.3).")
  var hostMs: Double?

  @Option(help: "Write the steps of the replays, one row a step; - for standard output.")
  var stepsCsv: String?

  @Flag(help: "Print JSON, one object for each comparison.")
  var json = false

  @Option(help: "Exit with status 1 when an error is above so many percent.")
  var limit: Double?

  func run() throws {
    guard !folders.isEmpty || !sweep.isEmpty else { throw Fault("validate: a folder of a run is wanted, or --sweep FILE") }
    var worst = try validateRuns()
    worst = max(worst, try validateSweeps())
    if let limit, worst > limit { throw ExitCode(1) }
  }
}
