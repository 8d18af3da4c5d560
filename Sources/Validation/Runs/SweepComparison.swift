import Analysis
import Hardware

/// A table of benchmarks beside what the engine makes of the same workloads.
public struct SweepComparison: Sendable {
  public struct Row: Sendable {
    public var line: Int
    /// Rows of equal GPU, server, model, format and ranks.
    public var group: String
    /// Milliseconds.
    public var predicted, measured: Double
    /// Above 0 the prediction is slower.
    public var percent: Double { (predicted / measured - 1) * 100 }
  }

  /// Errors of some rows, in percent.
  public struct Errors: Sendable {
    public var count: Int
    public var mean, median, p90, bias: Double

    /// Nil without rows.
    init?(_ rows: [Row]) {
      guard !rows.isEmpty else { return nil }
      let sizes = rows.map { abs($0.percent) }.sorted()
      count = rows.count
      mean = sizes.reduce(0, +) / Double(count)
      median = (sizes[(count - 1) / 2] + sizes[count / 2]) / 2
      p90 = sizes[min(count - 1, Int((0.9 * Double(count)).rounded(.up)) - 1)]
      bias = rows.reduce(0) { $0 + $1.percent } / Double(count)
    }
  }

  public let name: String
  public let kind: SweepTable.Kind
  public let rows: [Row]
  /// Rows left out, by the reason, in order of the reasons' first rows.
  public let leftOut: [(reason: String, count: Int)]

  public init(of table: SweepTable) {
    name = table.name
    kind = table.kind
    var rows: [Row] = []
    var leftOut: [(reason: String, count: Int)] = []
    for row in table.rows {
      do throws(ValidationFault) {
        let predicted = try SweepPrediction(row: row).value()
        let group = "\(row.gpu) ×\(row.tensorParallel) \(row.engine) \(row.model.split(separator: "/").last ?? "") \(row.format.name)"
        rows.append(Row(line: row.line, group: group, predicted: predicted, measured: row.measured))
      } catch {
        if let index = leftOut.firstIndex(where: { $0.reason == error.description }) {
          leftOut[index].count += 1
        } else {
          leftOut.append((error.description, 1))
        }
      }
    }
    self.rows = rows
    self.leftOut = leftOut
  }

  public var errors: Errors? { Errors(rows) }
  /// In order of the groups' first rows.
  public var groups: [(name: String, errors: Errors)] {
    var names: [String] = []
    for row in rows where !names.contains(row.group) { names.append(row.group) }
    return names.compactMap { name in Errors(rows.filter { $0.group == name }).map { (name, $0) } }
  }
}

extension NumberFormat {
  fileprivate var name: String { "\(self)" }
}
