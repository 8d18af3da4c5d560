/// A name that is in no catalogue, with the names that come nearest to it.
public struct UnknownName: Error, Equatable, CustomStringConvertible {
  /// What was looked up: "accelerator", "model".
  public let subject: String
  public let name: String
  /// At most three, the nearest first.
  public let nearest: [String]

  public var description: String {
    "no \(subject) is called '\(name)'; the nearest names are \(nearest.joined(separator: ", "))"
  }

  /// - Parameter entries: The name to show for each entry, and all its spellings.
  init(_ name: String, subject: String, entries: [(shown: String, spellings: [String])]) {
    self.subject = subject
    self.name = name
    let wanted = folded(name)
    nearest = entries.enumerated()
      .map { index, entry in
        (entry.spellings.map { distance(wanted, folded($0)) }.min() ?? .max, index, entry.shown)
      }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
      .prefix(3)
      .map(\.2)
  }
}

/// Lower case letters and digits only, so that `RTX 4090`, `rtx_4090` and `Rtx-4090` are one name.
func folded(_ name: String) -> String {
  name.lowercased().filter { $0.isLetter || $0.isNumber }
}

/// Levenshtein's distance, but letters missing at the end of `typed` are cheap: `h10` is near `h100sxm`.
private func distance(_ typed: String, _ name: String) -> Int {
  let name = Array(name)
  var row = Array(0...name.count).map { $0 * 4 }
  for (index, letter) in typed.enumerated() {
    var diagonal = row[0]
    row[0] = (index + 1) * 4
    for column in name.indices {
      let replaced = diagonal + (name[column] == letter ? 0 : 4)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, row[column] + 4, diagonal + 4)
    }
  }
  return row.enumerated().map { $1 + name.count - $0 }.min() ?? 0
}
