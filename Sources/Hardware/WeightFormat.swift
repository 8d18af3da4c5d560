public import Core

/// In what the weights of a model's projections are kept, whatever its file or card has them in.
///
/// Embeddings, head, norms and routers stay as they are.
public enum WeightFormat: Equatable, Sendable {
  case asLoaded, f16, f8, int8, int4
  /// Activations of 4 bits too; of so many per cent of the tiles, of 8.
  case w4a4(wideTiles: Int)
  /// So many per cent of the weights are zero and are not stored.
  case sparse(zeros: Int)

  public static let members = [
    Descriptor(name: "as-loaded", summary: "as the file or the card has them", source: "no change"),
    Descriptor(name: "f16", summary: "16 bits", source: "IEEE 754 binary16"),
    Descriptor(name: "f8", summary: "8-bit floats (e4m3)", source: "Micikevicius et al., FP8 Formats for Deep Learning, arXiv 2209.05433"),
    Descriptor(name: "int8", summary: "8-bit whole numbers in groups; activations as before", source: "GPTQ (Frantar et al., arXiv 2210.17323); on the cpu Q8_0"),
    Descriptor(
      name: "int4", summary: "4-bit whole numbers in groups: a quarter of the traffic, as much arithmetic",
      source: "AWQ (Lin et al., arXiv 2306.00978); MARLIN (Frantar et al., arXiv 2408.11743); on the cpu Q4_0"),
    Descriptor(
      name: "w4a4", summary: "4-bit weights, most activations of 4 bits, the others of 8", source: "COMET (Liu et al., arXiv 2410.12168)",
      parameters: [Parameter("percent", "of the tiles whose activations have 8 bits", range: 0...100, standard: 20)]),
    Descriptor(
      name: "sparse", summary: "the smallest weights are zero: loaded as a bitmap and the others, multiplied as if all were there",
      source: "Flash-LLM (Xia et al., arXiv 2309.10285)",
      parameters: [Parameter("percent", "of the weights of each row that are zero", range: 1...99, standard: 50)]),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "as-loaded": self = .asLoaded
    case "f16": self = .f16
    case "f8": self = .f8
    case "int8": self = .int8
    case "int4": self = .int4
    case "w4a4": self = .w4a4(wideTiles: choice.values[0])
    case "sparse": self = .sparse(zeros: choice.values[0])
    default: return nil
    }
  }

  public var choice: Choice {
    func member(_ name: String, _ values: [Int] = []) -> Choice {
      guard let member = Self.members.first(where: { $0.name == name }) else { fatalError("\(name) is no format of weights") }
      return Choice(member, values)
    }
    switch self {
    case .asLoaded: return member("as-loaded")
    case .f16: return member("f16")
    case .f8: return member("f8")
    case .int8: return member("int8")
    case .int4: return member("int4")
    case .w4a4(let wide): return member("w4a4", [wide])
    case .sparse(let zeros): return member("sparse", [zeros])
    }
  }

  /// Why a real model cannot have it; nil when it can.
  public var obstacleOnCPU: String? {
    if case .w4a4 = self { return "products of the cpu take activations of 8 bits or floats — choose int4" }
    return nil
  }

  /// Bytes of a weight of which `zeros` (0...1) are not stored: two for each that is, and a bit of the map for every one.
  static func sparseBytes(zeros: Double) -> Double { 2 * (1 - zeros) + 0.125 }
}

extension ModelCard {
  /// The same model with the weights of its projections in another format.
  public func storing(_ format: WeightFormat, on accelerator: Accelerator) throws(DeviceError) -> ModelCard {
    func fault(_ sentence: String) -> DeviceError { DeviceError(device: "\(name) on \(accelerator.name)", problem: .failed(sentence)) }
    var card = self
    if let loaded {
      (card.weightFormat, card.expertFormat, card.scalesBlocks) = (loaded.weights, loaded.experts, loaded.scalesBlocks)
      (card.wideTiles, card.zeroWeights) = (0, 0)
    } else {
      card.loaded = Loaded(weights: weightFormat, experts: expertFormat, scalesBlocks: scalesBlocks)
    }
    card.stored = format
    if format == .asLoaded { card.loaded = nil }
    func set(_ number: NumberFormat) {
      card.weightFormat = number
      card.expertFormat = nil
      card.scalesBlocks = false
    }
    switch format {
    case .asLoaded: break
    case .f16: set(.bf16)
    case .f8: set(.fp8)
    case .int8: set(.int8)
    case .int4: set(.int4)
    case .w4a4(let wide):
      guard accelerator.peakInt4 != nil else { throw fault("its tensor cores multiply no 4-bit whole numbers: use int4, or an Ampere or Ada GPU") }
      guard experts == nil else { throw fault("experts with 4-bit activations are not modelled: use int4") }
      set(.w4a4)
      card.wideTiles = Double(wide) / 100
    case .sparse(let zeros):
      guard experts == nil else { throw fault("experts with sparse weights are not modelled: use int4") }
      set(.bf16)
      card.zeroWeights = Double(zeros) / 100
    }
    return card
  }

  /// How a card has its weights.
  struct Loaded: Equatable, Sendable {
    var weights: NumberFormat
    var experts: NumberFormat?
    var scalesBlocks: Bool
  }

  /// Bytes of a weight of the projections.
  var weightSize: Double { zeroWeights > 0 ? WeightFormat.sparseBytes(zeros: zeroWeights) : weightFormat.bytes }
}

extension Accelerator {
  /// TOP/s with 4-bit whole numbers: twice int8's on the architectures that have such units; nil on the others.
  ///
  /// - Source: NVIDIA A100 and Ada whitepapers; Hopper and later have none.
  var peakInt4: Double? { architecture == .ampere || architecture == .ada ? peaks.int8.map { 2 * $0 } : nil }
}
