import Core

/// The digest of a full block's tokens and of everything before it. 0 means none.
public typealias BlockHash = UInt64

/// Which blocks hold which content.
///
/// A hash is chained, so equal hashes mean equal prefixes (64 bits: two of 10⁶
/// different blocks agree by chance once in 4 × 10⁷ runs; vLLM too compares
/// hashes only). Blocks of equal content are not merged: the one that got the
/// content first is the one that is found.
public struct PrefixIndex: Equatable, Sendable {
  /// First holder of each content.
  private var holder: [BlockHash: BlockID] = [:]
  /// Content of each block, 0 for none.
  private var content: [BlockHash]
  /// The next block of equal content, in the order in which they got it; 0 at the end.
  private var nextHolder: [BlockID]
  /// Blocks with content.
  public private(set) var blockCount = 0

  public init(blockCount: Int) {
    content = Array(repeating: 0, count: blockCount)
    nextHolder = Array(repeating: 0, count: blockCount)
  }

  /// Distinct contents that can be found.
  public var contentCount: Int { holder.count }

  public func block(holding hash: BlockHash) -> BlockID? { holder[hash] }
  public func content(of block: BlockID) -> BlockHash { content[Int(block)] }
  public func hasContent(_ block: BlockID) -> Bool { content[Int(block)] != 0 }

  public mutating func insert(_ block: BlockID, holding hash: BlockHash) {
    require(content[Int(block)] == 0, "block \(block) already holds content")
    content[Int(block)] = hash
    blockCount += 1
    guard var last = holder[hash] else {
      holder[hash] = block
      return
    }
    while nextHolder[Int(last)] != 0 { last = nextHolder[Int(last)] }
    nextHolder[Int(last)] = block
  }

  /// Forgets the content of a block that is put to a new use.
  /// - Returns: False when it had none.
  @discardableResult
  public mutating func remove(_ block: BlockID) -> Bool {
    let hash = content[Int(block)]
    guard hash != 0 else { return false }
    content[Int(block)] = 0
    blockCount -= 1
    let following = nextHolder[Int(block)]
    nextHolder[Int(block)] = 0
    guard let first = holder[hash] else { fatalError("block \(block) holds content that cannot be found") }
    if first == block {
      holder[hash] = following == 0 ? nil : following
    } else {
      var before = first
      while nextHolder[Int(before)] != block { before = nextHolder[Int(before)] }
      nextHolder[Int(before)] = following
    }
    return true
  }
}
