import Core

/// Keeps every token and gives up elements: of each token's keys and values of a head, those that are smallest.
///
/// No block goes back to the pool; blocks are smaller instead, and more of them fit. A block is pruned when it is full: the
/// one that a request is filling is its window. The publication's window is the last 32 tokens, of any block; but a prefix
/// that another request reuses has none, and what a text is must not depend on who came before. Larger blocks are larger
/// windows.
public struct MagnitudeSparse: Retention {
  public static let descriptor = Descriptor(
    name: "magnitude-sparse", summary: "every token, but only the largest elements of its keys and values; the block being filled keeps all",
    source: SparseRow.source, parameters: [Parameter(share: "elements", "of a token's head that are kept: 50%", standard: 50)])

  /// Of the elements, 1...100.
  public let percent: Int

  public init(values: [Int]) { percent = -values[0] }
  public var values: [Int] { [-percent] }
  public var format: KVFormat? { .magnitudeSparse(percent: percent) }
  public func order(_ holding: Holding) -> CompactionOrder? { nil }
}
