/// The shape of a decoder-only transformer with grouped-query attention and a gated MLP (or experts).
///
/// All that time and memory depend on; no weights.
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

  public var name: String
  public var layers: Int
  public var hidden: Int
  public var heads: Int
  public var kvHeads: Int
  public var headDimension: Int
  /// Width of the dense MLP; unused when there are experts.
  public var intermediate: Int
  public var vocabulary: Int
  /// Tokens of prompt and output together; also the maximal length when serving.
  public var contextLength: Int
  /// The head reads the embedding's weights.
  public var tiedEmbeddings: Bool
  /// Biases on the projections to queries, keys and values (Qwen2).
  public var attentionBias: Bool
  /// Queries and keys are normalised head by head (Qwen3).
  public var queryKeyNorm: Bool
  /// Nil for a dense model.
  public var experts: Experts?
  /// Of the projections; embeddings, head and norms stay bf16.
  public var weightFormat: NumberFormat
  /// Where the numbers come from.
  public var source: String

  public init(
    name: String, layers: Int, hidden: Int, heads: Int, kvHeads: Int, headDimension: Int, intermediate: Int,
    vocabulary: Int, contextLength: Int, tiedEmbeddings: Bool = false, attentionBias: Bool = false,
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
    self.attentionBias = attentionBias
    self.queryKeyNorm = queryKeyNorm
    self.experts = experts
    self.weightFormat = weightFormat
    self.source = source
  }
}
