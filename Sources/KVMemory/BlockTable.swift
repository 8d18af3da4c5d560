import Core

/// Where one request's keys and values are: position → block and offset.
public struct BlockTable: Equatable, Sendable {
  public internal(set) var blocks: [BlockID] = []
  /// Chained content hashes of the full blocks of all known tokens, computed or not; survives preemption.
  public internal(set) var hashes: [BlockHash] = []
  /// Leading blocks whose content has been made findable.
  var published = 0

  public init() {}
}
