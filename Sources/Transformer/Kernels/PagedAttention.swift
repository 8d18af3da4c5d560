import CKernels
import Core

/// Queries of consecutive positions of one sequence, against its own keys up to each one's position.
struct AttentionSpan {
  /// Where the block of slots `[i · tokensPerBlock, …)` lies.
  var table: [BlockAddress]
  /// Where the windows of the queries' own blocks lie; empty in formats without.
  var windows: [BlockAddress] = []
  /// Slot of the first query's own key: it sees the slots up to there. The keys of all queries of the span are already stored.
  var first: Int
  var count: Int
  /// `[count, heads, headWidth]`, rows `queryStride` floats apart.
  var queries: UnsafePointer<Float>
  var queryStride: Int
  /// Like `queries`, rows `heads · headWidth` floats apart.
  var output: UnsafeMutablePointer<Float>
}

extension KVStore {
  /// Causal attention of ragged spans: prompts in part, single tokens, any mixture.
  ///
  /// Keys are taken in spans of 64 at fixed absolute positions, in order, and a query sees nothing of its neighbours: its
  /// result has the same bits however the prompt was cut, whatever else is in the batch, on any number of threads and with
  /// any block size. Source of the running maximum: Milakov & Gimelshein 2018, "Online normalizer calculation for softmax";
  /// of the block tables: Kwon et al. 2023, "PagedAttention".
  func attend(layer: Int, _ spans: [AttentionSpan], pool: ThreadPool, path: KernelPath = .best) {
    attend(layer: layer, spans, pool: pool, path: path) { number, _ in (spans[number].table, 0) }
  }

  /// The same where heads have tables of their own.
  ///
  /// - Parameter table: Of a span, by its number, and a key head: its blocks, and how many slots more it holds than the span's
  ///   own table before its queries; below 0 when it holds fewer.
  func attend(
    layer: Int, _ spans: [AttentionSpan], pool: ThreadPool, path: KernelPath = .best,
    table: (Int, Int) -> (blocks: [BlockAddress], shift: Int)
  ) {
    struct Piece {
      var span: Int
      var offset: Int
      var count: Int
      var kvHead: Int
    }
    var pieces: [Piece] = []
    for (index, span) in spans.enumerated() {
      var offset = 0
      while offset < span.count {
        var count = min(Int(CK_QUERIES), span.count - offset)
        // A query reads its own block's window, so queries of one piece are of one block.
        if format.keepsWindow { count = min(count, tokensPerBlock - (span.first + offset) % tokensPerBlock) }
        for kvHead in 0..<kvHeads { pieces.append(Piece(span: index, offset: offset, count: count, kvHead: kvHead)) }
        offset += count
      }
    }
    let cache = self.layer(layer)
    let scale = 1 / Float(headWidth).squareRoot()
    let width = heads * headWidth
    let scratchBytes = withUnsafePointer(to: cache) { ck_attend_scratch($0) * 4 }
    pool.parallelFor(pieces.count) { range, thread in
      let scratch = pool.scratch(of: thread, bytes: scratchBytes).assumingMemoryBound(to: Float.self)
      var cache = cache
      for piece in pieces[range] {
        let span = spans[piece.span]
        let (blocks, shift) = table(piece.span, piece.kvHead)
        let (window, windowFirst) = self.window(of: span, at: span.first + piece.offset)
        blocks.withUnsafeBytes { table in
          var work = ck_queries(
            table: table.baseAddress?.assumingMemoryBound(to: UnsafePointer<UInt16>?.self), first: span.first + shift + piece.offset,
            count: piece.count, queries: span.queries + piece.offset * span.queryStride,
            query_stride: span.queryStride, output: span.output + piece.offset * width, scale: scale,
            window: window, window_first: window == nil ? 0 : windowFirst + shift)
          path.table.pointee.attend(&cache, &work, UInt32(piece.kvHead), scratch)
        }
      }
    }
  }

  /// The window that a query at a position reads, and its first position.
  func window(of span: AttentionSpan, at position: Int) -> (window: BlockAddress?, first: Int) {
    guard format.keepsWindow else { return (nil, 0) }
    let number = position / tokensPerBlock
    return (span.windows[number - span.first / tokensPerBlock], number * tokensPerBlock)
  }
}
