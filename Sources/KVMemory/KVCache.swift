import Core

/// The one owner of KV memory: the pool, what its blocks hold, and the tables of the requests.
///
/// ```
/// | hit  | computed earlier |  this step  | look-ahead |        free         |
/// 0      h                  c             n            s     end of the last block
/// ```
///
/// Blocks are taken when a token (or draft, or look-ahead slot) falls into them,
/// not before. Tables are numbered by the slots of the request table.
///
/// Follows vLLM V1 (`vllm/v1/core`), block id for block id; the recorded
/// decisions of the real one are the test.
public struct KVCache: Equatable, Sendable {
  public let tokensPerBlock: Int
  /// False: contents are neither published nor looked up.
  public private(set) var reusesPrefixes: Bool
  /// At most one, and in an array so that a cache without it stays small: it is copied where it is passed.
  private var hosts: [HostStore] = []
  /// Likewise; empty where the least recently released goes first, which is the order of the pool's free list.
  private var orders: [ValueOrder] = []
  /// Tokens after a block that its hash covers too (vLLM's EAGLE drafts read one ahead).
  public let hashLookahead: Int

  public private(set) var pool: BlockPool
  public private(set) var index: PrefixIndex
  public internal(set) var tables: [BlockTable] = []
  /// Contents forgotten so far because their block was put to a new use.
  public private(set) var evictions = 0
  /// Contents computed again so far after they had lately been evicted.
  public var recomputations: Int32 { index.returnedCount }
  /// Blocks that tables name; a shared block counts once for each.
  public private(set) var heldCount = 0

  public init(blockCount: Int, tokensPerBlock: Int, reusesPrefixes: Bool, hashLookahead: Int = 0) {
    self.tokensPerBlock = tokensPerBlock
    self.reusesPrefixes = reusesPrefixes
    self.hashLookahead = hashLookahead
    pool = BlockPool(blockCount: blockCount)
    index = PrefixIndex(blockCount: blockCount)
  }

  /// Free blocks whose content could still be reused. O(1): content in use is content of used blocks.
  public private(set) var cachedFreeCount = 0

  @inline(__always)
  public func blocks(for tokens: Int) -> Int { (tokens + tokensPerBlock - 1) / tokensPerBlock }

  // MARK: Tables

  /// Makes sure that tables 0 ..< count exist.
  public mutating func makeTables(count: Int) {
    while tables.count < count { tables.append(BlockTable()) }
  }

  // MARK: Content

  /// What a lookup found: leading blocks, and how many of them are free now.
  public struct Match: Equatable, Sendable {
    public var blocks: Int = 0
    public var freeBlocks: Int = 0
    public init() {}
  }

  /// The longest findable prefix of the table's content, at most `limit` blocks.
  public func match(_ table: Int, limit: Int) -> Match {
    var match = Match()
    guard reusesPrefixes else { return match }
    for hash in tables[table].hashes.prefix(limit) {
      guard let block = index.block(holding: hash) else { break }
      match.blocks += 1
      if pool.isFree(block) { match.freeBlocks += 1 }
    }
    return match
  }

  /// One block less, as EAGLE's drafts need the last hit block computed again.
  public func shortened(_ match: Match, of table: Int) -> Match {
    guard match.blocks > 0 else { return match }
    var shorter = match
    shorter.blocks -= 1
    if let block = index.block(holding: tables[table].hashes[shorter.blocks]), pool.isFree(block) {
      shorter.freeBlocks -= 1
    }
    return shorter
  }

  // MARK: Allocation

  /// Blocks that hold the first `tokens` of a table's request, without those that were given up.
  @inline(__always)
  public func blocks(of table: Int, for tokens: Int) -> Int { blocks(for: tokens - Int(tables[table].dropped)) }

  /// Blocks that must leave the free list so that the table can hold a request's first `slots` tokens after taking over
  /// `match`.
  @inline(__always)
  public func need(of table: Int, slots: Int, match: Match = Match()) -> Int {
    max(0, blocks(of: table, for: slots) - tables[table].blocks.count - match.blocks) + match.freeBlocks
  }

  /// Takes over the blocks of `match`, then new ones, until the table can hold `slots` tokens.
  /// The caller has checked `need` against `pool.freeCount`.
  /// - Returns: How many new blocks were taken.
  @discardableResult
  public mutating func allocate(_ table: Int, slots: Int, match: Match = Match(), into taken: inout [BlockID]) -> Int {
    if match.blocks > 0 {
      for position in 0..<match.blocks {
        guard let block = index.block(holding: tables[table].hashes[position]) else {
          fatalError("a matched block of table \(table) was lost before it could be taken over")
        }
        if pool.isFree(block) {
          cachedFreeCount -= 1
          if !orders.isEmpty { orders[0].take(block, isEvicted: false) }
        }
        pool.retain(block)
        tables[table].blocks.append(block)
        taken.append(block)
      }
      tables[table].published = match.blocks
      heldCount += match.blocks
    }
    let fresh = blocks(of: table, for: slots) - tables[table].blocks.count
    guard fresh > 0 else { return 0 }
    for _ in 0..<fresh {
      let block = takeFresh()
      tables[table].blocks.append(block)
      taken.append(block)
    }
    return fresh
  }

  /// A block for a table to write into; what it held makes way.
  @inline(__always)
  mutating func takeFresh() -> BlockID {
    heldCount += 1
    let block = acquire()
    if index.hasContent(block) { evict(block) }
    return block
  }

  /// A table names a block no more.
  /// - Returns: Whether nobody does, and it is free now.
  mutating func letGo(_ block: BlockID) -> Bool {
    heldCount -= 1
    guard pool.release(block) else { return false }
    if index.hasContent(block) { keepFree(block) } else { pool.put(block, after: 0) }
    return true
  }

  /// A block that nobody owns and that holds content goes to the back of the free list.
  private mutating func keepFree(_ block: BlockID) {
    pool.putBack(block)
    cachedFreeCount += 1
    if !orders.isEmpty { orders[0].release(block) }
  }

  /// A published block of a table is about to be let go: what its context is worth.
  mutating func note(_ table: Int, _ number: Int) {
    guard !orders.isEmpty, number < tables[table].published else { return }
    orders[0].note(tables[table].blocks[number], reach: tables[table].published)
  }

  /// The content of a block in use is gone.
  mutating func forget(_ block: BlockID) {
    index.remove(block)
    if !orders.isEmpty { orders[0].take(block, isEvicted: true) }
  }

  /// The next free block: one without content if there is any, else the one whose content goes first.
  @inline(__always)
  private mutating func acquire() -> BlockID {
    if !orders.isEmpty, index.hasContent(pool.first), let block = orders[0].popLeast() {
      pool.retain(block)
      return block
    }
    guard let block = pool.acquire() else { fatalError("the plan took more blocks than were free") }
    return block
  }

  /// A block's content makes way, to host memory where that takes it.
  private mutating func evict(_ block: BlockID) {
    let content = index.content(of: block)
    index.remove(block)
    evictions += 1
    cachedFreeCount -= 1
    if !orders.isEmpty { orders[0].take(block, isEvicted: true) }
    guard index.block(holding: content) == nil else { return }
    index.giveUp(content)
    if hasHost, hosts[0].takesEvicted { hosts[0].spill(content) }
  }

  /// Gives an empty table `count` free blocks side by side, from `first` on.
  public mutating func reserve(_ table: Int, first: BlockID, count: Int, into taken: inout [BlockID]) {
    require(tables[table].blocks.isEmpty, "table \(table) reserves while it holds \(tables[table].blocks.count) blocks")
    for block in first..<first + BlockID(count) {
      require(pool.isFree(block), "block \(block) is reserved while it is in use")
      pool.retain(block)
      if index.hasContent(block) { evict(block) }
      tables[table].blocks.append(block)
      taken.append(block)
    }
    tables[table].isReserved = true
    heldCount += count
  }

  /// Turns a reserved table into a paged one of `slots` tokens.
  /// - Returns: How many blocks went back to the pool.
  public mutating func unreserve(_ table: Int, slots: Int) -> Int {
    guard tables[table].isReserved else { return 0 }
    tables[table].isReserved = false
    let kept = blocks(of: table, for: slots)
    var returned = 0
    while tables[table].blocks.count > kept, let block = tables[table].blocks.popLast() {
      if pool.release(block) { pool.put(block, after: 0) }
      heldCount -= 1
      returned += 1
    }
    return returned
  }

  // MARK: Host memory

  /// Memory behind the pool; nil: there is none, or nothing goes there.
  public var host: HostStore? { hosts.first }
  public var hasHost: Bool { !hosts.isEmpty }
  /// Blocks that were copied there since this was last asked: what the pool evicted, and chunks.
  public mutating func takeSpilled() -> (evicted: Int, chunks: Int) { hosts.isEmpty ? (0, 0) : hosts[0].takeSpilled() }

  /// Lets contents be kept in host memory of `capacity` blocks, besides preempted requests; those that are evicted from
  /// the pool too, or only what preempted requests left.
  /// - Returns: Contents that had to go because there is less room now.
  public mutating func openHost(capacity: Int, takesEvicted: Bool = false, keepsChunks: Bool = false) -> Int {
    if hosts.isEmpty { hosts = [HostStore(capacity: capacity)] }
    hosts[0].keepsContents = true
    hosts[0].takesEvicted = takesEvicted
    hosts[0].keepsChunks = keepsChunks
    return hosts[0].resize(to: capacity)
  }

  /// What is parked stays until it is asked for; contents are dropped.
  /// - Returns: How many contents were.
  public mutating func closeHost() -> Int {
    guard hasHost else { return 0 }
    let contents = hosts[0].contentCount
    hosts[0].keepsContents = false
    hosts[0].takesEvicted = false
    hosts[0].keepsChunks = false
    return contents
  }

  /// Forgets contents, but not what is parked.
  /// - Returns: How many.
  public mutating func dropHostContents() -> Int {
    guard hasHost else { return 0 }
    let contents = hosts[0].contentCount
    hosts[0].dropContents()
    return contents
  }

  /// Further blocks of the table's content, after `start` of them, that host memory holds; at most up to `limit`.
  public func hostMatch(_ table: Int, from start: Int, limit: Int) -> Int {
    guard hasHost, reusesPrefixes, hosts[0].contentCount > 0 else { return 0 }
    var position = start
    let hashes = tables[table].hashes
    while position < min(limit, hashes.count), hosts[0].holds(hashes[position]) { position += 1 }
    return position - start
  }

  /// Contents that were copied back have just been used.
  public mutating func touchHost(_ table: Int, from start: Int, count: Int) {
    let hashes = tables[table].hashes
    for position in start..<start + count {
      hosts[0].keep(hashes[position])
      index.takeUp(hashes[position])
    }
  }

  /// Marks a content as just used, if host memory holds it.
  mutating func keepIfHeld(_ hash: BlockHash) -> Bool {
    guard hasHost, hosts[0].holds(hash) else { return false }
    return hosts[0].keep(hash)
  }

  mutating func spillChunk(_ hash: BlockHash) { hosts[0].spill(hash, asChunk: true) }

  /// Copies the first `tokens` of a table to host memory, before its blocks are released. What host memory
  /// holds already is not copied again.
  /// - Returns: Blocks copied, and the runs of neighbours among them; nil when host memory is full.
  public mutating func park(_ table: Int, tokens: Int) -> (blocks: Int, runs: Int)? {
    let count = blocks(of: table, for: tokens)
    guard hasHost, count > 0, count <= tables[table].blocks.count, hosts[0].parkedCount + count <= hosts[0].capacity else {
      return nil
    }
    var copied: [BlockID] = []
    for position in 0..<count {
      let hash = position < tables[table].published ? tables[table].hashes[position] : 0
      if hash != 0, hosts[0].holds(hash) { hosts[0].drop(hash) } else { copied.append(tables[table].blocks[position]) }
    }
    hosts[0].park(count)
    return (copied.count, Self.runs(copied[...]))
  }

  /// A parked request is back, or has left: what it had of full blocks may be asked for by others.
  public mutating func unpark(_ table: Int, tokens: Int) {
    let count = blocks(of: table, for: tokens)
    hosts[0].unpark(count)
    guard reusesPrefixes else { return }
    let hashes = tables[table].hashes
    for hash in hashes.prefix(tokens / tokensPerBlock) {
      hosts[0].keep(hash)
      index.takeUp(hash)
    }
  }

  /// Pieces of neighbouring blocks.
  public static func runs(_ blocks: ArraySlice<BlockID>) -> Int {
    var runs = 0
    var last: BlockID = -2
    for block in blocks {
      if block != last + 1 { runs += 1 }
      last = block
    }
    return runs
  }

  /// Whether a block that is full up to `tokens` could not be found yet.
  @inline(__always)
  public func hasUnpublished(_ table: Int, upTo tokens: Int) -> Bool {
    reusesPrefixes && (tables[table].published + 1) * tokensPerBlock <= tokens
  }

  /// Makes every block that is full up to `tokens` findable.
  public mutating func publish(_ table: Int, request: Request, upTo tokens: Int) {
    guard hasUnpublished(table, upTo: tokens), tables[table].dropped == 0 else { return }
    let full = tokens / tokensPerBlock
    extendHashes(of: table, request: request)
    let exact = tables[table].chunks.firstIndex(of: true) ?? Int.max
    let last = min(full, tables[table].hashes.count, exact)
    if hasHost, hosts[0].keepsChunks, tables[table].published < last { keepChunks(tables[table].published..<last, of: request) }
    var position = tables[table].published
    while position < last {
      // A shared block may have been published by another table since contents were forgotten.
      let block = tables[table].blocks[position]
      if !index.hasContent(block) { index.insert(block, holding: tables[table].hashes[position]) }
      position += 1
    }
    tables[table].published = max(tables[table].published, last)
  }

  /// Gives all blocks of a table back, last block first: those without content to
  /// the front of the free list, the others to its back.
  /// - Parameter isParked: They come back as they are; otherwise its tokens are computed again, all of them.
  /// - Returns: How many blocks became free.
  @discardableResult
  public mutating func release(_ table: Int, isParked: Bool = false) -> Int {
    var freed = 0
    var front: BlockID = 0
    heldCount -= tables[table].blocks.count
    tables[table].isReserved = false
    if !orders.isEmpty {
      // What is not published has no content, and nothing to be worth.
      for block in tables[table].blocks.prefix(tables[table].published) { orders[0].note(block, reach: tables[table].published) }
    }
    for block in tables[table].blocks.reversed() where pool.release(block) {
      freed += 1
      if index.hasContent(block) {
        keepFree(block)
      } else {
        pool.put(block, after: front)
        front = block
      }
    }
    tables[table].blocks.removeAll(keepingCapacity: true)
    tables[table].published = 0
    if !isParked { (tables[table].dropped, tables[table].cutAt, tables[table].fold, tables[table].watchedFrom) = (0, -1, nil, 0) }
    return freed
  }

  /// Forgets a table's request altogether.
  public mutating func clear(_ table: Int) {
    require(tables[table].blocks.isEmpty, "table \(table) is cleared while it holds \(tables[table].blocks.count) blocks")
    tables[table] = BlockTable()
  }

  /// Forgets what free blocks hold: it is no longer there.
  public mutating func forgetFreeContent() {
    for block in 1..<BlockID(pool.blockCount) where pool.isFree(block) {
      index.remove(block)
      if !orders.isEmpty { orders[0].take(block, isEvicted: true) }
    }
    cachedFreeCount = 0
  }

  // MARK: Switching

  /// Another pool, and what lies where in it.
  mutating func place(_ pool: BlockPool, _ index: PrefixIndex) {
    self.pool = pool
    self.index = index
    cachedFreeCount = pool.freeList.count { index.hasContent($0) }
    let weight = valueWeight
    orders = []
    setValueWeight(weight)
  }

  /// What a context's reach counts when contents are evicted by their value; nil when the least recently released goes first.
  public var valueWeight: Int? { orders.first?.weight }

  /// Evicts by value from now on, or by recency alone. What is cached already counts by recency.
  public mutating func setValueWeight(_ weight: Int?) {
    guard weight != valueWeight else { return }
    orders = []
    guard let weight else { return }
    var order = ValueOrder(weight: weight, blockCount: pool.blockCount)
    for block in pool.freeList where index.hasContent(block) { order.release(block) }
    orders = [order]
  }

  /// Switches the reuse of prefixes. Switching it off forgets all content.
  /// - Returns: Contents of free blocks that were forgotten.
  @discardableResult
  public mutating func setReusesPrefixes(_ reuses: Bool) -> Int {
    guard reuses != reusesPrefixes else { return 0 }
    reusesPrefixes = reuses
    guard !reuses else { return 0 }
    let forgotten = cachedFreeCount
    if hasHost { hosts[0].dropContents() }
    index.removeAll()
    cachedFreeCount = 0
    if let weight = valueWeight { orders = [ValueOrder(weight: weight, blockCount: pool.blockCount)] }
    for table in tables.indices {
      tables[table].published = 0
      tables[table].hashes = []
    }
    return forgotten
  }
}
