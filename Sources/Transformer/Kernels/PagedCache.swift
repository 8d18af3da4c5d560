import CKernels
import Core

/// Keys and values of every layer in half precision, by block: what block tables point at.
///
/// Shape `[blocks, layers, keys then values, kvHeads, tokensPerBlock, headWidth]`; sixteen keys of a block lie element by
/// element, so that they are the lanes of a vector. A class because kernels on several threads write into it by address.
public final class PagedCache: @unchecked Sendable {
  public let blockCount: Int
  public let layers: Int
  public let tokensPerBlock: Int
  public let heads: Int
  public let kvHeads: Int
  /// A multiple of 16.
  public let headWidth: Int
  private let storage: AlignedBuffer

  public init(blockCount: Int, layers: Int, tokensPerBlock: Int, heads: Int, kvHeads: Int, headWidth: Int) {
    require(Self.canHold(tokensPerBlock: tokensPerBlock, headWidth: headWidth), "blocks of \(tokensPerBlock) tokens, heads of \(headWidth)")
    require(heads % kvHeads == 0, "\(heads) query heads share \(kvHeads) key heads")
    self.blockCount = blockCount
    self.layers = layers
    self.tokensPerBlock = tokensPerBlock
    self.heads = heads
    self.kvHeads = kvHeads
    self.headWidth = headWidth
    storage = AlignedBuffer(bytes: blockCount * layers * 4 * kvHeads * tokensPerBlock * headWidth)
  }

  /// Blocks of 1, 2, 4, 8 or whole sixteens of tokens; heads of whole sixteens of elements.
  public static func canHold(tokensPerBlock: Int, headWidth: Int) -> Bool {
    headWidth > 0 && headWidth % 16 == 0 && tokensPerBlock > 0 && (tokensPerBlock % 16 == 0 || 16 % tokensPerBlock == 0)
  }

  public var bytesPerBlock: Int { layers * 4 * kvHeads * tokensPerBlock * headWidth }
  public var bytesPerToken: Int { bytesPerBlock / tokensPerBlock }

  /// All layers of one block into another: what a fork needs before it writes.
  public func copy(_ source: BlockID, to target: BlockID) {
    (storage.base + Int(target) * bytesPerBlock).copyMemory(
      from: storage.base + Int(source) * bytesPerBlock, byteCount: bytesPerBlock)
  }

  func layer(_ layer: Int) -> ck_cache {
    let half = kvHeads * tokensPerBlock * headWidth
    let keys = storage.base.assumingMemoryBound(to: UInt16.self) + layer * 2 * half
    return ck_cache(
      keys: keys, values: keys + half, block_stride: layers * 2 * half, tokens_per_block: UInt32(tokensPerBlock),
      heads: UInt32(heads), kv_heads: UInt32(kvHeads), head_width: UInt32(headWidth))
  }

  /// The keys and values (`[kvHeads, headWidth]`) of one position of one layer, into its slot.
  public func store(
    layer: Int, block: BlockID, slot: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, path: KernelPath = .best
  ) {
    var cache = self.layer(layer)
    path.table.pointee.store(&cache, UInt32(block), UInt32(slot), keys, values)
  }
}

/// Queries of consecutive positions of one sequence, against its own keys up to each one's position.
public struct AttentionSpan {
  /// Block of positions `[i · tokensPerBlock, …)`; stays where it is during the call.
  public var table: UnsafePointer<BlockID>
  /// Absolute position of the first query. The keys of all queries of the span are already stored.
  public var first: Int
  public var count: Int
  /// `[count, heads, headWidth]`, rows `stride` floats apart.
  public var queries: UnsafePointer<Float>
  /// Like `queries`.
  public var output: UnsafeMutablePointer<Float>
  public var stride: Int

  public init(
    table: UnsafePointer<BlockID>, first: Int, count: Int, queries: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    stride: Int
  ) {
    self.table = table
    self.first = first
    self.count = count
    self.queries = queries
    self.output = output
    self.stride = stride
  }
}

extension PagedCache {
  /// Causal attention of ragged spans: prompts in part, single tokens, any mixture.
  ///
  /// Keys are taken in spans of 64 at fixed absolute positions, in order, and a query sees nothing of its neighbours: its
  /// result has the same bits however the prompt was cut, whatever else is in the batch, on any number of threads and with
  /// any block size. Source of the running maximum: Milakov & Gimelshein 2018, "Online normalizer calculation for softmax";
  /// of the block tables: Kwon et al. 2023, "PagedAttention".
  public func attend(layer: Int, _ spans: [AttentionSpan], pool: ThreadPool, path: KernelPath = .best) {
    struct Piece {
      var span: Int
      var offset: Int
      var kvHead: Int
    }
    var pieces: [Piece] = []
    for (index, span) in spans.enumerated() {
      for offset in stride(from: 0, to: span.count, by: Int(CK_QUERIES)) {
        for kvHead in 0..<kvHeads { pieces.append(Piece(span: index, offset: offset, kvHead: kvHead)) }
      }
    }
    let cache = self.layer(layer)
    let scale = 1 / Float(headWidth).squareRoot()
    let scratchBytes = withUnsafePointer(to: cache) { ck_attend_scratch($0) * 4 }
    nonisolated(unsafe) let spans = spans
    pool.parallelFor(pieces.count) { range, thread in
      let scratch = pool.scratch(of: thread, bytes: scratchBytes).assumingMemoryBound(to: Float.self)
      var cache = cache
      for piece in pieces[range] {
        let span = spans[piece.span]
        span.table.withMemoryRebound(to: UInt32.self, capacity: 1) { table in
          var work = ck_queries(
            table: table, first: span.first + piece.offset, count: min(Int(CK_QUERIES), span.count - piece.offset),
            queries: span.queries + piece.offset * span.stride, output: span.output + piece.offset * span.stride,
            stride: span.stride, scale: scale)
          path.table.pointee.attend(&cache, &work, UInt32(piece.kvHead), scratch)
        }
      }
    }
  }
}
