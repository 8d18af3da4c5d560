public import Core

/// The shape of a decoder-only transformer.
///
/// All that time and memory depend on; no weights. Every layer has attention and a feed-forward part; which
/// kind of each a layer has, two patterns say:
///
///     layer        0  1  2  3  4  5 …
///     experts      ·  ·  ·  x  x  x …    first three layers dense (DeepSeek-V3)
///     windowed     w  w  w  w  w  ·  …   every sixth layer sees everything (Gemma 3)
public struct ModelCard: Equatable, Sendable {
  /// Feed-forward experts, of which each token uses a few.
  public struct Experts: Equatable, Sendable {
    public var count: Int
    /// Experts each token goes to.
    public var active: Int
    /// Width of one expert.
    public var intermediate: Int
    /// Width of the expert that every token also uses; 0 without.
    public var sharedIntermediate: Int

    public init(count: Int, active: Int, intermediate: Int, sharedIntermediate: Int = 0) {
      self.count = count
      self.active = active
      self.intermediate = intermediate
      self.sharedIntermediate = sharedIntermediate
    }
  }

  /// Multi-head latent attention: keys and values of all heads are made from one short vector a token,
  /// and only that vector (and one rotated key) is kept.
  ///
  /// - Source: DeepSeek-V2, 2024, section 2.1.
  public struct Latent: Equatable, Sendable {
    /// Width of the vector the queries are made from; nil when they come straight from the hidden state.
    public var queryRank: Int?
    /// `kv_lora_rank`: numbers of the kept vector.
    public var rank: Int
    /// `qk_rope_head_dim`: numbers of the rotated key that all heads share.
    public var rotary: Int
    /// `qk_nope_head_dim`: numbers of a head's key that are not rotated.
    public var plain: Int
    /// `v_head_dim`.
    public var value: Int

    public init(queryRank: Int?, rank: Int, rotary: Int, plain: Int, value: Int) {
      self.queryRank = queryRank
      self.rank = rank
      self.rotary = rotary
      self.plain = plain
      self.value = value
    }

    /// Numbers kept for each token and layer.
    public var width: Int { rank + rotary }
  }

  /// Layers that look back over a limited number of tokens only.
  public struct Window: Equatable, Sendable {
    /// Tokens a token sees, itself included.
    public var tokens: Int
    public var layers: LayerPattern

    public init(tokens: Int, layers: LayerPattern = .all) {
      self.tokens = tokens
      self.layers = layers
    }
  }

  /// Parts that add a vector of weights to their result.
  public struct Biases: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let queryKeyValue = Self(rawValue: 1)
    public static let output = Self(rawValue: 2)
    public static let feedForward = Self(rawValue: 4)
    /// LayerNorm instead of RMSNorm.
    public static let norms = Self(rawValue: 8)
  }

  public var name: String
  public var layers: Int
  public var hidden: Int
  public var heads: Int
  public var kvHeads: Int
  public var headDimension: Int
  /// Width of the dense MLP; unused when all layers have experts.
  public var intermediate: Int
  public var vocabulary: Int
  /// Tokens of prompt and output together; also the maximal length when serving.
  public var contextLength: Int
  /// The head reads the embedding's weights.
  public var tiedEmbeddings: Bool
  public var biases: Biases
  /// Queries and keys are normalised head by head (Qwen3, Gemma 3).
  public var queryKeyNorm: Bool
  /// The MLP multiplies two projections (three matrices); else it has two matrices and a plain activation (OPT, GPT, Falcon).
  public var isGated = true
  /// Norms in a layer: 2 for nearly all, 4 for Gemma 2 and 3, 1 where attention and MLP share theirs (Falcon-7B).
  public var normsPerLayer = 2
  /// Attention and MLP read the same input and are added together, so ranks talk once a layer (Falcon).
  public var isParallel = false
  /// Rows of the table of learned positions (OPT, GPT); 0 where positions are rotated.
  public var learnedPositions = 0
  /// One learned score a head that takes attention away from all tokens (gpt-oss).
  public var attentionSinks = false
  /// Nil for attention with keys and values of its own for each KV head.
  public var latent: Latent?
  /// How keys and values are kept: a choice of who serves the model, which everything that counts their bytes must know.
  public var kvFormat = KVFormat.f16
  /// Nil where every layer sees the whole context.
  public var window: Window?
  /// Nil for a dense model.
  public var experts: Experts?
  /// Layers with experts; the others have the dense MLP.
  public var expertLayers = LayerPattern.all
  /// Of the projections; embeddings, head, norms and routers stay bf16.
  public var weightFormat: NumberFormat
  /// Narrow weights have a scale for each block of 128 × 128, and activations one for each 128 (DeepSeek).
  public var scalesBlocks = false
  /// What the projections are stored in, and what the card had them in where that is something else.
  public internal(set) var stored = WeightFormat.asLoaded
  var loaded: Loaded?
  /// Part of the projections' weights that are zero and not stored; see `WeightFormat.sparse`.
  public internal(set) var zeroWeights = 0.0
  /// Part of the tiles whose activations have 8 bits where the others' have 4; see `WeightFormat.w4a4`.
  public internal(set) var wideTiles = 0.0
  /// Of the routed experts where it differs (gpt-oss: only they are narrow).
  public var expertFormat: NumberFormat?
  /// Where the numbers come from.
  public var source: String

  public init(
    name: String, layers: Int, hidden: Int, heads: Int, kvHeads: Int, headDimension: Int, intermediate: Int,
    vocabulary: Int, contextLength: Int, tiedEmbeddings: Bool = false, biases: Biases = [],
    queryKeyNorm: Bool = false, experts: Experts? = nil, weightFormat: NumberFormat = .bf16, source: String
  ) {
    self.name = name
    self.layers = layers
    self.hidden = hidden
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDimension = headDimension
    self.intermediate = intermediate
    self.vocabulary = vocabulary
    self.contextLength = contextLength
    self.tiedEmbeddings = tiedEmbeddings
    self.biases = biases
    self.queryKeyNorm = queryKeyNorm
    self.experts = experts
    self.weightFormat = weightFormat
    self.source = source
  }

  /// The same card with changes, for catalogues.
  func with(_ change: (inout ModelCard) -> Void) -> ModelCard {
    var card = self
    change(&card)
    return card
  }
}
