import CKernels
public import Core

/// Keys and values of every layer, by block: what block tables point at.
///
/// A value: a copy is a fork. Copies share their blocks until one of them writes, and only the block that is written is
/// copied, so memory goes with the blocks in use. A block that nobody wrote costs nothing.
///
/// ```
/// f16     block: layer │ keys, then values │ key head │ token of the block │ element
/// others  block: layer │ key head │ codes of keys, codes of values, scales of keys, scales of values
/// ```
///
/// Of keys, token and element change places for each sixteen tokens: sixteen keys are the lanes of a vector. `kivi2` and the
/// sparse format have a second memory, of blocks that are being filled: *windows*, in f16. Its queries read their own block there and earlier
/// blocks as codes, so what a query sees does not depend on how its sequence was cut into steps. A full block is closed
/// (its codes are made) in the step that fills it, and loses its window when its sequence has gone on.
public struct KVStore: Sendable {
  public let blockCount: Int
  public let layers: Int
  public let tokensPerBlock: Int
  public let heads: Int
  public let kvHeads: Int
  /// A multiple of 16.
  public let headWidth: Int
  public internal(set) var format: KVFormat
  /// The order of keys' channels in `bfp8`; nil as they come.
  var order: KeyOrder?
  /// Beside the blocks, where something is chosen by them; nil elsewhere.
  var notes: BlockNotes?
  /// Of each query head, layer by layer, where prompts read a part of what comes before; empty elsewhere.
  var patterns: [HeadPattern] = []
  var blocks: [BlockMemory.Block?]
  var memory: BlockMemory
  /// Of each block its window; empty in formats without.
  var windows: [BlockMemory.Block?] = []
  var windowMemory: BlockMemory?

  public init(
    blockCount: Int, layers: Int, tokensPerBlock: Int, heads: Int, kvHeads: Int, headWidth: Int, format: KVFormat = .f16,
    order: KeyOrder? = nil
  ) {
    require(Self.canHold(tokensPerBlock: tokensPerBlock, headWidth: headWidth), "blocks of \(tokensPerBlock) tokens, heads of \(headWidth)")
    require(heads % kvHeads == 0, "\(heads) query heads share \(kvHeads) key heads")
    require(
      Self.canHold(format, tokensPerBlock: tokensPerBlock, headWidth: headWidth),
      "\(format.rawValue) in blocks of \(tokensPerBlock) tokens, heads of \(headWidth)")
    self.blockCount = blockCount
    self.layers = layers
    self.tokensPerBlock = tokensPerBlock
    self.heads = heads
    self.kvHeads = kvHeads
    self.headWidth = headWidth
    self.format = format
    self.order = order
    blocks = [BlockMemory.Block?](repeating: nil, count: blockCount)
    let elements = layers * kvHeads * tokensPerBlock * headWidth
    let bytes = format.bytesPerBlock(kvHeads: kvHeads, headWidth: headWidth, tokensPerBlock: tokensPerBlock, layers: layers)
    memory = BlockMemory(blockBytes: bytes, blocks: blockCount)
    if format.keepsWindow {
      windows = blocks
      windowMemory = BlockMemory(blockBytes: 4 * elements, blocks: blockCount)
    }
  }

  public init(_ shape: LlamaShape, blockCount: Int, tokensPerBlock: Int, format: KVFormat = .f16, order: KeyOrder? = nil) {
    self.init(
      blockCount: blockCount, layers: shape.layers, tokensPerBlock: tokensPerBlock, heads: shape.heads, kvHeads: shape.keyHeads,
      headWidth: shape.headWidth, format: format, order: order)
  }

  /// Blocks of 1, 2, 4, 8 or whole sixteens of tokens; heads of whole sixteens of elements.
  public static func canHold(tokensPerBlock: Int, headWidth: Int) -> Bool {
    headWidth > 0 && headWidth % 16 == 0 && tokensPerBlock > 0 && (tokensPerBlock % 16 == 0 || 16 % tokensPerBlock == 0)
  }

  /// The same in a format: blocks of whole groups, and heads that a kernel encodes in one.
  public static func canHold(_ format: KVFormat, tokensPerBlock: Int, headWidth: Int) -> Bool {
    canHold(tokensPerBlock: tokensPerBlock, headWidth: headWidth)
      && (format == .f16 || headWidth <= Int(CK_MOST_WIDTH) && format.canFill(tokensPerBlock: tokensPerBlock))
  }

  /// Of a block that is full.
  public var bytesPerBlock: Int { tokensPerBlock * bytesPerToken }
  public var bytesPerToken: Int { format.bytesPerToken(kvHeads: kvHeads, headWidth: headWidth, layers: layers) }
  var bytesPerWindow: Int { tokensPerBlock * KVFormat.f16.bytesPerToken(kvHeads: kvHeads, headWidth: headWidth, layers: layers) }

  /// Whether anything was written into a block since it was last removed.
  public func holds(_ block: BlockID) -> Bool { blocks[Int(block)] != nil }

  /// Of the blocks that hold something, each counted once, windows too; forks may share them.
  public var bytesInUse: Int {
    func count(_ blocks: [BlockMemory.Block?]) -> Int { Set(blocks.compactMap { $0.map(ObjectIdentifier.init) }).count }
    return count(blocks) * bytesPerBlock + count(windows) * bytesPerWindow
  }

  /// All layers of one block into another: what a fork needs before it writes. Costs nothing until one of them is written.
  public mutating func copy(_ source: BlockID, to target: BlockID) {
    blocks[Int(target)] = blocks[Int(source)]
    if format.keepsWindow { windows[Int(target)] = windows[Int(source)] }
    notes?.copy(source, to: target)
  }

  /// A block beyond those that tables know, for what is not to last.
  public mutating func takeSpare() -> BlockID {
    blocks.append(nil)
    if format.keepsWindow { windows.append(nil) }
    return BlockID(blocks.count - 1)
  }

  /// There are no blocks but those that tables know.
  public mutating func dropSpares() {
    blocks.removeLast(blocks.count - blockCount)
    windows.removeLast(max(0, windows.count - blockCount))
  }

  /// Forgets what blocks hold.
  public mutating func remove(_ removed: some Sequence<BlockID>) {
    for block in removed {
      blocks[Int(block)] = nil
      if format.keepsWindow { windows[Int(block)] = nil }
      notes?.remove(block)
    }
  }

  /// Forgets everything; the blocks' number and shape stay.
  public mutating func removeAll() {
    blocks = [BlockMemory.Block?](repeating: nil, count: blockCount)
    if format.keepsWindow { windows = blocks }
    notes?.removeAll()
  }

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
  /// Makes a block this store's own, and ready to be written: its window where there are windows.
  mutating func open(_ block: BlockID) -> BlockAddress {
    let codes = openCodes(block)
    guard let windowMemory else { return codes }
    Self.own(&windows[Int(block)], windowMemory, bytes: bytesPerWindow)
    return window(of: block)
  }

  /// The same for whoever writes codes as they are, and needs no window.
  mutating func openCodes(_ block: BlockID) -> BlockAddress {
    Self.own(&blocks[Int(block)], memory, bytes: bytesPerBlock)
    return address(of: block)
  }

  private static func own(_ block: inout BlockMemory.Block?, _ memory: BlockMemory, bytes: Int) {
    guard !isKnownUniquelyReferenced(&block) else { return }
    let fresh = memory.take()
    if let shared = block { fresh.base.copyMemory(from: shared.base, byteCount: bytes) }
    block = fresh
  }

  /// Where a block lies while this store is neither written nor forked and written.
  func address(of block: BlockID) -> BlockAddress {
    guard let buffer = blocks[Int(block)] else { fatalError("block \(block) is read, but nothing was written into it") }
    return buffer.base.assumingMemoryBound(to: UInt16.self)
  }

  /// Where the window of a block lies that is being filled.
  func window(of block: BlockID) -> BlockAddress {
    guard let buffer = windows[Int(block)] else { fatalError("the window of block \(block) is read, but it was closed") }
    return buffer.base.assumingMemoryBound(to: UInt16.self)
  }

  /// Into a block that was opened.
  func store(
    layer: Int, into block: BlockAddress, slot: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, path: KernelPath
  ) {
    var layer = self.layer(layer)
    path.table.pointee.store(&layer, block, UInt32(slot), keys, values)
  }

  /// Makes the codes of one head of a full block from its window; both were opened.
  func close(layer: Int, kvHead: Int, window: BlockAddress, into block: BlockAddress, path: KernelPath) {
    var layer = self.layer(layer)
    path.table.pointee.close(&layer, window, block, UInt32(kvHead))
  }

  /// The blocks of a table have been closed, and their sequence has gone on: the last of them lose their windows, as far back
  /// as they have any.
  mutating func closed(_ table: ArraySlice<BlockID>, besides opened: Set<BlockID>) {
    for block in table.reversed() where !opened.contains(block) {
      if windows[Int(block)] == nil { return }
      windows[Int(block)] = nil
    }
  }

  func layer(_ layer: Int) -> ck_cache {
    let half = kvHeads * tokensPerBlock * headWidth
    return ck_cache(
      keys: layer * 2 * half, values: (layer * 2 + 1) * half, codes: layer * (bytesPerBlock / layers),
      order: order?.layer(layer, kvHeads * headWidth), tokens_per_block: UInt32(tokensPerBlock), heads: UInt32(heads),
      kv_heads: UInt32(kvHeads), head_width: UInt32(headWidth), format: format.number, kept: UInt32(format.kept(headWidth: headWidth)))
  }
}

extension KVFormat {
  /// As the kernels count formats.
  var number: Int32 {
    switch self {
    case .f16: Int32(CK_KV_F16)
    case .f8: Int32(CK_KV_F8)
    case .int8: Int32(CK_KV_INT8)
    case .int4: Int32(CK_KV_INT4)
    case .int4Hadamard: Int32(CK_KV_INT4_HADAMARD)
    case .kivi2: Int32(CK_KV_KIVI2)
    case .bfp8: Int32(CK_KV_BFP8)
    case .magnitudeSparse: Int32(CK_KV_SPARSE)
    }
  }

  /// Elements of a vector that the sparse format stores; 0 of others.
  fileprivate func kept(headWidth: Int) -> Int {
    if case .magnitudeSparse(let percent) = self { SparseRow(percent: percent, headWidth: headWidth).kept } else { 0 }
  }
}
