import CKernels
import Core

/// A sequence whose heads keep different tokens, and its queries.
struct FoldedSpan {
  /// Its table is that of the blocks as they are.
  var span: AttentionSpan
  var table: FoldedTable
}

/// Tables whose streaming heads have given up what lies between the first tokens and the last.
///
/// Every head has a table of its own: where the keys of another head's place are its own, the block is said to begin so much
/// earlier or later. The kernel of dense attention does the rest, so a retrieval head's result has the bits of attention
/// over everything, and a streaming head's those of attention over what it has.
extension KVStore {
  /// Bytes from the beginning of a block to what one head of one layer has in it.
  private func start(of head: Int) -> Int {
    let (layer, kvHead) = (head / kvHeads, head % kvHeads)
    if format == .f16 { return 2 * tokensPerBlock * headWidth * (2 * layer * kvHeads + kvHead) }
    return layer * (bytesPerBlock / layers) + kvHead * (bytesPerBlock / layers / kvHeads)
  }

  /// Pieces of a block that hold keys and values of one head, from `start` on: where they begin, and their bytes.
  private var pieces: [(offset: Int, bytes: Int)] {
    let half = 2 * tokensPerBlock * headWidth
    return format == .f16 ? [(0, half), (kvHeads * half, half)] : [(0, bytesPerBlock / layers / kvHeads)]
  }

  /// The blocks of one head, in order, and how far its slots lie from those of the table.
  func table(of folded: FoldedSpan, layer: Int, kvHead: Int) -> (blocks: [BlockAddress], shift: Int) {
    let (fold, blocks, head) = (folded.table.fold, folded.span.table, layer * kvHeads + kvHead)
    let rest = blocks[(fold.lead + fold.packed)...]
    guard let place = folded.table.split.places[head] else { return (Array(blocks[..<fold.lead] + rest), -fold.packed * tokensPerBlock) }
    var own = Array(blocks[..<fold.lead])
    own.reserveCapacity(blocks.count + fold.saved)
    for number in 0..<fold.folded {
      let (block, other) = folded.table.place(of: number, place)
      own.append((UnsafeMutableRawPointer(blocks[block]) + start(of: other) - start(of: head)).assumingMemoryBound(to: UInt16.self))
    }
    return (own + rest, fold.saved * tokensPerBlock)
  }

  /// Slots that the queries of a span see at most, over all heads of a layer.
  func seen(of folded: FoldedSpan, layer: Int) -> Int {
    let fold = folded.table.fold
    let held = folded.span.first + folded.span.count
    return (0..<kvHeads).reduce(0) { sum, kvHead in
      let isRetrieval = folded.table.split.places[layer * kvHeads + kvHead] != nil
      return sum + held + (isRetrieval ? fold.saved : -fold.packed) * tokensPerBlock
    }
  }

  func attend(layer: Int, folded spans: [FoldedSpan], pool: ThreadPool, path: KernelPath = .best) {
    let tables = spans.map { span in (0..<kvHeads).map { table(of: span, layer: layer, kvHead: $0) } }
    attend(layer: layer, spans.map(\.span), pool: pool, path: path) { tables[$0][$1] }
  }

  /// Packs blocks, as `table` says, of which the first `before` are packed already.
  ///
  /// - Parameters:
  ///   - source: The table as it was; in `other` if that is given, where nothing is packed.
  ///   - target: The table as it is to be.
  mutating func fold(_ source: [BlockID], into target: [BlockID], _ table: FoldedTable, before: Int, from other: KVStore?) {
    let fold = table.fold
    let old = HeadFold(lead: fold.lead, folded: before, share: fold.share)
    if let other {
      let numbers = Array(0..<fold.lead) + Array(fold.lead + fold.folded..<source.count)
      for (number, block) in zip(numbers, target[..<fold.lead] + target[(fold.lead + fold.packed)...]) { bring(source[number], of: other, to: block) }
    }
    // Shares are rounded: the last may get nothing.
    for number in fold.lead + old.packed..<fold.lead + fold.packed where !holds(target[number]) { _ = openCodes(target[number]) }
    // What a block has is read before anything is put into it.
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: bytesPerBlock, alignment: 64)
    defer { block.deallocate() }
    for number in before..<fold.folded {
      let present = (other ?? self).address(of: source[fold.lead + old.packed + number - before])
      block.copyMemory(from: UnsafeRawBufferPointer(start: present, count: bytesPerBlock))
      for (place, head) in table.split.retrieval.enumerated() {
        let (targetNumber, targetHead) = table.place(of: number, place)
        let target = UnsafeMutableRawPointer(openCodes(target[targetNumber]))
        for (offset, bytes) in pieces {
          (target + start(of: targetHead) + offset).copyMemory(from: block.baseAddress! + start(of: head) + offset, byteCount: bytes)
        }
      }
    }
    guard format.keepsWindow else { return }
    for block in target[..<(fold.lead + fold.packed)] { windows[Int(block)] = nil }
  }

  /// A block of another store in the same format, window and all.
  private mutating func bring(_ source: BlockID, of other: KVStore, to target: BlockID) {
    UnsafeMutableRawPointer(openCodes(target)).copyMemory(from: other.address(of: source), byteCount: bytesPerBlock)
    guard format.keepsWindow else { return }
    windows[Int(target)] = nil
    guard other.windows[Int(source)] != nil else { return }
    UnsafeMutableRawPointer(open(target)).copyMemory(from: other.window(of: source), byteCount: bytesPerWindow)
  }
}
