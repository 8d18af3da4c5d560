public import Core

extension KVStore {
  /// The same on the cores that are there.
  public mutating func convert(to format: KVFormat, filling: [BlockID] = []) {
    _ = convert(to: format, filling: filling, pool: ThreadPool(threads: ThreadPool.coresOnline))
  }

  /// The same blocks in another format: every block that holds something is read and written again.
  ///
  /// What a lossy format has lost stays lost: going back to f16 keeps its error.
  ///
  /// - Parameters:
  ///   - order: Of keys' channels in the new format.
  ///   - filling: Blocks that sequences have not filled yet, ascending; others are taken for full.
  /// - Returns: Blocks converted, and bytes read and written.
  mutating func convert(
    to format: KVFormat, order: KeyOrder? = nil, filling: [BlockID] = [], pool: ThreadPool, path: KernelPath = .best
  ) -> (blocks: Int, bytes: Int) {
    var target = KVStore(
      blockCount: blockCount, layers: layers, tokensPerBlock: tokensPerBlock, heads: heads, kvHeads: kvHeads, headWidth: headWidth,
      format: format, order: order)
    let held = (0..<BlockID(blockCount)).filter { holds($0) }
    let isFilling = Set(filling)
    let bytes = held.count * bytesPerBlock + held.count * target.bytesPerBlock
    // Some at a time: the old blocks go as the new ones come.
    for first in stride(from: 0, to: held.count, by: 64) {
      let some = Array(held[first..<min(first + 64, held.count)])
      copy(some, into: &target, pool: pool, path: path)
      remove(some)
      if format.keepsWindow { for block in some where !isFilling.contains(block) { target.windows[Int(block)] = nil } }
    }
    self = target
    return (held.count, bytes)
  }

  /// Blocks into those of the same numbers of a store in another format.
  func copy(_ blocks: [BlockID], into target: inout KVStore, pool: ThreadPool, path: KernelPath = .best) {
    let targets = blocks.map { target.open($0) }
    let codes = blocks.map { target.address(of: $0) }
    let (source, written) = (self, target)
    pool.parallelFor(blocks.count * layers) { range, _ in
      for number in range {
        let (index, layer) = (number / source.layers, number % source.layers)
        source.write(layer: layer, of: blocks[index], to: written, targets[index], codes: codes[index], path: path)
      }
    }
  }

  private func write(
    layer: Int, of block: BlockID, to target: KVStore, _ address: BlockAddress, codes: BlockAddress, path: KernelPath
  ) {
    let count = tokensPerBlock * headWidth
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * kvHeads * (count + headWidth)) { memory in
      guard let keys = memory.baseAddress else { return }
      let values = keys + kvHeads * count
      let key = values + kvHeads * count
      let value = key + kvHeads * headWidth
      for head in 0..<kvHeads {
        read(layer: layer, block: block, kvHead: head, keys: keys + head * count, values: values + head * count, path: path)
      }
      for slot in 0..<tokensPerBlock {
        for head in 0..<kvHeads {
          (key + head * headWidth).update(from: keys + head * count + slot * headWidth, count: headWidth)
          (value + head * headWidth).update(from: values + head * count + slot * headWidth, count: headWidth)
        }
        target.store(layer: layer, into: address, slot: slot, keys: key, values: value, path: path)
      }
      guard target.format.keepsWindow else { return }
      for head in 0..<kvHeads { target.close(layer: layer, kvHead: head, window: address, into: codes, path: path) }
    }
  }
}
