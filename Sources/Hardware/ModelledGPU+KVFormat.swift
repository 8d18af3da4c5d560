public import Core

extension ModelledGPU {
  public var kvFormat: KVFormat { model.kvFormat }

  public func obstacle(toKVFormat format: KVFormat, tokensPerBlock: Int) -> String? {
    guard format != .f16 else { return nil }
    if model.latent != nil { return "\(model.name) keeps one latent vector a token, whose kernels are modelled for 16 bits only — leave it at \(format.exactChoice)" }
    if model.headDimension % 16 != 0 { return "heads of \(model.headDimension) are no whole sixteens of channels — leave it at \(format.exactChoice)" }
    return format.obstacle(tokensPerBlock: tokensPerBlock)
  }

  /// The old bytes are read and the new ones written, at the device's full bandwidth: no kernel that does it was measured, so
  /// this is the least it can take.
  public mutating func convert(to format: KVFormat, held: Int, tokensPerBlock: Int, filling: [BlockID]) throws(DeviceError) -> KVConversion {
    let from = model.kvFormat
    let before = model.allocatedKVBytesPerToken(ranks: tensorParallel)
    model.kvFormat = format
    setAttention()
    let bytes = held * tokensPerBlock * (before + model.allocatedKVBytesPerToken(ranks: tensorParallel))
    return KVConversion(
      from: from, to: format, blocks: held, bytes: bytes, duration: .seconds(Double(bytes) / (accelerator.bandwidth * 1e9)))
  }
}

extension KVFormat {
  /// Why blocks of so many tokens cannot be kept so; nil when they can.
  public func obstacle(tokensPerBlock: Int) -> String? {
    canFill(tokensPerBlock: tokensPerBlock)
      ? nil : "\(groupTokens) tokens of a channel share a scale — give a --block-size that is a multiple of \(groupTokens)"
  }
}
