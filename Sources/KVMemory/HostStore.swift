import Core

/// Host memory behind the pool, in blocks: what preempted requests are kept in, and contents that may be asked for again.
///
/// A preempted request's blocks are *parked*: they stay until it comes back. Then they become contents, found by
/// their hash like those of the pool; the least recently used is dropped first. All operations are O(1).
public struct HostStore: Equatable, Sendable {
  /// Blocks.
  public private(set) var capacity: Int
  /// False: only preempted requests are kept.
  public package(set) var keepsContents = true {
    didSet { if !keepsContents { dropContents() } }
  }
  /// Contents that the pool evicts come here.
  package var takesEvicted = false
  /// Blocks are kept once more as chunks: by their own tokens, whatever comes before them.
  package var keepsChunks = false
  /// Contents that were copied here from the pool so far, because it evicted them.
  private var spilledEvicted = 0
  private var spilledChunks = 0
  public private(set) var parkedCount = 0
  public private(set) var contentCount = 0

  /// Places by content. Only looked up.
  private var places: [BlockHash: Int32] = [:]
  /// A ring of places, the most recently used after place 0.
  private var content: [BlockHash] = [0]
  private var next: [Int32] = [0]
  private var previous: [Int32] = [0]
  private var freePlaces: [Int32] = []

  public init(capacity: Int) {
    require(capacity >= 0, "host memory of \(capacity) blocks")
    self.capacity = capacity
  }

  public var usedCount: Int { parkedCount + contentCount }
  public func holds(_ hash: BlockHash) -> Bool { places[hash] != nil }

  /// Keeps a content, or marks it as just used.
  /// - Returns: False when there is no room, because all of it is parked.
  @discardableResult
  public mutating func keep(_ hash: BlockHash) -> Bool {
    guard keepsContents else { return false }
    if let place = places[hash] {
      unlink(place)
      link(place)
      return true
    }
    if usedCount >= capacity {
      guard contentCount > 0 else { return false }
      dropOldest()
    }
    let place: Int32
    if let free = freePlaces.popLast() {
      place = free
      content[Int(place)] = hash
    } else {
      place = Int32(content.count)
      content.append(hash)
      next.append(0)
      previous.append(0)
    }
    places[hash] = place
    link(place)
    contentCount += 1
    return true
  }

  /// Takes a content that the pool evicts, if there is room or an older one to make it.
  mutating func spill(_ hash: BlockHash, asChunk: Bool = false) {
    let isHeld = holds(hash)
    guard keep(hash), !isHeld else { return }
    if asChunk { spilledChunks += 1 } else { spilledEvicted += 1 }
  }

  /// What was copied here since this was last asked.
  mutating func takeSpilled() -> (evicted: Int, chunks: Int) {
    defer { (spilledEvicted, spilledChunks) = (0, 0) }
    return (spilledEvicted, spilledChunks)
  }

  /// More or less room; what is parked stays.
  /// - Returns: Contents that had to go.
  mutating func resize(to blocks: Int) -> Int {
    capacity = max(blocks, parkedCount)
    let before = contentCount
    while usedCount > capacity { dropOldest() }
    return before - contentCount
  }

  public mutating func drop(_ hash: BlockHash) {
    guard let place = places.removeValue(forKey: hash) else { return }
    unlink(place)
    freePlaces.append(place)
    contentCount -= 1
  }

  /// Forgets all contents; what is parked stays.
  mutating func dropContents() {
    while contentCount > 0 { dropOldest() }
  }

  private mutating func dropOldest() { drop(content[Int(previous[0])]) }

  /// Makes room for blocks of a preempted request, which the caller has checked to fit beside the other parked ones.
  public mutating func park(_ blocks: Int) {
    require(parkedCount + blocks <= capacity, "\(blocks) blocks are parked where \(parkedCount) of \(capacity) are")
    while usedCount + blocks > capacity { dropOldest() }
    parkedCount += blocks
  }

  public mutating func unpark(_ blocks: Int) {
    require(blocks <= parkedCount, "\(blocks) blocks leave host memory, \(parkedCount) are parked")
    parkedCount -= blocks
  }

  private mutating func link(_ place: Int32) {
    let after = next[0]
    next[Int(place)] = after
    previous[Int(place)] = 0
    previous[Int(after)] = place
    next[0] = place
  }

  private mutating func unlink(_ place: Int32) {
    next[Int(previous[Int(place)])] = next[Int(place)]
    previous[Int(next[Int(place)])] = previous[Int(place)]
  }
}
