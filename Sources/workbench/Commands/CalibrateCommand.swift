import Analysis
import ArgumentParser
import Hardware
import Validation

/// A GPU's constants from its own measurements.
struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate", abstract: "Fit the few constants of a GPU to its measured kernels.",
    discussion: """
      Reads the CSV files of a folder whose headers are those of measured matrix products (gpu, dtype, m, n, k, \
      latency_us), layer operators (gpu, dtype, op, tokens, n, k, latency_us) and attention (gpu, batch, q_len, kv_len, \
      heads, kv_heads, head_dim, window, kv_dtype, latency_us), times in µs; other files are passed over. Fits the parts \
      of the datasheet's peak and bandwidth that products and attention reach, and writes them as TOML with the error \
      that remains. The file is used with --calibration.
      """)

  @Option(help: ArgumentHelp("Folder of CSV files.", valueName: "dir"))
  var from: String

  @Option(help: "GPU to calibrate, a name of `list devices`; needed when the files hold several.")
  var device: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; - is standard output.", valueName: "file"))
  var output: String

  func run() throws {
    guard Files.isFolder(from) else { throw Fault("--from \(from): there is no such folder") }
    var tables: [MeasuredTable] = []
    do {
      for name in Files.names(in: from) where name.hasSuffix(".csv") {
        tables.append(try MeasuredTable(file: name, bytes: try Files.bytes(of: from + "/" + name)))
      }
      let calibration = try Calibration.fit(tables, device: device)
      if output == "-" {
        print(calibration.toml, terminator: "")
      } else {
        try Files.write(Array(calibration.toml.utf8), to: output)
        for line in calibration.errors {
          print("\(calibration.device) \(line.group.kind) \(line.group.dtype): \(line.count) rows, mean error \(line.mean.fixed(1)) %, bias \(line.bias.fixed(1)) %")
        }
      }
    } catch let error as Fault {
      throw error
    } catch {
      throw Fault("\(from): \(error)")
    }
  }
}
