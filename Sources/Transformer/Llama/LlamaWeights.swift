import Core

/// The tensors of a model by what they are for, still in the file and in its formats. Shapes were checked once, here.
public struct LlamaWeights: Sendable {
  public struct Layer: Sendable {
    public let attentionNorm: [Float]
    /// Matrices as `[rows, width]`: a row makes one output.
    public let query, key, value, output: GGUFTensor
    /// Qwen2 adds them; empty elsewhere.
    public let queryBias, keyBias, valueBias: [Float]
    /// Qwen3 normalises each head; empty elsewhere.
    public let queryNorm, keyNorm: [Float]
    public let feedForwardNorm: [Float]
    public let gate, up, down: GGUFTensor
  }

  public let embedding: GGUFTensor
  public let layers: [Layer]
  public let outputNorm: [Float]
  /// The embedding where the file has no output of its own (tied).
  public let output: GGUFTensor
  /// By which each pair's frequency is divided (Llama 3.1's scaling); empty where the file has none.
  public let rotaryDivisors: [Float]

  public init(_ file: GGUFFile, _ shape: LlamaShape) throws(GGUFError) {
    func matrix(_ name: String, _ width: Int, _ rows: Int) throws(GGUFError) -> GGUFTensor {
      guard let tensor = file.tensor(name) else { throw file.error(.missingTensor(name)) }
      guard tensor.shape == [width, rows] else {
        throw file.error(.wrongShape(tensor: name, expected: [width, rows], found: tensor.shape))
      }
      return tensor
    }
    func vector(_ name: String, _ width: Int) throws(GGUFError) -> [Float] {
      guard let tensor = file.tensor(name) else { throw file.error(.missingTensor(name)) }
      guard tensor.shape == [width] else { throw file.error(.wrongShape(tensor: name, expected: [width], found: tensor.shape)) }
      return tensor.floats
    }
    func optional(_ name: String, _ width: Int) throws(GGUFError) -> [Float] {
      file.tensor(name) == nil ? [] : try vector(name, width)
    }
    let hidden = shape.hidden
    embedding = try matrix("token_embd.weight", hidden, shape.vocabulary)
    output = file.tensor("output.weight") == nil ? embedding : try matrix("output.weight", hidden, shape.vocabulary)
    outputNorm = try vector("output_norm.weight", hidden)
    rotaryDivisors = try optional("rope_freqs.weight", shape.rotaryWidth / 2)
    var layers: [Layer] = []
    for index in 0..<shape.layers {
      let prefix = "blk.\(index)."
      layers.append(
        Layer(
          attentionNorm: try vector(prefix + "attn_norm.weight", hidden),
          query: try matrix(prefix + "attn_q.weight", hidden, shape.queryWidth),
          key: try matrix(prefix + "attn_k.weight", hidden, shape.keyWidth),
          value: try matrix(prefix + "attn_v.weight", hidden, shape.keyWidth),
          output: try matrix(prefix + "attn_output.weight", shape.queryWidth, hidden),
          queryBias: try optional(prefix + "attn_q.bias", shape.queryWidth),
          keyBias: try optional(prefix + "attn_k.bias", shape.keyWidth),
          valueBias: try optional(prefix + "attn_v.bias", shape.keyWidth),
          queryNorm: try optional(prefix + "attn_q_norm.weight", shape.headWidth),
          keyNorm: try optional(prefix + "attn_k_norm.weight", shape.headWidth),
          feedForwardNorm: try vector(prefix + "ffn_norm.weight", hidden),
          gate: try matrix(prefix + "ffn_gate.weight", hidden, shape.feedForward),
          up: try matrix(prefix + "ffn_up.weight", hidden, shape.feedForward),
          down: try matrix(prefix + "ffn_down.weight", shape.feedForward, hidden)))
    }
    self.layers = layers
  }
}
