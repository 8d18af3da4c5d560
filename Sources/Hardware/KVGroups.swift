import Core

/// How vLLM divides a model's layers for their KV blocks, so that one pool of equal blocks serves them all.
///
/// A block holds a few tokens of every layer of one group. Layers that see everything and layers with a window are never
/// in one group, as the latter give their blocks back behind the window. The smaller kind decides how many layers a group
/// has, unless both are about as many; a group that comes out short is padded:
///
///     Gemma 3 27B   10 full, 52 windowed   10 a group   1 + 6 groups, 8 layers of padding
///     gpt-oss-20b   12 full, 12 windowed   12 a group   1 + 1 groups
///
/// - Source: vLLM, docs/design/hybrid_kv_cache_manager.md, cases 1 to 3, and `_get_kv_cache_groups_uniform_page_size`:
///   the greater number is taken when it is below 1.5 (before 2026 1.25) times the smaller.
public struct KVGroups: Equatable, Sendable {
  /// Layers in each group, padding included.
  public let layers: Int
  /// Groups whose layers keep all tokens, and groups whose layers keep a window.
  public let full: Int
  public let windowed: Int

  public init(full fullLayers: Int, windowed windowedLayers: Int) {
    let (least, most) = (min(fullLayers, windowedLayers), max(fullLayers, windowedLayers))
    let size = least == 0 || 2 * most < 3 * least ? most : least
    layers = size
    full = (fullLayers + size - 1) / size
    windowed = (windowedLayers + size - 1) / size
  }

  public var count: Int { full + windowed }
}

extension ModelCard {
  public var kvGroups: KVGroups { KVGroups(full: layers - windowedLayerCount, windowed: windowedLayerCount) }

  /// Bytes that vLLM sets aside on each rank for the keys and values of one token, while no window has passed over
  /// them: those of all layers, padding included.
  public func allocatedKVBytesPerToken(ranks: Int = 1) -> Int { kvGroups.count * kvGroups.layers * kvBytesPerLayer(ranks: ranks) }

  /// Bytes of one KV block of `layers` of the layers on each rank, padding included, and of a smaller model's in it.
  public func kvBlockBytes(layers: Int, tokensPerBlock: Int, ranks: Int, draft: ModelCard?) -> Int {
    (tokensPerBlock * allocatedKVBytesPerToken(ranks: ranks) * layers + self.layers - 1) / self.layers
      + tokensPerBlock * (draft?.allocatedKVBytesPerToken(ranks: ranks) ?? 0)
  }

  /// Bytes beside the blocks, where a format keeps what each sequence is filling in f16 (`kivi2`: a block of tokens).
  public func kvWindowBytes(sequences: Int, tokensPerBlock: Int, layers: Int, ranks: Int) -> Int {
    guard kvFormat.keepsWindow else { return 0 }
    return sequences * tokensPerBlock * KVFormat.f16.bytesPerToken(kvHeads: kvHeads(ranks: ranks), headWidth: headDimension, layers: layers)
  }
}
