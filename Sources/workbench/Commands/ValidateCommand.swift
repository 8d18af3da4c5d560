import Analysis
import ArgumentParser
import Hardware
import Validation

/// Predictions against measurements.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Compare the model's times with measured ones.",
    discussion: """
      --kernels reads tables of measured kernels (what a file holds is told by its header) and prints, for each GPU, \
      kind and number format, the mean, median and 90th percentile of the absolute error and the mean signed error. \
      Benchmarks repeat the same operands: what fits in the cache is predicted to stay there, unlike in serving.
      --hold-out keeps only shapes that no fit has seen: those whose hash is divisible by four.
      """)

  @Option(name: .customLong("kernels"), parsing: .upToNextOption, help: "CSV files of measured kernels.")
  var kernels: [String] = []

  @Flag(help: "Print one JSON object.")
  var json = false

  @Option(help: ArgumentHelp("Exit with status 1 when a mean absolute error is above this.", valueName: "percent"))
  var limit: Double?

  @Flag(help: "Only kernel shapes that were kept out of every fit.")
  var holdOut = false

  @Flag(help: "Model each GPU as if nothing had been measured on it: its datasheet and its class.")
  var classDefaults = false

  func validate() throws {
    guard !kernels.isEmpty else { throw ValidationError("--kernels FILE.csv… is wanted") }
    if let limit, !(limit > 0) { throw ValidationError("--limit \(limit): a percentage above 0 is wanted") }
  }

  func run() throws {
    try validateKernels()
  }

  private func validateKernels() throws {
    var options = KernelValidation.Options()
    options.onlyHeldOut = holdOut
    options.classDefaults = classDefaults
    var validation = KernelValidation(options)
    for path in kernels {
      do {
        try validation.add(try MeasuredTable(file: path, bytes: try Files.bytes(of: path)))
      } catch let error as MeasuredTableError {
        throw Fault("\(error)")
      }
    }
    let report = validation.report
    if json {
      print(report.json.pretty())
    } else {
      print(report.text, terminator: "")
      for line in report.leftOut { complain(line) }
    }
    if let limit {
      let over = report.lines.filter { $0.mean > limit }
      if !over.isEmpty { throw ExitCode(1) }
    }
  }
}
