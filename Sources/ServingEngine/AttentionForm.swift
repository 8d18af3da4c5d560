import Core
import Hardware
import KVMemory

/// How decodes read keys and values that several of them have in common.
public enum AttentionForm: Equatable, Sendable {
  /// Each sequence reads its whole context.
  case dense
  /// Leading blocks that at least `requests` decodes have in common, of at least `tokens` tokens, are read once for all.
  case sharedPrefix(tokens: Int, requests: Int)

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
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "dense": self = .dense
    case "shared-prefix": self = .sharedPrefix(tokens: choice.values[0], requests: choice.values[1])
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .dense: Choice(Self.members[0], [])
    case .sharedPrefix(let tokens, let requests): Choice(Self.members[1], [tokens, requests])
    }
  }

  /// Why a device cannot have it; nil when it can.
  func obstacle(on device: any Device) -> String? {
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
