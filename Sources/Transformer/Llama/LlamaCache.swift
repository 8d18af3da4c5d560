import Core

/// The keys and values of all layers, in blocks that block tables name. Floats: nothing is lost.
///
/// ```
/// layer │ block │ token of the block │ key head │ element
/// ```
public struct LlamaCache: Sendable {
  public let tokensPerBlock: Int
  public let blockCount: Int
  /// Elements of one token in one layer.
  let width: Int
  var keys: [Float]
  var values: [Float]

  public init(_ shape: LlamaShape, blockCount: Int, tokensPerBlock: Int) {
    require(blockCount > 0 && tokensPerBlock > 0, "\(blockCount) blocks of \(tokensPerBlock) tokens")
    self.tokensPerBlock = tokensPerBlock
    self.blockCount = blockCount
    width = shape.keyWidth
    keys = [Float](repeating: 0, count: shape.layers * blockCount * tokensPerBlock * width)
    values = keys
  }

  /// Where the token at `position` of a sequence lies.
  @inline(__always)
  func offset(layer: Int, position: Int, table: UnsafeBufferPointer<BlockID>) -> Int {
    let block = Int(table[position / tokensPerBlock])
    return ((layer * blockCount + block) * tokensPerBlock + position % tokensPerBlock) * width
  }
}
