import Core

/// Blocks known by their own tokens, wherever they stand.
///
/// A document that is quoted by many prompts, after different ones before it, gives blocks of equal tokens whose keys and
/// values differ, for they depend on all that comes before. CacheBlend takes them all the same, turned to their new
/// positions, and computes a part of the tokens again. Here a chunk is a full block: it is found where the document lies
/// on block boundaries again.
///
/// What follows such a block is no longer what the prompt alone would give, so it is published neither as a prefix nor as
/// a chunk.
extension KVCache {
  /// The digest of a block's tokens alone.
  private func chunk(_ block: Int, of request: Request) -> BlockHash {
    var digest = Digest(value: 0x63_68_75_6e_6b)
    request.forEachToken(in: block * tokensPerBlock..<(block + 1) * tokensPerBlock) { digest.fold(UInt64(UInt32(bitPattern: $0))) }
    return digest.value == 0 ? 1 : digest.value
  }

  /// Looks for blocks of the table from `start` up to `limit` among the chunks.
  public mutating func findChunks(_ table: Int, request: Request, from start: Int, limit: Int) {
    tables[table].chunks = []
    guard start < limit else { return }
    var found = [Bool](repeating: false, count: limit)
    for block in start..<limit {
      let hash = chunk(block, of: request)
      if keepIfHeld(hash) { found[block] = true }
    }
    if found.contains(true) { tables[table].chunks = found }
  }

  /// Keeps chunks that a request has computed whole.
  mutating func keepChunks(_ blocks: Range<Int>, of request: Request) {
    for block in blocks { spillChunk(chunk(block, of: request)) }
  }

  /// Tokens of `positions` that come from chunks, and how many blocks these are.
  public func chunkTokens(_ table: Int, in positions: Range<Int>) -> (tokens: Int, blocks: Int) {
    let chunks = tables[table].chunks
    var (tokens, blocks) = (0, 0)
    let first = positions.lowerBound / tokensPerBlock
    guard first < chunks.count, !positions.isEmpty else { return (0, 0) }
    for block in first..<min(chunks.count, (positions.upperBound + tokensPerBlock - 1) / tokensPerBlock)
    where chunks[block] {
      let part = positions.clamped(to: block * tokensPerBlock..<(block + 1) * tokensPerBlock)
      tokens += part.count
      blocks += part.lowerBound == block * tokensPerBlock ? 1 : 0
    }
    return (tokens, blocks)
  }
}
