import Core

/// The digest of a full block's tokens and of everything before it. 0 means none.
public typealias BlockHash = UInt64

/// Which blocks hold which content.
///
/// A hash is chained, so equal hashes mean equal prefixes (64 bits: two of 10⁶
/// different blocks agree by chance once in 4 × 10⁷ runs; vLLM too compares
/// hashes only). Blocks of equal content are not merged: the one that got the
/// content first is the one that is found.
///
/// The lookup is an open-addressed table of block ids whose keys are the blocks'
/// contents: half the time of a `Dictionary` here, a quarter of its memory, and
/// the same order in every process.
public struct PrefixIndex: Equatable, Sendable {
  /// First holders by content, linearly probed; 0 is an empty place. A power of two, at most half full.
  private var places: [BlockID]
  /// Content of each block, 0 for none.
  private var content: [BlockHash]
  /// The next block of equal content, in the order in which they got it; 0 at the end.
  private var nextHolder: [BlockID]
  // Narrow on purpose: memory is copied where it is passed.

  private var holding: Int32 = 0
  private var distinct: Int32 = 0
  /// Contents that were given up lately, each in the place that its low bits say: a later one takes it.
  private var givenUp: [BlockHash]
  /// Contents that came again after they had been given up.
  public private(set) var returnedCount: Int32 = 0

  public init(blockCount: Int) {
    var size = 4
    while size < 2 * blockCount { size *= 2 }
    places = Array(repeating: 0, count: size)
    content = Array(repeating: 0, count: blockCount)
    nextHolder = Array(repeating: 0, count: blockCount)
    givenUp = Array(repeating: 0, count: min(size, 8_192))
  }

  /// Remembers for a while that a content was evicted.
  mutating func giveUp(_ hash: BlockHash) { givenUp[Int(truncatingIfNeeded: hash) & (givenUp.count - 1)] = hash }

  /// Whether a content was given up lately; it is not any more.
  @discardableResult
  mutating func takeUp(_ hash: BlockHash) -> Bool {
    let place = Int(truncatingIfNeeded: hash) & (givenUp.count - 1)
    if givenUp[place] != hash { return false }
    givenUp[place] = 0
    return true
  }

  /// Forgets all content.
  mutating func removeAll() {
    let returned = returnedCount
    self = PrefixIndex(blockCount: content.count)
    returnedCount = returned
  }

  /// The same contents where they are now: `moved` says of each block's content where it lies, 0 that it is no more.
  func moved(_ moved: [BlockID], blockCount: Int) -> PrefixIndex {
    var index = PrefixIndex(blockCount: blockCount)
    // First holders first, so that what is found stays what is found.
    for isFirst in [true, false] {
      for block in 1..<BlockID(content.count) where content[Int(block)] != 0 && moved[Int(block)] != 0 {
        guard (self.block(holding: content[Int(block)]) == block) == isFirst else { continue }
        index.insert(moved[Int(block)], holding: content[Int(block)])
      }
    }
    index.returnedCount = returnedCount
    for hash in givenUp where hash != 0 { index.giveUp(hash) }
    return index
  }

  /// Blocks with content.
  public var blockCount: Int { Int(holding) }
  /// Distinct contents that can be found.
  public var contentCount: Int { Int(distinct) }

  public func block(holding hash: BlockHash) -> BlockID? {
    let block = places[place(of: hash)]
    return block == 0 ? nil : block
  }

  public func content(of block: BlockID) -> BlockHash { content[Int(block)] }
  @inline(__always)
  public func hasContent(_ block: BlockID) -> Bool { content[Int(block)] != 0 }

  public mutating func insert(_ block: BlockID, holding hash: BlockHash) {
    require(content[Int(block)] == 0, "block \(block) already holds content")
    content[Int(block)] = hash
    holding += 1
    if takeUp(hash) { returnedCount &+= 1 }
    let place = place(of: hash)
    var last = places[place]
    guard last != 0 else {
      places[place] = block
      distinct += 1
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
    let place = place(of: hash)
    let first = places[place]
    require(first != 0, "block \(block) holds content that cannot be found")
    let following = nextHolder[Int(block)]
    if first != block {
      var before = first
      while nextHolder[Int(before)] != block { before = nextHolder[Int(before)] }
      nextHolder[Int(before)] = following
    } else if following != 0 {
      places[place] = following
    } else {
      close(place)
      distinct -= 1
    }
    content[Int(block)] = 0
    nextHolder[Int(block)] = 0
    holding -= 1
    return true
  }

  // MARK: The table

  @inline(__always)
  private func home(of hash: BlockHash) -> Int { Int(truncatingIfNeeded: hash) & (places.count - 1) }

  /// Where a content is, or where it would be put.
  @inline(__always)
  private func place(of hash: BlockHash) -> Int {
    var place = home(of: hash)
    while places[place] != 0, content[Int(places[place])] != hash { place = (place + 1) & (places.count - 1) }
    return place
  }

  /// Empties a place and moves later ones of its run up, so that no probe meets a gap (Knuth, TAOCP 3, 6.4 R).
  private mutating func close(_ emptied: Int) {
    let mask = places.count - 1
    var gap = emptied
    var place = (gap + 1) & mask
    while places[place] != 0 {
      let home = home(of: content[Int(places[place])])
      // It may move when its home does not lie between the gap and itself.
      if (place - home) & mask >= (place - gap) & mask {
        places[gap] = places[place]
        gap = place
      }
      place = (place + 1) & mask
    }
    places[gap] = 0
  }
}
