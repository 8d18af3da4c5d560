/// How keys and values are kept: the bits of every element, and of the scales that go with them.
///
/// A *group* is what shares a scale. Of one token and one KV head of width `d`, keys and values alike unless said:
///
/// ```
///                codes      a group                        scale    least value, exponent
/// f16            16 bits    —                              —        —
/// f8              8 bits    — (e4m3, range ±448)           —        —
/// int8            8 bits    the token's head               16 bits  —
/// int4            4 bits    64 channels of the token       16 bits  16 bits
/// int4-hadamard   4 bits    the same, after a rotation     16 bits  16 bits
/// kivi2, keys     2 bits    16 tokens of a channel          8 bits   8 bits
/// kivi2, values   2 bits    64 channels of the token       16 bits  16 bits
/// bfp8            8 bits    32 channels of the token       —         8 bits
/// magnitude-sparse  16 bits of the largest elements, a bit of every one: see `SparseRow`
/// ```
///
/// Groups lie within a block, so a block can be read, shared, copied and evicted by itself. Where `d` is no whole number of
/// the bytes' unit the rest is padding, and counted.
public enum KVFormat: Hashable, Sendable {
  case f16
  case f8
  case int8
  case int4
  case int4Hadamard
  case kivi2
  case bfp8
  /// Half precision of so many per cent of each token's elements, the largest: what `--retain magnitude-sparse` makes of f16.
  case magnitudeSparse(percent: Int)

  public var descriptor: Descriptor {
    switch self {
    case .f16: Descriptor(name: rawValue, summary: "half precision, as the model computes them", source: "vLLM --kv-cache-dtype auto")
    case .f8:
      Descriptor(
        name: rawValue, summary: "eight-bit floats e4m3 without a scale: half the bytes",
        source: "vLLM --kv-cache-dtype fp8; OCP 8-bit floating point 1.0; Micikevicius et al., arXiv 2209.05433")
    case .int8:
      Descriptor(
        name: rawValue, summary: "eight-bit integers, a scale for each token and head: half the bytes",
        source: "LMDeploy --quant-policy 8; TensorRT-LLM int8 KV cache")
    case .int4:
      Descriptor(
        name: rawValue, summary: "four-bit integers, scale and least value for 64 channels of a token", source: "LMDeploy --quant-policy 4")
    case .int4Hadamard:
      Descriptor(
        name: rawValue, summary: "the same after a block-diagonal Hadamard rotation, which spreads outliers over their block",
        source: "SAW-INT4 (Jia et al., arXiv 2604.19157)")
    case .kivi2:
      Descriptor(
        name: rawValue, summary: "two bits: keys by channel, values by token; the block being filled stays in f16",
        source: "KIVI (Liu et al., ICML 2024)")
    case .bfp8:
      Descriptor(
        name: rawValue, summary: "eight bits with an exponent for 32 channels, keys' channels sorted by size",
        source: "Trukhanov & Soloveychik, arXiv 2403.20137")
    case .magnitudeSparse(let percent):
      Descriptor(name: rawValue, summary: "the largest \(percent) % of a token's elements, in half precision", source: SparseRow.source)
    }
  }

  /// Reading back gives other numbers than were written.
  public var isLossy: Bool { self != .f16 && self != .magnitudeSparse(percent: 100) }

  /// Bits of an element's code.
  public var codeBits: Int {
    switch self {
    case .f16, .magnitudeSparse: 16
    case .f8, .int8, .bfp8: 8
    case .int4, .int4Hadamard: 4
    case .kivi2: 2
    }
  }

  /// Channels of a token's head that share a scale; nil where none do.
  public func groupChannels(headWidth: Int) -> Int? {
    switch self {
    case .f16, .f8, .magnitudeSparse: nil
    case .int8: headWidth
    case .int4, .int4Hadamard, .kivi2: 64
    case .bfp8: 32
    }
  }

  /// Tokens of a channel that share a scale in keys; 1 where tokens stand for themselves. Blocks hold whole groups.
  public var groupTokens: Int { self == .kivi2 ? 16 : 1 }

  /// The block that a sequence is filling is kept in f16, for its queries: groups of tokens are closed at once, and the newest
  /// elements are all there.
  public var keepsWindow: Bool {
    switch self {
    case .kivi2, .magnitudeSparse: true
    default: false
    }
  }

  /// Whether blocks of so many tokens hold whole groups.
  public func canFill(tokensPerBlock: Int) -> Bool { tokensPerBlock % groupTokens == 0 }

  /// Bytes of one token's keys of one head, its share of its group's scales included.
  public func keyBytes(headWidth d: Int) -> Int {
    switch self {
    // Four channels to a byte, and two bytes of scale for sixteen tokens.
    case .kivi2: d / 4 + d / 8
    case .magnitudeSparse(let percent): SparseRow(percent: percent, headWidth: d).bytes
    // Two channels to a byte; every width is even.
    case .int4, .int4Hadamard: d / 2 + 4 * groups(d)
    default: d * codeBits / 8 + scaleBytes(d)
    }
  }

  /// Bytes of one token's values of one head, scales included. A row is whole sixteens of bytes.
  public func valueBytes(headWidth d: Int) -> Int {
    if case .magnitudeSparse = self { return keyBytes(headWidth: d) }
    return (d * codeBits / 8 + 15) / 16 * 16 + scaleBytes(d)
  }

  private func groups(_ d: Int) -> Int { groupChannels(headWidth: d).map { (d + $0 - 1) / $0 } ?? 0 }

  private func scaleBytes(_ d: Int) -> Int {
    switch self {
    case .f16, .f8, .magnitudeSparse: 0
    case .int8: 2
    case .int4, .int4Hadamard, .kivi2: 4 * groups(d)
    case .bfp8: groups(d)
    }
  }

  /// Bytes of one token's keys and values in `layers` layers, scales included; of full blocks, where a window is kept.
  public func bytesPerToken(kvHeads: Int, headWidth: Int, layers: Int = 1) -> Int {
    layers * kvHeads * (keyBytes(headWidth: headWidth) + valueBytes(headWidth: headWidth))
  }

  /// Bytes of a full block.
  public func bytesPerBlock(kvHeads: Int, headWidth: Int, tokensPerBlock: Int, layers: Int = 1) -> Int {
    tokensPerBlock * bytesPerToken(kvHeads: kvHeads, headWidth: headWidth, layers: layers)
  }

  /// Bits that a key or value takes on average, scales and padding included.
  public func bitsPerElement(headWidth: Int) -> Double {
    Double(8 * (keyBytes(headWidth: headWidth) + valueBytes(headWidth: headWidth))) / Double(2 * headWidth)
  }
}

/// Members of `--kv-format`, and how a format is written in recordings.
extension KVFormat: CaseIterable, Codable {
  /// Those of `--kv-format`; a format of `--retain` is chosen there.
  public static let allCases: [KVFormat] = [.f16, .f8, .int8, .int4, .int4Hadamard, .kivi2, .bfp8]

  public var rawValue: String {
    switch self {
    case .f16: "f16"
    case .f8: "f8"
    case .int8: "int8"
    case .int4: "int4"
    case .int4Hadamard: "int4-hadamard"
    case .kivi2: "kivi2"
    case .bfp8: "bfp8"
    case .magnitudeSparse(let percent): "\(Self.sparsePrefix)\(percent)%"
    }
  }

  public init?(rawValue: String) {
    if let format = Self.allCases.first(where: { $0.rawValue == rawValue }) {
      self = format
    } else if rawValue.hasPrefix(Self.sparsePrefix), let percent = Int(rawValue.dropFirst(Self.sparsePrefix.count).dropLast()),
      (1...100).contains(percent), rawValue.hasSuffix("%")
    {
      self = .magnitudeSparse(percent: percent)
    } else {
      return nil
    }
  }

  private static let sparsePrefix = "magnitude-sparse:"

  /// What the axis that a format is chosen with is left at where it cannot be had.
  public var exactChoice: String { self == stored ? KVFormat.f16.rawValue : "all" }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let format = KVFormat(rawValue: name) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(name) is no format of keys and values")
    }
    self = format
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  /// Without what `--retain` makes of it: the member of `--kv-format`.
  public var stored: KVFormat {
    if case .magnitudeSparse = self { return .f16 }
    return self
  }
}
