import Core

/// Where one request's keys and values are: slot → block and offset. The token at position p lies in slot p − dropped.
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
  /// Tokens whose keys and values were given up. What is left is no content that others could use: it has no hashes.
  public internal(set) var dropped: Int32 = 0
  /// Leading blocks before those that were cut out whole; below 0 when there are none, or when tokens were moved too.
  var cutAt: Int32 = -1
  /// Of `fold`; a share of 0 where there is none.
  private var foldShare: Int8 = 0
  private var foldLead: Int32 = 0
  private var foldCount: Int32 = 0
  /// Positions before this were computed while no policy watched, or by others.
  public internal(set) var watchedFrom: Int32 = 0

  public init() {}

  /// How it is folded; nil where all heads have the same tokens.
  public internal(set) var fold: HeadFold? {
    get { foldShare > 0 ? HeadFold(lead: Int(foldLead), folded: Int(foldCount), share: Int(foldShare)) : nil }
    set { (foldLead, foldCount, foldShare) = (Int32(newValue?.lead ?? 0), Int32(newValue?.folded ?? 0), Int8(newValue?.share ?? 0)) }
  }

  /// Tokens were moved: slots are not in the order of positions, or not of all heads.
  public var isScattered: Bool { dropped > 0 && cutAt < 0 }

  /// Positions that were cut out whole, when nothing else was given up.
  public func gap(tokensPerBlock: Int) -> Range<Int> {
    guard dropped > 0, cutAt >= 0 else { return 0..<0 }
    return Int(cutAt) * tokensPerBlock..<Int(cutAt) * tokensPerBlock + Int(dropped)
  }
}
