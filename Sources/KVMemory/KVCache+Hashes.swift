import Core

/// Names of contents: a full block's tokens and, by the chain, all before them.
extension KVCache {
  /// Brings the hashes of a table up to all known tokens of its request.
  public mutating func extendHashes(of table: Int, request: Request) {
    guard reusesPrefixes, tables[table].dropped == 0 else { return }
    let known = request.known
    var block = tables[table].hashes.count
    while (block + 1) * tokensPerBlock + hashLookahead <= known {
      let previous = block == 0 ? 0 : tables[table].hashes[block - 1]
      tables[table].hashes.append(Self.hash(of: block, after: previous, in: request, tokensPerBlock, hashLookahead))
      block += 1
    }
  }

  /// The hash of a full block, chained to the one before it.
  ///
  /// Static, so that the cache is not copied to be asked while one of its tables grows.
  private static func hash(
    of block: Int, after previous: BlockHash, in request: Request, _ tokensPerBlock: Int, _ hashLookahead: Int
  ) -> BlockHash {
    var digest = Digest(value: previous)
    let start = block * tokensPerBlock
    request.forEachToken(in: start..<start + tokensPerBlock + hashLookahead) {
      digest.fold(UInt64(UInt32(bitPattern: $0)))
    }
    return digest.value == 0 ? 1 : digest.value
  }

  /// Leading blocks of a request's known tokens that could be found now, for those who have not given it a table.
  /// Hashes only as far as it finds something.
  public func cachedBlocks(of request: Request) -> Int {
    guard reusesPrefixes else { return 0 }
    var block = 0
    var previous: BlockHash = 0
    while (block + 1) * tokensPerBlock + hashLookahead <= request.known {
      previous = Self.hash(of: block, after: previous, in: request, tokensPerBlock, hashLookahead)
      guard index.block(holding: previous) != nil else { break }
      block += 1
    }
    return block
  }
}
