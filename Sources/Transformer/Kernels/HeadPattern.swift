/// Where the weight of a query head lies in long prompts, and so which keys are worth reading.
///
/// ```
/// A-shape          vertical-slash     blocks
/// █                █ █                █
/// ██               ███                █ █
/// █ ██             █ █ ██             ██  █
/// █  ██            █ ██  ██           █  █ █
/// ```
///
/// - Source: Jiang et al. 2024, MInference (arXiv 2407.02490), 3.1.
public enum HeadPattern: Equatable, Hashable, Sendable {
  /// The first keys, and the nearest: four of the latter for one of the former.
  case aShape
  /// Columns that all queries look at and diagonals at some distances: so many quarters of the budget are columns.
  case verticalSlash(columnQuarters: Int)
  /// Blocks anywhere, chosen for each tile of queries.
  case blocks

  /// What a head is tried with, in the order in which equal ones are preferred.
  public static let candidates: [HeadPattern] = [
    .verticalSlash(columnQuarters: 1), .verticalSlash(columnQuarters: 2), .verticalSlash(columnQuarters: 3), .aShape, .blocks,
  ]

  public var name: String {
    switch self {
    case .aShape: "A-shape"
    case .verticalSlash(let quarters): "vertical-slash, \(quarters)/4 columns"
    case .blocks: "blocks"
    }
  }
}
