import Core

/// The queries of some consecutive tokens of a sequence, beside the keys that they see.
struct WatchedQueries {
  /// Number of the sequence's span.
  var span: Int
  /// Position of the first query, and the slot that its own key lies in.
  var first: Int
  var slot: Int
  var count: Int
  /// `[count, heads, headWidth]`, rows `stride` floats apart.
  var queries: UnsafePointer<Float>
  var stride: Int
  var table: [BlockID]
}

/// Is shown the queries of a forward pass, layer by layer, when the keys of all of them are stored.
///
/// A class because it gathers while a pass goes on.
protocol AttentionWatcher: AnyObject {
  /// - Returns: Operations and bytes that looking took.
  func see(layer: Int, _ queries: [WatchedQueries], _ cache: KVStore, _ pool: ThreadPool, _ path: KernelPath) -> (operations: Int, bytes: Int)
}

extension KVStore {
  /// Scores of queries of one key head's group against each slot, `[count · group, keys]`, scaled and before their softmax; those
  /// of slots from `visible(query)` on are not touched.
  ///
  /// The separate pass that attention kernels spare: keys are decoded block by block, whatever their format, and every score
  /// is one sum over the width in order.
  func scores(
    layer: Int, kvHead: Int, of queries: UnsafePointer<Float>, stride: Int, count: Int, table: [BlockID], keys: Int,
    visible: (Int) -> Int, path: KernelPath, into rows: UnsafeMutablePointer<Float>
  ) {
    let group = heads / kvHeads
    let scale = 1 / Float(headWidth).squareRoot()
    withUnsafeTemporaryAllocation(of: Float.self, capacity: tokensPerBlock * headWidth) { block in
      let decoded = block.baseAddress!
      for number in 0..<(keys + tokensPerBlock - 1) / tokensPerBlock {
        self.keys(layer: layer, block: table[number], kvHead: kvHead, into: decoded, path: path)
        let begin = number * tokensPerBlock
        for query in 0..<count {
          let end = min(visible(query), keys, begin + tokensPerBlock)
          if end <= begin { continue }
          for member in 0..<group {
            let vector = queries + query * stride + (kvHead * group + member) * headWidth
            let row = rows + (query * group + member) * keys
            for slot in begin..<end { row[slot] = dot(vector, decoded + (slot - begin) * headWidth, headWidth) * scale }
          }
        }
      }
    }
  }
}

/// Sixteen lanes, then their sum; widths are multiples of 16.
@inline(__always)
private func dot(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ count: Int) -> Float {
  var sum = SIMD16<Float>.zero
  for start in stride(from: 0, to: count, by: 16) {
    let a = UnsafeRawPointer(left + start).loadUnaligned(as: SIMD16<Float>.self)
    let b = UnsafeRawPointer(right + start).loadUnaligned(as: SIMD16<Float>.self)
    sum += a * b
  }
  return sum.sum()
}
