import CKernels
import Core

/// Keys and values of every layer in half precision, by block: what block tables point at.
///
/// A value: a copy is a fork. Copies share their blocks until one of them writes, and only the block that is written is
/// copied, so memory goes with the blocks in use. A block that nobody wrote costs nothing.
///
/// ```
/// block: layer │ keys, then values │ key head │ token of the block │ element
/// ```
///
/// The last two change places in keys, for each sixteen tokens: sixteen keys are the lanes of a vector.
public struct KVStore: Sendable {
  public let blockCount: Int
  public let layers: Int
  public let tokensPerBlock: Int
  public let heads: Int
  public let kvHeads: Int
  /// A multiple of 16.
  public let headWidth: Int
  private var blocks: [BlockMemory.Block?]
  private let memory: BlockMemory

  public init(blockCount: Int, layers: Int, tokensPerBlock: Int, heads: Int, kvHeads: Int, headWidth: Int) {
    require(Self.canHold(tokensPerBlock: tokensPerBlock, headWidth: headWidth), "blocks of \(tokensPerBlock) tokens, heads of \(headWidth)")
    require(heads % kvHeads == 0, "\(heads) query heads share \(kvHeads) key heads")
    self.blockCount = blockCount
    self.layers = layers
    self.tokensPerBlock = tokensPerBlock
    self.heads = heads
    self.kvHeads = kvHeads
    self.headWidth = headWidth
    blocks = [BlockMemory.Block?](repeating: nil, count: blockCount)
    memory = BlockMemory(blockBytes: layers * 4 * kvHeads * tokensPerBlock * headWidth, blocks: blockCount)
  }

  public init(_ shape: LlamaShape, blockCount: Int, tokensPerBlock: Int) {
    self.init(
      blockCount: blockCount, layers: shape.layers, tokensPerBlock: tokensPerBlock, heads: shape.heads, kvHeads: shape.keyHeads,
      headWidth: shape.headWidth)
  }

  /// Blocks of 1, 2, 4, 8 or whole sixteens of tokens; heads of whole sixteens of elements.
  public static func canHold(tokensPerBlock: Int, headWidth: Int) -> Bool {
    headWidth > 0 && headWidth % 16 == 0 && tokensPerBlock > 0 && (tokensPerBlock % 16 == 0 || 16 % tokensPerBlock == 0)
  }

  public var bytesPerBlock: Int { layers * 4 * kvHeads * tokensPerBlock * headWidth }
  public var bytesPerToken: Int { bytesPerBlock / tokensPerBlock }

  /// Whether anything was written into a block since it was last removed.
  public func holds(_ block: BlockID) -> Bool { blocks[Int(block)] != nil }

  /// Of the blocks that hold something, each counted once; forks may share them.
  public var bytesInUse: Int { Set(blocks.compactMap { $0.map(ObjectIdentifier.init) }).count * bytesPerBlock }

  /// All layers of one block into another: what a fork needs before it writes. Costs nothing until one of them is written.
  public mutating func copy(_ source: BlockID, to target: BlockID) { blocks[Int(target)] = blocks[Int(source)] }

  /// A block beyond those that tables know, for what is not to last.
  public mutating func takeSpare() -> BlockID {
    blocks.append(nil)
    return BlockID(blocks.count - 1)
  }

  /// There are no blocks but those that tables know.
  public mutating func dropSpares() { blocks.removeLast(blocks.count - blockCount) }

  /// Forgets what blocks hold.
  public mutating func remove(_ removed: some Sequence<BlockID>) { for block in removed { blocks[Int(block)] = nil } }

  /// Forgets everything; the blocks' number and shape stay.
  public mutating func removeAll() { blocks = [BlockMemory.Block?](repeating: nil, count: blockCount) }

  /// The keys and values (`[kvHeads, headWidth]`) of one position of one layer, into its slot.
  public mutating func store(
    layer: Int, block: BlockID, slot: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, path: KernelPath = .best
  ) {
    store(layer: layer, into: open(block), slot: slot, keys: keys, values: values, path: path)
  }
}

/// Where a block begins.
typealias BlockAddress = UnsafeMutablePointer<UInt16>

extension KVStore {
  /// Makes a block this store's own, and ready to be written.
  mutating func open(_ block: BlockID) -> BlockAddress {
    let index = Int(block)
    if !isKnownUniquelyReferenced(&blocks[index]) {
      let fresh = memory.take()
      if let shared = blocks[index] { fresh.base.copyMemory(from: shared.base, byteCount: bytesPerBlock) }
      blocks[index] = fresh
    }
    return address(of: block)
  }

  /// Where a block lies while this store is neither written nor forked and written.
  func address(of block: BlockID) -> BlockAddress {
    guard let buffer = blocks[Int(block)] else { fatalError("block \(block) is read, but nothing was written into it") }
    return buffer.base.assumingMemoryBound(to: UInt16.self)
  }

  /// Into a block that was opened.
  func store(
    layer: Int, into block: BlockAddress, slot: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, path: KernelPath
  ) {
    var layer = self.layer(layer)
    path.table.pointee.store(&layer, block, UInt32(slot), keys, values)
  }

  func layer(_ layer: Int) -> ck_cache {
    let half = kvHeads * tokensPerBlock * headWidth
    return ck_cache(
      keys: layer * 2 * half, values: (layer * 2 + 1) * half, tokens_per_block: UInt32(tokensPerBlock), heads: UInt32(heads),
      kv_heads: UInt32(kvHeads), head_width: UInt32(headWidth))
  }
}
