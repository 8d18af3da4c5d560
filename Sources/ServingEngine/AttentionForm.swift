import Core
import Hardware
import KVMemory

/// How attention reads keys and values: whole contexts, what several decodes have in common once, or only what matters.
public enum AttentionForm: Equatable, Sendable {
  /// Each sequence reads its whole context.
  case dense
  /// Leading blocks that at least `requests` decodes have in common, of at least `tokens` tokens, are read once for all.
  case sharedPrefix(tokens: Int, requests: Int)
  /// Decodes read so many pages besides the first and the last; a page is a block.
  case topPages(Int)
  /// Decodes read one token in `tokens`, chosen by one channel in `channels`.
  case doubleSparse(tokens: Int, channels: Int)
  /// Prompts read so many blocks before each tile.
  case patternPrefill(Int)

  public static let members = [
    Descriptor(
      name: "dense", summary: "every decode reads its whole context",
      source: "PagedAttention (Kwon et al., SOSP 2023); FlashAttention (Dao, arXiv 2307.08691)"),
    Descriptor(
      name: "shared-prefix", summary: "keys and values of a shared prefix are read once for all decodes that have it",
      source: "Hydragen (Juravsky et al., arXiv 2402.05099); RelayAttention (Zhu et al., arXiv 2402.14808); limits as in vLLM's cascade attention",
      parameters: [
        Parameter("tokens", "a shared part has so many at least", range: 1...1_048_576, standard: 256),
        Parameter("requests", "it is shared by so many decodes at least", range: 2...65_536, standard: 8),
      ]),
    Descriptor(
      name: "top-pages", summary: "decodes read the blocks whose keys can score most, the first and the last",
      source: "Quest (Tang et al., ICML 2024, arXiv 2406.10774); here in all layers",
      parameters: [Parameter("pages", "blocks between the first and the last that are read", range: 1...65_536, standard: 32)]),
    Descriptor(
      name: "double-sparse", summary: "decodes read the tokens that score most by a few channels of the keys",
      source: "Double Sparsity (Yang et al., arXiv 2408.07092)",
      parameters: [
        Parameter("tokens", "one token in so many is read", range: 1...1_024, standard: 16),
        Parameter("channels", "one channel in so many is looked at", range: 1...64, standard: 16),
      ]),
    Descriptor(
      name: "pattern-prefill", summary: "prompts read the blocks that each head's pattern says: A-shape, vertical and slash, or blocks",
      source: "MInference (Jiang et al., NeurIPS 2024, arXiv 2407.02490)",
      parameters: [Parameter("blocks", "that a tile of a prompt reads of what comes before it", range: 4...65_536, standard: 64)]),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "dense": self = .dense
    case "shared-prefix": self = .sharedPrefix(tokens: choice.values[0], requests: choice.values[1])
    case "top-pages": self = .topPages(choice.values[0])
    case "double-sparse": self = .doubleSparse(tokens: choice.values[0], channels: choice.values[1])
    case "pattern-prefill": self = .patternPrefill(choice.values[0])
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .dense: Choice(Self.members[0], [])
    case .sharedPrefix(let tokens, let requests): Choice(Self.members[1], [tokens, requests])
    case .topPages(let pages): Choice(Self.members[2], [pages])
    case .doubleSparse(let tokens, let channels): Choice(Self.members[3], [tokens, channels])
    case .patternPrefill(let blocks): Choice(Self.members[4], [blocks])
    }
  }

  /// What it leaves out; nil for a form that reads whole contexts.
  public func sparse(tokensPerBlock: Int) -> SparseAttention? {
    switch self {
    case .dense, .sharedPrefix: nil
    case .topPages(let pages): .pages(count: pages, tokensPerPage: tokensPerBlock)
    case .doubleSparse(let tokens, let channels): .labels(tokens: tokens, channels: channels)
    case .patternPrefill(let blocks): .patterns(blocks: blocks, tokensPerBlock: tokensPerBlock)
    }
  }

  /// Its results are not those of dense attention.
  public var isLossy: Bool { sparse(tokensPerBlock: 1) != nil }

  /// Why a device cannot have it; nil when it can.
  ///
  /// - Parameter speculates: Drafts are verified beside decodes.
  func obstacle(on device: any Device, speculates: Bool) -> String? {
    if speculates, sparse(tokensPerBlock: 1)?.isOfDecodes == true {
      return "each draft would choose keys of its own — choose --speculate none first"
    }
    guard self != .dense, let model = device.modelledGPU?.model, model.latent != nil else { return nil }
    return "attention of \(model.name) is latent: its kernels are not modelled for parts of a context — leave it at dense"
  }

  /// What the decodes of a batch have in common, as their block tables say.
  ///
  /// - Parameter tables: One for each slot.
  func sharedParts(of slots: [Batch.Slot], tables: [[BlockID]], tokensPerBlock: Int) -> [Batch.SharedPart] {
    guard case .sharedPrefix(let tokens, let requests) = self else { return [] }
    var decodes: [Int] = []
    var whole: [ArraySlice<BlockID>] = []
    for (number, slot) in slots.enumerated() where slot.isDecode {
      decodes.append(number)
      // Full before the step; and one token at least is its own.
      whole.append(tables[number].prefix((slot.held - 1) / tokensPerBlock))
    }
    return SharedBlocks.parts(of: whole, leastBlocks: (tokens + tokensPerBlock - 1) / tokensPerBlock, leastTables: requests).map { part in
      Batch.SharedPart(
        positions: part.blocks.lowerBound * tokensPerBlock..<part.blocks.upperBound * tokensPerBlock,
        slots: part.tables.map { decodes[$0] }, depth: part.depth)
    }
  }
}
