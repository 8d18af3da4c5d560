import CKernels
public import Core

/// Numbers beside the blocks of a `KVStore`: what is looked at to choose keys, instead of the keys.
///
/// ```
/// bounds   layer │ key head │ least, greatest │ element            of a block's keys
/// labels   layer │ key head │ channel │ token of the block         of each key, some of its channels
/// ```
///
/// A value like the store: forks share a block's notes until one of them writes. Notes are made of keys as they are stored,
/// so those made later, of blocks that were there before, are the same.
struct BlockNotes: Sendable {
  enum Kind: Equatable, Sendable {
    /// Of whole blocks: bounds of a block that is not full mean nothing.
    case bounds
    /// By layer and key head, which channels; as many of each.
    case labels([[Int]])
  }

  let kind: Kind
  private var blocks: [BlockMemory.Block?]
  private let memory: BlockMemory
  private let bytesPerBlock: Int
  /// Floats of one layer and key head.
  private let stride: Int

  init(_ kind: Kind, of store: KVStore) {
    self.kind = kind
    stride = switch kind {
    case .bounds: 2 * store.headWidth
    case .labels(let channels): (channels.first?.count ?? 0) * store.tokensPerBlock
    }
    bytesPerBlock = store.layers * store.kvHeads * stride * 4
    blocks = [BlockMemory.Block?](repeating: nil, count: store.blockCount)
    memory = BlockMemory(blockBytes: bytesPerBlock, blocks: store.blockCount)
  }

  mutating func open(_ block: BlockID) {
    let index = Int(block)
    if isKnownUniquelyReferenced(&blocks[index]) { return }
    let fresh = memory.take()
    if let shared = blocks[index] { fresh.base.copyMemory(from: shared.base, byteCount: bytesPerBlock) }
    blocks[index] = fresh
  }

  mutating func copy(_ source: BlockID, to target: BlockID) { blocks[Int(target)] = blocks[Int(source)] }
  mutating func remove(_ block: BlockID) { blocks[Int(block)] = nil }
  mutating func removeAll() { blocks = [BlockMemory.Block?](repeating: nil, count: blocks.count) }

  /// Those of a block, all layers; while nobody opens it.
  func address(of block: BlockID) -> UnsafeMutablePointer<Float> {
    guard let notes = blocks[Int(block)] else { fatalError("block \(block) has no notes, but something is chosen by them") }
    return notes.base.assumingMemoryBound(to: Float.self)
  }

  /// Where those of a layer and key head begin.
  func offset(layer: Int, kvHead: Int, of store: KVStore) -> Int { (layer * store.kvHeads + kvHead) * stride }
}

extension KVStore {
  /// Begins to keep what a form of attention needs beside the blocks, or stops.
  ///
  /// - Parameters:
  ///   - channels: The labels of each key head where one channel in so many is one.
  ///   - heads: The patterns of query heads, layer by layer.
  public mutating func keepNotes(
    for sparse: SparseAttention?, channels: (Int) -> [[Int]], patterns heads: () -> [HeadPattern], pool: ThreadPool, path: KernelPath = .best
  ) {
    if case .patterns = sparse { patterns = heads() } else { patterns = [] }
    let kind: BlockNotes.Kind? =
      switch sparse {
      case nil, .patterns: nil
      case .pages: .bounds
      case .labels(_, let divisor): .labels(channels(divisor))
      }
    keepNotes(kind, pool: pool, path: path)
  }

  /// Begins to keep notes, of blocks that hold something too, or stops.
  mutating func keepNotes(_ kind: BlockNotes.Kind?, pool: ThreadPool, path: KernelPath = .best) {
    guard kind != notes?.kind else { return }
    notes = kind.map { BlockNotes($0, of: self) }
    renewNotes(of: (0..<BlockID(blockCount)).filter(holds), pool: pool, path: path)
  }

  /// Makes the notes of blocks once more: for whoever changed them otherwise than by storing tokens.
  mutating func renewNotes(of blocks: [BlockID], pool: ThreadPool, path: KernelPath = .best) {
    guard notes != nil else { return }
    for block in blocks { notes?.open(block) }
    let store = self
    pool.parallelFor(blocks.count) { range, _ in
      for block in blocks[range] {
        for layer in 0..<store.layers { store.note(layer: layer, block: block, slots: 0..<store.tokensPerBlock, path: path) }
      }
    }
  }

  /// One number of one key, as `keys` gives it.
  private func key(layer: Int, block: BlockID, kvHead: Int, slot: Int, channel: Int) -> Float {
    let lanes = min(16, tokensPerBlock)
    let head = address(of: block) + self.layer(layer).keys + kvHead * tokensPerBlock * headWidth
    return float(half: head[(slot / lanes * headWidth + channel) * lanes + slot % lanes])
  }

  /// Notes what was stored in a block that is open in the notes too.
  func note(layer: Int, block: BlockID, slots: Range<Int>, path: KernelPath) {
    guard let notes else { return }
    let target = notes.address(of: block)
    if notes.kind == .bounds, slots.upperBound < tokensPerBlock { return }
    if format == .f16, case .labels(let channels) = notes.kind, slots.count == 1 {
      // One token of a decode: not worth a block's keys.
      for kvHead in 0..<kvHeads {
        let target = target + notes.offset(layer: layer, kvHead: kvHead, of: self)
        for (place, channel) in channels[layer * kvHeads + kvHead].enumerated() {
          target[place * tokensPerBlock + slots.lowerBound] = key(layer: layer, block: block, kvHead: kvHead, slot: slots.lowerBound, channel: channel)
        }
      }
      return
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: tokensPerBlock * headWidth) { keys in
      guard let keys = keys.baseAddress else { return }
      for kvHead in 0..<kvHeads {
        self.keys(layer: layer, block: block, kvHead: kvHead, into: keys, path: path)
        let target = target + notes.offset(layer: layer, kvHead: kvHead, of: self)
        switch notes.kind {
        case .bounds:
          for channel in 0..<headWidth {
            var (least, greatest) = (keys[channel], keys[channel])
            for slot in 1..<tokensPerBlock {
              let key = keys[slot * headWidth + channel]
              least = min(least, key)
              greatest = max(greatest, key)
            }
            target[channel] = least
            target[headWidth + channel] = greatest
          }
        case .labels(let channels):
          for (place, channel) in channels[layer * kvHeads + kvHead].enumerated() {
            for slot in slots { target[place * tokensPerBlock + slot] = keys[slot * headWidth + channel] }
          }
        }
      }
    }
  }
}
