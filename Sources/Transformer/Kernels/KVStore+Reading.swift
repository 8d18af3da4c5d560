import CKernels
public import Core

/// What a block holds, as floats: for whoever judges, moves or converts keys and values. Attention reads blocks as they lie.
extension KVStore {
  /// Keys of a block for one head of a layer, `[tokensPerBlock, headWidth]`, as the model's queries see them: rotated or
  /// sorted channels are back in their places. What was not written yet means nothing.
  public func keys(layer: Int, block: BlockID, kvHead: Int, into target: UnsafeMutablePointer<Float>, path: KernelPath = .best) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: tokensPerBlock * headWidth) { values in
      read(layer: layer, block: block, kvHead: kvHead, keys: target, values: values.baseAddress!, path: path)
    }
  }

  /// Values of a block for one head of a layer, `[tokensPerBlock, headWidth]`.
  public func values(layer: Int, block: BlockID, kvHead: Int, into target: UnsafeMutablePointer<Float>, path: KernelPath = .best) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: tokensPerBlock * headWidth) { keys in
      read(layer: layer, block: block, kvHead: kvHead, keys: keys.baseAddress!, values: target, path: path)
    }
  }

  /// Both; of a block with a window what is there, for its codes are of nothing yet.
  func read(
    layer: Int, block: BlockID, kvHead: Int, keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, path: KernelPath
  ) {
    var cache = self.layer(layer)
    var address = address(of: block)
    if format.keepsWindow, windows[Int(block)] != nil {
      address = window(of: block)
      cache.format = Int32(CK_KV_F16)
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: ck_read_scratch(&cache)) { scratch in
      path.table.pointee.read(&cache, address, UInt32(kvHead), keys, values, scratch.baseAddress)
    }
  }
}
