public import Analysis

/// How far predicted kernel times are from measured ones, by GPU, kind and number format.
public struct KernelReport: Sendable {
  public struct Group: Hashable, Sendable {
    public var gpu: String
    /// `gemm`, `attention_decode`, `attention_prefill`, `moe`, `all_reduce`, `layer_gemm`, …
    public var kind: String
    /// Number format; for collectives, whose kernels.
    public var dtype: String

    public init(gpu: String, kind: String, dtype: String) {
      self.gpu = gpu
      self.kind = kind
      self.dtype = dtype
    }
  }

  /// Errors in %, relative to what was measured.
  public struct Line: Equatable, Sendable {
    public var group: Group
    public var count: Int
    /// Of the absolute error.
    public var mean: Double
    public var median: Double
    public var p90: Double
    /// Mean of the signed error; above 0 the prediction is too long.
    public var bias: Double
    /// Rows on which the prediction is under what arithmetic at peak and traffic at full bandwidth take.
    public var underFloor: Int
  }

  private var groups: [Group] = []
  private var indices: [Group: Int] = [:]
  private var errors: [[Double]] = []
  private var floors: [Int] = []
  /// What was left out and why, with the number of rows.
  private var reasons: [String] = []
  private var reasonCounts: [Int] = []

  public init() {}

  mutating func add(_ group: Group, predicted: Double, measured: Double, floor: Double = 0) {
    let index: Int
    if let known = indices[group] {
      index = known
    } else {
      index = groups.count
      indices[group] = index
      groups.append(group)
      errors.append([])
      floors.append(0)
    }
    errors[index].append(predicted / measured - 1)
    // Times are whole nanoseconds.
    if predicted < floor * 0.9999 - 0.001 { floors[index] += 1 }
  }

  mutating func leaveOut(_ reason: String) {
    if let index = reasons.firstIndex(of: reason) {
      reasonCounts[index] += 1
    } else {
      reasons.append(reason)
      reasonCounts.append(1)
    }
  }

  /// Sorted by kind, GPU and format.
  public var lines: [Line] {
    groups.indices.map { index in
      let absolute = errors[index].map { abs($0) * 100 }.sorted()
      let count = Double(absolute.count)
      return Line(
        group: groups[index], count: absolute.count, mean: absolute.reduce(0, +) / count,
        median: Self.quantile(absolute, 0.5), p90: Self.quantile(absolute, 0.9),
        bias: errors[index].reduce(0, +) / count * 100, underFloor: floors[index])
    }.sorted {
      ($0.group.kind, $0.group.gpu, $0.group.dtype) < ($1.group.kind, $1.group.gpu, $1.group.dtype)
    }
  }

  /// `12 rows: why`.
  public var leftOut: [String] { zip(reasons, reasonCounts).map { "\($1) rows left out: \($0)" } }

  /// Linear between neighbours.
  static func quantile(_ sorted: [Double], _ part: Double) -> Double {
    guard let last = sorted.indices.last else { return 0 }
    let position = part * Double(last)
    let lower = Int(position)
    let upper = min(last, lower + 1)
    return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
  }

  public var json: JSONValue {
    [
      "schema": "workbench.validation/1",
      "kernels": .array(
        lines.map { line -> JSONValue in
          [
            "gpu": .string(line.group.gpu), "kind": .string(line.group.kind), "dtype": .string(line.group.dtype),
            "count": .integer(line.count), "mean_ape_percent": Self.rounded(line.mean),
            "median_ape_percent": Self.rounded(line.median), "p90_ape_percent": Self.rounded(line.p90),
            "bias_percent": Self.rounded(line.bias),
          ]
        }),
    ]
  }

  private static func rounded(_ value: Double) -> JSONValue { .number((value * 100).rounded() / 100) }

  public var text: String {
    func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
    func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(1, width - text.count)) + text }
    func figure(_ value: Double) -> String {
      let tenths = Int((abs(value) * 10).rounded())
      return "\(value < 0 && tenths > 0 ? "-" : "")\(tenths / 10).\(tenths % 10)"
    }
    var text = left("kind", 22) + left("GPU", 22) + left("dtype", 13)
    text += right("rows", 7) + right("mean", 8) + right("median", 8) + right("p90", 8) + right("bias", 8) + "  %\n"
    for line in lines {
      text += left(line.group.kind, 22) + left(line.group.gpu, 22) + left(line.group.dtype, 13)
      text += right("\(line.count)", 7)
      for value in [line.mean, line.median, line.p90, line.bias] { text += right(figure(value), 8) }
      if line.underFloor > 0 { text += "  \(line.underFloor) under the physical floor" }
      text += "\n"
    }
    return text
  }
}
