import Core

/// A way of writing requests into a file, and how a line of it is read.
protocol TraceFormat: Sendable {
  static var descriptor: Descriptor { get }
  /// What the first line must name: columns of a table, or keys of a JSON object (any two of them tell the format).
  static var required: [String] { get }
  static var layout: TraceLayout { get }
  /// True when the zero of the file is the zero of the run, so that times are left alone.
  static var keepsTimes: Bool { get }
  init()
  /// Reads one line that is not blank.
  mutating func read(_ line: UnsafeRawBufferPointer, _ context: inout RowContext) throws(RowFault) -> RowOutcome
  /// Takes the header of a table.
  mutating func open(_ columns: ColumnMap)
  /// What remains to be said when all lines are read.
  func finish(_ context: inout RowContext)
}

enum TraceLayout: Sendable { case table, lines }

extension TraceFormat {
  static var keepsTimes: Bool { false }
  mutating func open(_ columns: ColumnMap) {}
  func finish(_ context: inout RowContext) {}
}

/// The formats that can be read, in the order in which content is tried.
public enum TraceFormats {
  static let all: [any TraceFormat.Type] = [
    WorkloadFormat.self, AzureFormat.self, BurstGPTFormat.self, BLISFormat.self,
    QwenFormat.self, MooncakeFormat.self, LLMServingSimFormat.self,
  ]

  public static let catalogue: [Descriptor] = all.map { $0.descriptor }

  static var nameList: String { catalogue.map(\.name).joined(separator: ", ") }

  static func named(_ name: String) -> (any TraceFormat.Type)? {
    all.first { $0.descriptor.name == name }
  }
}
