import CKernels
import Core

/// Keys that several decodes have in common, in the same blocks.
struct SharedStretch {
  /// Positions; whole spans of 64.
  var keys: Range<Int>
  /// Numbers of the decodes.
  var members: [Int]
  var depth: Int
}

extension KVStore {
  /// The part of shared positions that is taken in one, from a span of 64 keys to another.
  static func wholeSpans(of positions: Range<Int>) -> Range<Int> {
    let size = Int(CK_KEYS)
    return positions.lowerBound / size * size..<positions.upperBound / size * size
  }

  /// Attention of single tokens of many sequences, where what several have in common is read once for sixteen of them.
  ///
  /// Each query's running softmax goes from stretch to stretch, outermost first, and then over the keys that are its own:
  /// the same sums in the same order as when it reads its context alone, so its result has the same bits. Nothing is merged.
  ///
  /// - Parameter states: Of `bytesPerState` for each decode.
  func attend(
    layer: Int, decodes: [AttentionSpan], shared: [SharedStretch], states: AlignedBuffer, pool: ThreadPool, path: KernelPath = .best
  ) {
    var own = [Int](repeating: 0, count: decodes.count)
    for stretch in shared { for member in stretch.members { own[member] = max(own[member], stretch.keys.upperBound) } }
    for depth in 0..<(shared.map { $0.depth + 1 }.max() ?? 0) {
      var pieces: [Piece] = []
      for stretch in shared where stretch.depth == depth {
        for start in stride(from: 0, to: stretch.members.count, by: Int(CK_QUERIES)) {
          let members = Array(stretch.members[start..<min(start + Int(CK_QUERIES), stretch.members.count)])
          pieces.append(Piece(members: members, keys: stretch.keys, isLast: false))
        }
      }
      attend(layer: layer, pieces, of: decodes, states, pool, path)
    }
    let last = decodes.indices.map { Piece(members: [$0], keys: own[$0]..<decodes[$0].first + 1, isLast: true) }
    attend(layer: layer, last, of: decodes, states, pool, path)
  }

  /// Of one query's running softmaxes.
  var bytesPerState: Int { withUnsafePointer(to: layer(0)) { ck_attend_state($0) } * 4 }

  private struct Piece {
    var members: [Int]
    var keys: Range<Int>
    var isLast: Bool
  }

  /// Every piece for every key head, in any order.
  private func attend(
    layer: Int, _ pieces: [Piece], of decodes: [AttentionSpan], _ states: AlignedBuffer, _ pool: ThreadPool, _ path: KernelPath
  ) {
    let cache = self.layer(layer)
    let scale = 1 / Float(headWidth).squareRoot()
    let size = withUnsafePointer(to: cache) { ck_attend_state($0) }
    let scratchBytes = withUnsafePointer(to: cache) { ck_attend_scratch($0) * 4 }
    let base = states.base.assumingMemoryBound(to: Float.self)
    pool.parallelFor(pieces.count * kvHeads) { range, thread in
      let scratch = pool.scratch(of: thread, bytes: scratchBytes).assumingMemoryBound(to: Float.self)
      var cache = cache
      for number in range {
        let piece = pieces[number / kvHeads]
        let queries: [UnsafePointer<Float>?] = piece.members.map { decodes[$0].queries }
        let states: [UnsafeMutablePointer<Float>?] = piece.members.map { base + $0 * size }
        let outputs: [UnsafeMutablePointer<Float>?] = piece.members.map { decodes[$0].output }
        let alone = decodes[piece.members[0]]
        let (window, windowFirst) = piece.isLast ? self.window(of: alone, at: alone.first) : (nil, 0)
        decodes[piece.members[0]].table.withUnsafeBytes { table in
          queries.withUnsafeBufferPointer { queries in
            states.withUnsafeBufferPointer { states in
              outputs.withUnsafeBufferPointer { outputs in
                var work = ck_stretch(
                  table: table.baseAddress?.assumingMemoryBound(to: UnsafePointer<UInt16>?.self), begin: piece.keys.lowerBound,
                  end: piece.keys.upperBound, count: piece.members.count, queries: queries.baseAddress, states: states.baseAddress,
                  outputs: piece.isLast ? outputs.baseAddress : nil, scale: scale, window: window, window_first: windowFirst)
                path.table.pointee.attend_stretch(&cache, &work, UInt32(number % kvHeads), scratch)
              }
            }
          }
        }
      }
    }
  }
}
