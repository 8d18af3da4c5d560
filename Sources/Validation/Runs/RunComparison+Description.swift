import Analysis

extension RunComparison {
  public static let schema = "workbench.validation/1"

  public var json: JSONValue {
    func table(_ unit: String, _ value: (Quantity, Statistic) -> Double) -> [(String, JSONValue)] {
      Quantity.allCases.flatMap { quantity in
        Statistic.allCases.map { ("\(quantity.rawValue)_\($0.rawValue)\(unit)", JSONValue(value(quantity, $0))) }
      }
    }
    let correlations = Quantity.allCases.map { ("\($0.rawValue)_correlation", JSONValue(correlation($0))) }
    return [
      "schema": .string(Self.schema), "name": .string(name),
      "predicted": JSONValue(table("_ms") { predicted($0, $1) * 1e3 } + correlations),
      "measured": JSONValue(table("_ms") { measured($0, $1) * 1e3 }),
      "errors_percent": JSONValue(table("") { error($0, $1) }),
    ]
  }

  /// A line for each quantity and statistic.
  public var text: String {
    var lines = ["\(name): \(summary)"] + remarks.map { "  note: \($0)" }
    lines.append("  " + "".padded(10) + ["predicted", "measured", "error"].map { $0.padded(leading: 12) }.joined())
    for quantity in Quantity.allCases {
      // Tokens are milliseconds apart, answers seconds.
      let (scale, unit) = quantity == .tpot ? (1e3, "ms") : (1, "s ")
      for statistic in Statistic.allCases {
        let label = (statistic == .mean ? quantity.rawValue.uppercased() : "").padded(5) + statistic.rawValue.padded(5)
        let values = [predicted(quantity, statistic), measured(quantity, statistic)].map {
          ($0 * scale).fixed(3).padded(leading: 9) + " " + unit
        }
        let error = error(quantity, statistic)
        lines.append("  " + label + values.joined() + signedPercent(error).padded(leading: 12))
      }
      if let value = correlation(quantity) { lines.append("  " + "".padded(5) + "correlation over requests " + value.fixed(4)) }
    }
    return lines.joined(separator: "\n")
  }
}
