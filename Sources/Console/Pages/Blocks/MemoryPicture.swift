import Core
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

/// Who holds which block at one moment, looked up once for a whole frame.
///
/// Making one costs the blocks in use and a walk of the free list up to the
/// first cached content. Not for one block alone: `MemoryPicture.holders` asks
/// the tables.
struct MemoryPicture {
  /// What a block is, as one number: the position of its only holder in `running`, or one of the negative ones.
  typealias Kind = Int32
  static let free: Kind = -1
  static let victim: Kind = -2
  static let cached: Kind = -3
  static let shared: Kind = -4
  static let reserved: Kind = -5

  /// Cached blocks at the front of the free list that are drawn as the next to be forgotten.
  static let victimsShown = 8

  let memory: KVCache
  /// Running requests in order of admission, with letter and colour.
  let running: [Holder]
  private let layer: BlockLayer
  /// By block: its only holder, `shared`, `victim`, or `free` for every other.
  private var holder: [Kind]
  /// By block: tenth of the free list, -1 when it is in use. Only for the layer `order`.
  private var tenth: [Int8] = []

  struct Holder {
    let request: RequestID
    let row: Int
    let letter: Unicode.Scalar
    let style: Style
  }

  init(_ scene: Scene, layer: BlockLayer) {
    let scheduler = scene.run.engine.state.scheduler
    let memory = scheduler.memory
    self.memory = memory
    self.layer = layer
    let requests = scheduler.requests
    running = scheduler.running.map { row in
      let id = requests[Int(row)].id
      return Holder(request: id, row: Int(row), letter: scene.letter(of: id) ?? "?", style: scene.style(of: id))
    }
    var holder = [Kind](repeating: Self.free, count: memory.pool.blockCount)
    let tables = memory.tables
    for (position, one) in running.enumerated() {
      for block in tables[one.row].blocks {
        holder[Int(block)] = holder[Int(block)] == Self.free ? Kind(position) : Self.shared
      }
    }
    for block in Self.victims(of: memory, Self.victimsShown) { holder[Int(block)] = Self.victim }
    holder[0] = Self.reserved
    self.holder = holder
    if layer == .order {
      tenth = Array(repeating: -1, count: memory.pool.blockCount)
      let list = memory.pool.freeList
      for (position, block) in list.enumerated() { tenth[Int(block)] = Int8(position * 10 / list.count) }
    }
  }

  /// The first cached blocks of the free list, next to lose their content first.
  static func victims(of memory: KVCache, _ count: Int) -> [BlockID] {
    guard memory.cachedFreeCount > 0 else { return [] }
    let plain = memory.pool.freeCount - memory.cachedFreeCount
    return Array(memory.pool.freeList(prefix: plain + count).lazy.filter { memory.index.hasContent($0) }.prefix(count))
  }

  func kind(of block: Int) -> Kind {
    let kind = holder[block]
    return kind == Self.free && memory.index.hasContent(BlockID(block)) ? Self.cached : kind
  }

  /// The requests whose tables name `block`, and where in the table it stands. O(blocks in use).
  static func holders(of block: BlockID, _ scheduler: SchedulerState) -> [(request: Request, logical: Int)] {
    guard block != 0, !scheduler.memory.pool.isFree(block) else { return [] }
    let tables = scheduler.memory.tables
    return scheduler.running.compactMap { row in
      tables[Int(row)].blocks.firstIndex(of: block).map { (scheduler.requests[Int(row)], $0) }
    }
  }

  // MARK: One cell of the map

  struct Mark: Equatable {
    var glyph: Unicode.Scalar
    var style: Style
  }

  /// What stands for `blocks`: whether most are in use, cached or free, and of those in use whose are most,
  /// in small letters when they are not half of all.
  /// Of many blocks at most 32 are looked at, evenly spread.
  func mark(of blocks: Range<Int>) -> Mark {
    if blocks.count == 1 { return mark(oneBlock: blocks.lowerBound) }
    let stride = max(1, blocks.count / 32)
    switch layer {
    case .owner: return mostCommon(in: blocks, by: stride) { kind(of: $0) } draw: { draw(kind: $0) }
    case .content:
      // Looking a content up costs more than the rest together.
      return mostCommon(in: blocks, by: max(1, blocks.count / 4)) { contentKind(of: $0) } draw: { draw(content: $0) }
    case .references:
      let most = Swift.stride(from: blocks.lowerBound, to: blocks.upperBound, by: stride)
        .max { memory.pool.ownerCount(of: BlockID($0)) < memory.pool.ownerCount(of: BlockID($1)) }
      return mark(oneBlock: most ?? blocks.lowerBound)
    case .order:
      let soonest = Swift.stride(from: blocks.lowerBound, to: blocks.upperBound, by: stride)
        .filter { tenth[$0] >= 0 }.min { tenth[$0] < tenth[$1] }
      return mark(oneBlock: soonest ?? blocks.lowerBound)
    }
  }

  private func mark(oneBlock block: Int) -> Mark {
    if block == 0 { return draw(kind: Self.reserved) }
    switch layer {
    case .owner: return draw(kind: kind(of: block))
    case .content: return draw(content: contentKind(of: block))
    case .references:
      let count = memory.pool.ownerCount(of: BlockID(block))
      if count == 0 { return draw(kind: kind(of: block)) }
      let style = Style(count > 1 ? .kvShared : .kvLive)
      return Mark(glyph: count > 9 ? "+" : Unicode.Scalar(UInt8(48 + count)), style: style)
    case .order:
      let tenth = tenth[block]
      if tenth < 0 { return Mark(glyph: "▒", style: Style(.fgFaint)) }
      return Mark(glyph: Unicode.Scalar(UInt8(48 + tenth)), style: Style(.ramp(.age, 15 - Int(tenth) * 15 / 9)))
    }
  }

  private func mostCommon(
    in blocks: Range<Int>, by stride: Int, kind: (Int) -> Kind, draw: (Kind) -> Mark
  ) -> Mark {
    var counts: [(kind: Kind, count: Int)] = []
    var looked = 0
    for block in Swift.stride(from: blocks.lowerBound, to: blocks.upperBound, by: stride) where block != 0 {
      let one = kind(block)
      looked += 1
      if let place = counts.firstIndex(where: { $0.kind == one }) { counts[place].count += 1 } else { counts.append((one, 1)) }
    }
    func isUse(_ kind: Kind) -> Bool { kind >= 0 || kind == Self.shared }
    // Many owners together may hold more than is cached, and each less.
    let used = counts.reduce(0) { $0 + (isUse($1.kind) ? $1.count : 0) }
    let isMostlyUsed = counts.allSatisfy { isUse($0.kind) || $0.count <= used } && used > 0
    let candidates = counts.filter { isUse($0.kind) == isMostlyUsed }
    guard var best = candidates.first else { return draw(Self.reserved) }
    for other in candidates where other.count > best.count { best = other }
    var mark = draw(best.kind)
    if best.count * 2 < looked {
      mark.style = mark.style.dim
      if ("A"..."Z").contains(mark.glyph) { mark.glyph = Unicode.Scalar(UInt8(mark.glyph.value + 32)) }
    }
    return mark
  }

  private func draw(kind: Kind) -> Mark {
    switch kind {
    case Self.free: Mark(glyph: Glyphs.free, style: Style(.kvFree))
    case Self.victim: Mark(glyph: layer == .owner ? Glyphs.victim : Glyphs.cached, style: Style(.kvVictim))
    case Self.cached: Mark(glyph: Glyphs.cached, style: Style(.kvCached))
    case Self.shared: Mark(glyph: Glyphs.shared, style: Style(.kvShared))
    case Self.reserved: Mark(glyph: "■", style: Style(.fgFaint))
    default: Mark(glyph: running[Int(kind)].letter, style: running[Int(kind)].style)
    }
  }

  /// For the layer `content`: -1 free, -3 cached, 0 findable, 1 a copy of what is found elsewhere, 2 not findable.
  private func contentKind(of block: Int) -> Kind {
    let id = BlockID(block)
    let hash = memory.index.content(of: id)
    let inUse = holder[block] >= 0 || holder[block] == Self.shared
    guard hash != 0 else { return inUse ? 2 : Self.free }
    guard inUse else { return Self.cached }
    return memory.index.block(holding: hash) == id ? 0 : 1
  }

  private func draw(content: Kind) -> Mark {
    switch content {
    case 0: Mark(glyph: "█", style: Style(.kvLive))
    case 1: Mark(glyph: "=", style: Style(.kvMoved))
    case 2: Mark(glyph: "▒", style: Style(.kvWrite))
    default: draw(kind: content)
    }
  }
}
