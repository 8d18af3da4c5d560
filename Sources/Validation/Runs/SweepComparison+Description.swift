import Analysis

extension SweepComparison {
  public var json: JSONValue {
    func object(_ errors: Errors?, _ name: (String, JSONValue)? = nil) -> JSONValue {
      JSONValue(
        (name.map { [$0] } ?? []) + [
          ("count", .integer(errors?.count ?? 0)), ("mean_ape_percent", JSONValue(errors?.mean)),
          ("median_ape_percent", JSONValue(errors?.median)), ("p90_ape_percent", JSONValue(errors?.p90)),
          ("bias_percent", JSONValue(errors?.bias)),
        ])
    }
    return [
      "schema": .string(RunComparison.schema), "name": .string(name), "kind": .string(kind.rawValue),
      "quantity": .string(kind.column), "total": object(errors),
      "groups": .array(groups.map { object($0.errors, ("group", .string($0.name))) }),
      "not_modelled": .array(leftOut.map { ["reason": .string($0.reason), "count": .integer($0.count)] }),
      "rows": .array(
        rows.map {
          ["line": .integer($0.line), "predicted_ms": JSONValue($0.predicted), "measured_ms": JSONValue($0.measured),
            "error_percent": JSONValue($0.percent)]
        }),
    ]
  }

  public var text: String {
    let width = max(24, groups.map(\.name.count).max() ?? 0) + 2
    func line(_ name: String, _ errors: Errors) -> String {
      "  " + name.padded(width) + "\(errors.count)".padded(leading: 6)
        + [errors.mean, errors.median, errors.p90].map { ($0.fixed(1) + " %").padded(leading: 10) }.joined()
        + signedPercent(errors.bias).padded(leading: 10)
    }
    var lines = ["\(name): \(kind.rawValue), \(kind.column) of \(rows.count) rows"]
    let header = "rows".padded(leading: 6) + ["mean", "median", "p90", "bias"].map { $0.padded(leading: 10) }.joined()
    lines.append("  " + "absolute error".padded(width) + header)
    lines += groups.map { line($0.name, $0.errors) }
    if let errors { lines.append(line("all", errors)) }
    for (reason, count) in leftOut { lines.append("  not modelled: \(count) rows: \(reason)") }
    return lines.joined(separator: "\n")
  }
}
