import Core
public import Hardware

/// A model of the Llama kind with its matrices packed for the kernels: the weights, and nothing that changes.
///
/// ```swift
/// let model = try PackedLlama(file, pool: pool)
/// var scratch = ForwardScratch(model, pool: pool)
/// var cache = KVStore(model.shape, blockCount: 64, tokensPerBlock: 16)
/// let span = SequenceSpan(tokens: prompt, first: 0, table: [7, 3], logits: prompt.count - 1..<prompt.count)
/// let logits = model.forward([span], in: &cache, scratch: &scratch)   // [1, vocabulary]
/// ```
///
/// Weights, scratch and cache are three values: one model serves many caches, and a cache outlives any scratch.
/// `Llama` says in plain floats what this must compute.
public struct PackedLlama: Sendable {
  struct Layer: Sendable {
    let attentionNorm: [Float]
    let query, key, value, output: PackedMatrix
    let queryBias, keyBias, valueBias: [Float]
    let queryNorm, keyNorm: [Float]
    let feedForwardNorm: [Float]
    let gate, up, down: PackedMatrix
  }

  public let shape: LlamaShape
  let layers: [Layer]
  /// Where it has rows of its own, they are read one by one from the file; nil where they are the output's (tied).
  let embedding: GGUFTensor?
  let outputNorm: [Float]
  let output: PackedMatrix
  /// Of each pair that RoPE turns, radians a position.
  let frequencies: [Double]

  /// Packs all matrices of a file, once.
  ///
  /// - Parameter format: Of the matrices of the layers; embedding and head stay as the file has them. Not `w4a4`.
  public init(_ file: GGUFFile, storing format: WeightFormat = .asLoaded, pool: ThreadPool) throws(GGUFError) {
    let shape = try LlamaShape(file)
    let weights = try LlamaWeights(file, shape)
    guard shape.headWidth % 16 == 0 else {
      throw file.error(
        .outOfRange(key: "\(shape.architecture).attention.key_length", value: "\(shape.headWidth)", allowed: "multiples of 16"))
    }
    let memory = WeightMemory()
    func packed(_ tensor: GGUFTensor, _ key: String, as format: WeightFormat) throws(GGUFError) -> PackedMatrix {
      guard PackedMatrix.canHold(tensor.type, columns: tensor.width) else {
        throw file.error(
          .outOfRange(key: "\(shape.architecture).\(key)", value: "\(tensor.width)", allowed: "multiples of 32 up to 52416"))
      }
      func done() { tensor.file.release(tensor.range) }
      func encoded(_ type: TensorType) -> PackedMatrix {
        defer { done() }
        return tensor.encoded(as: type, pool: pool).withUnsafeBytes {
          PackedMatrix(type, rows: tensor.rowCount, columns: tensor.width, of: $0, in: memory, pool: pool)
        }
      }
      switch format {
      case .asLoaded, .w4a4: break
      case .f16: return encoded(.f16)
      case .int8: return encoded(.q8_0)
      case .int4: return encoded(.q4_0)
      case .f8:
        defer { done() }
        return PackedMatrix(tensor, as: .f8, in: memory, pool: pool)
      case .sparse(let zeros):
        defer { done() }
        return PackedMatrix(tensor, as: .sparse(kept: tensor.width * (100 - zeros) / 100), in: memory, pool: pool)
      }
      return PackedMatrix(tensor.type, rows: tensor.rowCount, columns: tensor.width, of: tensor.bytes, in: memory, pool: pool) { packed in
        // Not both in memory: what is packed of the file goes.
        tensor.file.release(tensor.range.lowerBound + packed.lowerBound..<tensor.range.lowerBound + packed.upperBound)
      }
    }
    var layers: [Layer] = []
    for layer in weights.layers {
      layers.append(
        Layer(
          attentionNorm: layer.attentionNorm,
          query: try packed(layer.query, "embedding_length", as: format), key: try packed(layer.key, "embedding_length", as: format),
          value: try packed(layer.value, "embedding_length", as: format), output: try packed(layer.output, "attention.head_count", as: format),
          queryBias: layer.queryBias, keyBias: layer.keyBias, valueBias: layer.valueBias,
          queryNorm: layer.queryNorm, keyNorm: layer.keyNorm,
          feedForwardNorm: layer.feedForwardNorm,
          gate: try packed(layer.gate, "embedding_length", as: format), up: try packed(layer.up, "embedding_length", as: format),
          down: try packed(layer.down, "feed_forward_length", as: format)))
    }
    self.shape = shape
    self.layers = layers
    embedding = weights.output.name == weights.embedding.name ? nil : weights.embedding
    outputNorm = weights.outputNorm
    output = try packed(weights.output, "embedding_length", as: .asLoaded)
    frequencies = shape.rotaryFrequencies(dividedBy: weights.rotaryDivisors)
  }

  private var matrices: [PackedMatrix] {
    layers.flatMap { [$0.query, $0.key, $0.value, $0.output, $0.gate, $0.up, $0.down] } + [output]
  }

  /// Of all packed matrices: what one step reads at least.
  public var weightBytes: Int { matrices.reduce(0) { $0 + $1.bytes } }

  var hasFloatMatrices: Bool { matrices.contains { !$0.isQuantised } }
}
