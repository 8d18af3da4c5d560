import CKernels
import Core

/// A decode that reads a part of its keys.
struct SparseDecode {
  var span: AttentionSpan
  /// Blocks of the table, and where the notes of those are that are full.
  var blocks: ArraySlice<BlockID>
  var notes: [UnsafeMutablePointer<Float>]

  var context: Int { span.first + 1 }
}

/// Attention of decodes over keys that are chosen by notes beside the blocks. All query heads of a key head read the same.
///
/// Choices follow from a sequence's own query and keys, and what is chosen goes in order through the kernel of dense
/// attention: results have the same bits alone or in a batch and on any number of threads, and those of dense attention
/// where everything is chosen.
extension KVStore {
  /// For each decode and key head, which blocks or tokens are read, ascending; nil where all are.
  typealias Chosen = [[Int32]?]

  /// - Source: of pages: Tang et al. 2024, Quest (arXiv 2406.10774), algorithm 1; of tokens: Yang et al. 2024, Double Sparsity
  ///   (arXiv 2408.07092), algorithm 1. Where query heads share keys, the greatest of their scores counts.
  func choose(layer: Int, _ decodes: [SparseDecode], _ sparse: SparseAttention, pool: ThreadPool) -> Chosen {
    var chosen = Chosen(repeating: nil, count: decodes.count * kvHeads)
    chosen.withUnsafeMutableBufferPointer { chosen in
      nonisolated(unsafe) let chosen = chosen
      pool.parallelFor(decodes.count * kvHeads) { range, _ in
        for number in range {
          let (decode, kvHead) = (decodes[number / kvHeads], number % kvHeads)
          switch sparse {
          case .pages(let count, _): chosen[number] = pages(count, of: decode, layer: layer, kvHead: kvHead)
          case .labels(let tokens, _): chosen[number] = tokens == 1 ? nil : self.tokens(sparse.kept(of: decode.context), of: decode, layer: layer, kvHead: kvHead)
          case .patterns: break
          }
        }
      }
    }
    return chosen
  }

  private func pages(_ count: Int, of decode: SparseDecode, layer: Int, kvHead: Int) -> [Int32]? {
    let last = decode.span.first / tokensPerBlock
    guard let notes, last + 1 > count + 2 else { return nil }
    let offset = notes.offset(layer: layer, kvHead: kvHead, of: self)
    let group = heads / kvHeads
    let queries = decode.span.queries + kvHead * group * headWidth
    // What of a query meets the least key of a page, and what the greatest: the negative part and the positive.
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * group * headWidth + last - 1) { room in
      guard let signs = room.baseAddress else { return nil }
      let scores = UnsafeMutableBufferPointer(rebasing: room[(2 * group * headWidth)...])
      for head in 0..<group {
        for channel in 0..<headWidth {
          let query = queries[head * headWidth + channel]
          signs[2 * head * headWidth + channel] = min(query, 0)
          signs[(2 * head + 1) * headWidth + channel] = max(query, 0)
        }
      }
      for page in 1..<last {
        // Notes of a layer lie as far apart as blocks do: without this, each page waits for memory.
        if page + 4 < last { ck_call(decode.notes[page + 4] + offset, 8 * headWidth) }
        let bounds = decode.notes[page] + offset
        var greatest = -Float.infinity
        for head in 0..<group { greatest = max(greatest, product(signs + 2 * head * headWidth, bounds, 2 * headWidth)) }
        scores[page - 1] = greatest
      }
      return [0] + placesOfGreatest(count, of: UnsafeBufferPointer(scores)).map { $0 + 1 } + [Int32(last)]
    }
  }

  private func tokens(_ count: Int, of decode: SparseDecode, layer: Int, kvHead: Int) -> [Int32]? {
    guard let notes, case .labels(let channels) = notes.kind, count < decode.context else { return nil }
    let labels = channels[layer * kvHeads + kvHead]
    let offset = notes.offset(layer: layer, kvHead: kvHead, of: self)
    let group = heads / kvHeads
    let queries = decode.span.queries + kvHead * group * headWidth
    // Its own key is read whatever it scores.
    let others = decode.context - 1
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: others + tokensPerBlock) { scores in
      withUnsafeTemporaryAllocation(of: SIMD16<Float>.self, capacity: group) { sums in
        for (block, notes) in decode.notes.enumerated() where block * tokensPerBlock < others {
          if block + 8 < decode.notes.count { ck_call(decode.notes[block + 8] + offset, labels.count * tokensPerBlock * 4) }
          for first in stride(from: 0, to: tokensPerBlock, by: 16) {
            // Sixteen tokens side by side; smaller blocks have fewer.
            let few = min(16, tokensPerBlock)
            sums.update(repeating: .zero)
            for (place, channel) in labels.enumerated() {
              let row = UnsafeRawPointer(notes + offset + place * tokensPerBlock + first)
              var keys = SIMD16<Float>(repeating: 0)
              if few == 16 { keys = row.loadUnaligned(as: SIMD16<Float>.self) } else { for slot in 0..<few { keys[slot] = row.load(fromByteOffset: slot * 4, as: Float.self) } }
              for head in 0..<group { sums[head] += keys * queries[head * headWidth + channel] }
            }
            var greatest = SIMD16<Float>(repeating: -.infinity)
            for head in 0..<group { greatest.replace(with: sums[head], where: sums[head] .> greatest) }
            let target = UnsafeMutableRawPointer(scores.baseAddress.unsafelyUnwrapped + block * tokensPerBlock + first)
            if few == 16 { target.storeBytes(of: greatest, as: SIMD16<Float>.self) } else { for slot in 0..<few { target.storeBytes(of: greatest[slot], toByteOffset: slot * 4, as: Float.self) } }
          }
        }
        return placesOfGreatest(count - 1, of: UnsafeBufferPointer(rebasing: scores[..<others])) + [Int32(others)]
      }
    }
  }

  /// Attention over what was chosen.
  func attend(layer: Int, _ decodes: [SparseDecode], _ chosen: Chosen, _ sparse: SparseAttention, pool: ThreadPool, path: KernelPath = .best) {
    let cache = self.layer(layer)
    let scale = 1 / Float(headWidth).squareRoot()
    let scratchBytes = withUnsafePointer(to: cache) { ck_attend_scratch($0) * 4 }
    pool.parallelFor(decodes.count * kvHeads) { range, thread in
      let scratch = pool.scratch(of: thread, bytes: scratchBytes).assumingMemoryBound(to: Float.self)
      var cache = cache
      for number in range {
        let (span, kvHead) = (decodes[number / kvHeads].span, number % kvHeads)
        // In formats with windows the query's own block is read there.
        let own = window(of: span, at: span.first).window
        func attend(_ cache: inout ck_cache, _ table: [BlockAddress], last: Int, kvHead: Int, shift: Int) {
          table.withUnsafeBytes { table in
            var work = ck_queries(
              table: table.baseAddress?.assumingMemoryBound(to: UnsafePointer<UInt16>?.self), first: last, count: 1,
              queries: span.queries + shift, query_stride: span.queryStride, output: span.output + shift, scale: scale,
              window: cache.format == CK_KV_F16 ? nil : own, window_first: last / tokensPerBlock * tokensPerBlock)
            path.table.pointee.attend(&cache, &work, UInt32(kvHead), scratch)
          }
        }
        switch (chosen[number], sparse) {
        case (nil, _), (_, .patterns):
          attend(&cache, span.table, last: span.first, kvHead: kvHead, shift: 0)
        case (let pages?, .pages):
          let last = (pages.count - 1) * tokensPerBlock + span.first % tokensPerBlock
          attend(&cache, pages.map { span.table[Int($0)] }, last: last, kvHead: kvHead, shift: 0)
        case (let tokens?, .labels):
          // Side by side in a block of their own, of one layer and one key head.
          let group = heads / kvHeads
          let room = (tokens.count + 15) / 16 * 16
          withUnsafeTemporaryAllocation(byteCount: room * headWidth * 4, alignment: 64) { buffer in
            let block = buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt16.self)
            gather(tokens, of: decodes[number / kvHeads], layer: layer, kvHead: kvHead, into: block, room: room, path: path)
            var few = ck_cache(
              keys: 0, values: room * headWidth, codes: 0, order: nil, tokens_per_block: UInt32(room), heads: UInt32(group), kv_heads: 1,
              head_width: UInt32(headWidth), format: Int32(CK_KV_F16), kept: 0)
            attend(&few, [block], last: tokens.count - 1, kvHead: 0, shift: kvHead * group * headWidth)
          }
        }
      }
    }
  }

  /// Keys and values of chosen tokens, as a block of `room` tokens in half precision has them.
  private func gather(
    _ tokens: [Int32], of decode: SparseDecode, layer: Int, kvHead: Int, into target: BlockAddress, room: Int, path: KernelPath
  ) {
    guard format == .f16 else {
      return gatherDecoded(tokens, of: decode, layer: layer, kvHead: kvHead, into: target, room: room, path: path)
    }
    let cache = self.layer(layer)
    let lanes = min(16, tokensPerBlock)
    func places(of token: Int32) -> (key: BlockAddress, value: BlockAddress, lane: Int) {
      let (block, slot) = (decode.span.table[Int(token) / tokensPerBlock], Int(token) % tokensPerBlock)
      return (
        block + cache.keys + (kvHead * (tokensPerBlock / lanes) + slot / lanes) * headWidth * lanes,
        block + cache.values + (kvHead * tokensPerBlock + slot) * headWidth, slot % lanes
      )
    }
    for (place, token) in tokens.enumerated() {
      // Sixteen keys lie interleaved: one of them touches the lines of all, and without this each waits for memory.
      if place + 4 < tokens.count {
        let later = places(of: tokens[place + 4])
        ck_call(later.key, headWidth * lanes * 2)
        ck_call(later.value, headWidth * 2)
      }
      let (keys, value, lane) = places(of: token)
      let key = keys + lane
      let copy = target + place / 16 * headWidth * 16 + place % 16
      for channel in 0..<headWidth { copy[channel * 16] = key[channel * lanes] }
      (target + (room + place) * headWidth).update(from: value, count: headWidth)
    }
  }

  /// The same from codes: each block that holds a chosen token is decoded.
  private func gatherDecoded(
    _ tokens: [Int32], of decode: SparseDecode, layer: Int, kvHead: Int, into target: BlockAddress, room: Int, path: KernelPath
  ) {
    let size = tokensPerBlock * headWidth
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * size) { floats in
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 2 * size) { halves in
        guard let floats = floats.baseAddress, let halves = halves.baseAddress else { return }
        var present = -1
        for (place, token) in tokens.enumerated() {
          let (number, slot) = (Int(token) / tokensPerBlock, Int(token) % tokensPerBlock)
          if number != present {
            present = number
            read(
              layer: layer, block: decode.blocks[decode.blocks.startIndex + number], kvHead: kvHead, keys: floats, values: floats + size, path: path)
            path.table.pointee.to_half(floats, 2 * size, halves)
          }
          let copy = target + place / 16 * headWidth * 16 + place % 16
          for channel in 0..<headWidth { copy[channel * 16] = halves[slot * headWidth + channel] }
          (target + (room + place) * headWidth).update(from: halves + size + slot * headWidth, count: headWidth)
        }
      }
    }
  }

  /// The part of dense attention's weight that falls on chosen keys, 0...1: mean over decodes and query heads.
  func keptShare(layer: Int, _ decodes: [SparseDecode], _ chosen: Chosen, _ sparse: SparseAttention, pool: ThreadPool) -> Double {
    var shares = [Double](repeating: 1, count: decodes.count * kvHeads)
    shares.withUnsafeMutableBufferPointer { shares in
      nonisolated(unsafe) let shares = shares
      pool.parallelFor(decodes.count * kvHeads) { range, _ in
        for number in range {
          guard let places = chosen[number] else { continue }
          shares[number] = keptShare(layer: layer, decodes[number / kvHeads], kvHead: number % kvHeads, places, sparse)
        }
      }
    }
    return shares.reduce(0, +) / Double(max(1, shares.count))
  }

  private func keptShare(layer: Int, _ decode: SparseDecode, kvHead: Int, _ places: [Int32], _ sparse: SparseAttention) -> Double {
    let group = heads / kvHeads
    let scale = 1 / Float(headWidth).squareRoot()
    var scores = [Float](repeating: 0, count: group * decode.context)
    var keys = [Float](repeating: 0, count: tokensPerBlock * headWidth)
    for (number, block) in decode.blocks.enumerated() {
      self.keys(layer: layer, block: block, kvHead: kvHead, into: &keys)
      for slot in 0..<min(tokensPerBlock, decode.context - number * tokensPerBlock) {
        for head in 0..<group {
          let query = decode.span.queries + (kvHead * group + head) * headWidth
          var sum: Float = 0
          for channel in 0..<headWidth { sum += query[channel] * keys[slot * headWidth + channel] }
          scores[head * decode.context + number * tokensPerBlock + slot] = sum * scale
        }
      }
    }
    var isKept = [Bool](repeating: false, count: decode.context)
    for place in places {
      switch sparse {
      case .pages: for slot in 0..<tokensPerBlock where Int(place) * tokensPerBlock + slot < decode.context { isKept[Int(place) * tokensPerBlock + slot] = true }
      case .labels, .patterns: isKept[Int(place)] = true
      }
    }
    var share = 0.0
    for head in 0..<group {
      var weights = Array(scores[head * decode.context..<(head + 1) * decode.context])
      KernelPath.best.softmax(&weights, count: weights.count)
      for (place, weight) in weights.enumerated() where isKept[place] { share += Double(weight) }
    }
    return share / Double(group)
  }
}

/// Σ leftᵢ · rightᵢ, of a multiple of sixteen: lane by lane, then the lanes in halves.
///
/// Of the negative and the positive part of a query with the least and the greatest keys it is the largest score that the
/// query can have with a key between those, unscaled: Σ max(qᵢ · leastᵢ, qᵢ · greatestᵢ).
@inline(__always)
private func product(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ count: Int) -> Float {
  var sum = SIMD16<Float>(repeating: 0)
  for first in stride(from: 0, to: count, by: 16) {
    sum += UnsafeRawPointer(left + first).loadUnaligned(as: SIMD16<Float>.self) * UnsafeRawPointer(right + first).loadUnaligned(as: SIMD16<Float>.self)
  }
  let eight = sum.lowHalf + sum.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}
