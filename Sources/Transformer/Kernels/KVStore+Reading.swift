import CKernels
import Core

/// What a block holds, as floats: for whoever judges, moves or converts keys and values. Attention reads blocks as they lie.
extension KVStore {
  /// Keys of a block for one head of a layer, `[tokensPerBlock, headWidth]`, as attention sees them. What was not written yet
  /// means nothing.
  public func keys(layer: Int, block: BlockID, kvHead: Int, into target: UnsafeMutablePointer<Float>, path: KernelPath = .best) {
    let lanes = min(16, tokensPerBlock)
    let head = address(of: block) + self.layer(layer).keys + kvHead * tokensPerBlock * headWidth
    var group = [Float](repeating: 0, count: lanes * headWidth)
    for first in stride(from: 0, to: tokensPerBlock, by: lanes) {
      path.fromHalf(head + first * headWidth, count: lanes * headWidth, into: &group)
      for channel in 0..<headWidth {
        for lane in 0..<lanes { target[(first + lane) * headWidth + channel] = group[channel * lanes + lane] }
      }
    }
  }

  /// Values of a block for one head of a layer, `[tokensPerBlock, headWidth]`.
  public func values(layer: Int, block: BlockID, kvHead: Int, into target: UnsafeMutablePointer<Float>, path: KernelPath = .best) {
    let count = tokensPerBlock * headWidth
    path.fromHalf(address(of: block) + self.layer(layer).values + kvHead * count, count: count, into: target)
  }
}
