import Core

/// Where one request's keys and values are: position → block and offset.
public struct BlockTable: Equatable, Sendable {
  public internal(set) var blocks: [BlockID] = []
  /// Chained content hashes of the full blocks of all known tokens, computed or not; survives preemption.
  public internal(set) var hashes: [BlockHash] = []
  /// Leading blocks whose content has been made findable.
  public internal(set) var published = 0
  /// Of each full block, whether host memory held it as a chunk when its request was admitted; empty where none was looked for.
  public internal(set) var chunks: [Bool] = []
  /// Its blocks lie side by side and were taken all at once; it takes no others.
  public internal(set) var isReserved = false

  public init() {}
}
