/// One row that cannot be used, or that was used with a doubt.
public struct TraceFault: Error, Equatable, CustomStringConvertible {
  /// From 1; nil when the fault is not one line's.
  public var line: Int?
  /// The column or key; empty when the whole row is meant.
  public var field: String
  public var problem: String

  public init(line: Int?, field: String = "", problem: String) {
    self.line = line
    self.field = field
    self.problem = problem
  }

  public var description: String {
    (line.map { "line \($0): " } ?? "") + (field.isEmpty ? "" : "\(field): ") + problem
  }
}

/// A trace file that cannot be read: which line and field, what is wrong, the way out. One line of text.
public struct TraceError: Error, Equatable, CustomStringConvertible {
  public enum Problem: Error, Equatable {
    case badRow(TraceFault)
    /// The first line of our own format; without it the rest means nothing.
    case badHeader(TraceFault)
    case emptyFile
    case noHeader
    /// UTF-16, gzip and the like.
    case encoding(String)
    /// What the file begins with.
    case unknownFormat(String)
    /// A `--format` that no catalogue entry has.
    case unknownFormatName(String)
    /// A table whose header or separator does not fit: what was found, what the format expects.
    case columns(found: String, expected: [String], format: String)
    /// Known, but not a list of requests.
    case notAWorkload(what: String, wayOut: String)
    /// A recording of a run: it holds a workload and more, and is opened otherwise.
    case recording
    /// An option that cannot be followed.
    case option(String, String)
    case tooManyRequests
  }

  public let file: String
  public let problem: Problem

  public init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  public var description: String {
    switch problem {
    case .badRow(let fault):
      "\(place(of: fault)) \(fault.problem) — correct the row, or pass --lenient to skip and count such rows"
    case .badHeader(let fault):
      "\(place(of: fault)) \(fault.problem) — write the file again with this version, or correct its first line"
    case .emptyFile:
      "\(file): the file is empty, 0 requests — give a trace, or a generator such as poisson:8"
    case .noHeader:
      "\(file): no header, only blank lines — a trace begins with a line of column names or a JSON object"
    case .encoding(let encoding):
      "\(file): not UTF-8 but \(encoding) — convert it to plain UTF-8 text first"
    case .unknownFormat(let start):
      "\(file): not a known trace, it begins with \(start) — formats: \(TraceFormats.nameList)"
    case .unknownFormatName(let name):
      "\(file): there is no trace format \(name) — formats: \(TraceFormats.nameList)"
    case .columns(let found, let expected, let format):
      "\(file):1: \(found) — \(format) expects the columns \(expected.joined(separator: ", ")), separated by commas"
    case .notAWorkload(let what, let wayOut):
      "\(file): this is \(what), not a list of requests — \(wayOut)"
    case .recording:
      "\(file): this is a recording of a run, not only its workload — open it as a recording"
    case .option(let option, let what):
      "\(file): \(option): \(what)"
    case .tooManyRequests:
      "\(file): more than \(TraceLimits.requests) requests — read a part with a limit"
    }
  }

  private func place(of fault: TraceFault) -> String {
    "\(file):" + (fault.line.map { "\($0):" } ?? "") + (fault.field.isEmpty ? "" : " \(fault.field):")
  }
}
